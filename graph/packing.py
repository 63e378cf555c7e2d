"""What planning is made of: the run's tables, its units and the plan. `pack` plans with them, and `validate` plans again."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from graph.context import RunContext
from graph.stages.curate import TopicRow, read_topics
from graph.stages.retrieve import read_hits
from tools.columns import Column, mapped
from tools.packing.near import cached_groups
from tools.packing.recipe import Settings
from tools.packing.remainder import plan_remainder
from tools.packing.tables import Plan, RowArray, Tables, Unit, Usage
from tools.packing.utk import Knotted, knotted

_LEAST_HITS = 1 << 18
"""Hits whose documents' names are looked up at a time, or more of very many."""


def read_tables(context: RunContext) -> Tables:
    """Tables of the documents that were encoded, in content-hash order."""
    documents = context.documents
    lengths = mapped(context.store.lengths(documents.hashes), context.scratch)
    threshold = context.config.packing.near_duplicates
    if threshold is None:
        return Tables(documents.doc_ids, documents.hashes, lengths)
    with context.stage("near-duplicates", len(documents)) as tick:
        group = cached_groups(context.scratch / "near.npz", documents.hashes, context.store.ids, threshold, tick)
    return Tables(documents.doc_ids, documents.hashes, lengths, mapped(group, context.scratch))


def read_units(context: RunContext, tables: Tables) -> list[Unit]:
    """The units in planning order: the whole corpus, or the topics, those that fit their category best first.

    A document is used once by default, so topics compete for documents, and `target_tokens` may end the plan early:
    the topics with the best evidence should have the choice. Ties go by topic id.
    """
    if context.parts.recipe.unit == "corpus":
        rows = mapped(np.flatnonzero(tables.lengths > 0), context.scratch)
        return [Unit("corpus", rows, np.zeros(len(rows), np.int32), np.zeros(len(rows), np.float32))]
    number, (codes, found, ranks, scores) = _hits_by_row(context, tables)
    order = np.argsort(codes, kind="stable")
    # A document without a token fills nothing.
    order = order[tables.lengths[found[order]] > 0]
    borders = np.searchsorted(codes[order], np.arange(len(number) + 1)).tolist()
    rows, ranks, scores = (mapped(column[order], context.scratch) for column in (found, ranks, scores))
    units = []
    for topic in sorted(read_topics(context.path / "topics.jsonl"), key=_fit):
        code = number.get(topic["topic_id"])
        own = slice(0) if code is None else slice(borders[code], borders[code + 1])
        units.append(_unit(topic, rows[own], ranks[own], scores[own]))
    return units


def _hits_by_row(context: RunContext, tables: Tables) -> tuple[dict[str, int], list[NDArray[Any]]]:
    """topic_id -> its number; and of every hit that number (int32), its document's row (int64), rank (int32), score (float32).

    Names become rows a part of the hits at a time, since a table of all documents' names is made for each.
    """
    at_once = max(_LEAST_HITS, len(tables))
    number: dict[str, int] = {}
    codes, rows, ranks, scores = (Column(t, context.scratch) for t in (np.int32, np.int64, np.int32, np.float32))
    names: list[pa.Array] = []
    for batch in read_hits(context.path / "hits"):
        topics = batch["topic_id"].dictionary_encode()
        own = [number.setdefault(topic_id, len(number)) for topic_id in topics.dictionary.to_pylist()]
        codes.append(np.array(own, np.int32)[topics.indices])
        ranks.append(batch["rank"].to_numpy())
        scores.append(batch["score"].to_numpy())
        names.append(batch["doc_id"])
        if sum(map(len, names)) >= at_once:
            rows.append(tables.doc_ids.rows(pa.chunked_array(names)))
            names.clear()
    rows.append(tables.doc_ids.rows(pa.chunked_array(names, pa.string())))
    return number, [column.array() for column in (codes, rows, ranks, scores)]


def _fit(topic: TopicRow) -> tuple[float, str]:
    evidence = topic["evidence"]
    return (-float(evidence["on_category"]) * float(evidence["coverage"]), topic["topic_id"])


def make_plan(context: RunContext, units: list[Unit], tables: Tables) -> tuple[Plan, list[Unit]]:
    """The plan, a pure function of units, tables and settings, and all units that it was made of."""
    plan = Plan(folder=context.scratch)
    recipe, settings = context.parts.recipe, context.recipe_settings
    usage = Usage.of(tables, context.config.packing.max_uses_per_document)
    with context.stage("plan", len(units)) as tick:
        for _ in recipe.plan(units, tables, usage, settings, plan):
            tick(1)
    return plan, [*units, *_remainder(context, units, tables, usage, settings, plan)]


def _remainder(
    context: RunContext, units: list[Unit], tables: Tables, usage: Usage, settings: Settings, plan: Plan
) -> list[Unit]:
    recipe = context.parts.recipe
    # A line over the whole corpus leaves nothing that would fill a sample.
    if settings.remainder == "unused" or (recipe.unit == "corpus" and not recipe.mines):
        return []
    begin = len(plan.samples)
    made = plan_remainder(units, tables, usage, settings, plan, recipe.name)
    if isinstance(recipe, Knotted):
        plan.change(begin, lambda sample: knotted(sample, settings))
    return made


def _unit(topic: TopicRow, rows: RowArray, ranks: NDArray[np.int32], scores: NDArray[np.float32]) -> Unit:
    return Unit(
        topic["topic_id"],
        rows,
        ranks,
        scores,
        topic_id=topic["topic_id"],
        topic=topic["title"],
        category=topic["category"],
        category_code=topic["category_code"],
    )
