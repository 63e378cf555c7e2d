"""What planning is made of: the run's tables, its units and the plan. `pack` plans with them, and `validate` plans again."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.context import RunContext
from graph.stages.curate import TopicRow, read_topics
from graph.stages.retrieve import read_hits
from litelong import UsageError
from tools.columns import Column, mapped
from tools.packing.near import cached_groups
from tools.packing.recipe import Settings
from tools.packing.remainder import plan_remainder
from tools.packing.tables import Plan, RowArray, Tables, Unit, Usage
from tools.packing.utk import Knotted, knotted


def read_tables(context: RunContext) -> Tables:
    """Tables of the documents that were encoded, in content-hash order."""
    documents = context.documents
    lengths = context.store.lengths(documents.hashes)
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
    own, rows, ranks, scores = _hits_by_topic(context, tables)
    topics = sorted(read_topics(context.path / "topics.jsonl"), key=_fit)
    places = (own.get(topic["topic_id"], slice(0)) for topic in topics)
    return [_unit(topic, rows[at], ranks[at], scores[at]) for topic, at in zip(topics, places, strict=True)]


class _Hits(NamedTuple):
    """h hits of documents with a token: rows int64 [h], ranks int32 [h], scores float32 [h]; `own` by topic_id: each topic's."""

    own: Mapping[str, slice]
    rows: RowArray
    ranks: NDArray[np.int32]
    scores: NDArray[np.float32]


def _hits_by_topic(context: RunContext, tables: Tables) -> _Hits:
    """The hits as columns, read and written a batch at a time: as many lie on the disk, and no more than a batch in memory.

    Raises `UsageError` when a topic's hits do not stand together, as `retrieve` writes them.
    """
    folder = context.path / "hits"
    ends: dict[str, int] = {}
    end, last = 0, None
    rows, ranks, scores = (Column(dtype, context.scratch) for dtype in (np.int64, np.int32, np.float32))
    for batch in read_hits(folder):
        found = tables.doc_ids.rows(batch["doc_id"])
        # A document without a token fills nothing.
        kept = tables.lengths[found] > 0
        for column, values in zip((rows, ranks, scores), (found, batch["rank"], batch["score"]), strict=True):
            column.append(np.asarray(values)[kept])
        runs = pc.run_end_encode(batch["topic_id"])
        for topic_id, run_end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
            if topic_id in ends and topic_id != last:
                raise UsageError(
                    f"{folder}: the hits of topic {topic_id} stand apart; remove the run and make it again"
                )
            ends[topic_id], last = end + int(np.count_nonzero(kept[:run_end])), topic_id
        end += int(np.count_nonzero(kept))
    begins = [0, *ends.values()]
    own = {topic_id: slice(begin, stop) for begin, (topic_id, stop) in zip(begins, ends.items(), strict=False)}
    return _Hits(own, rows.array(), ranks.array(), scores.array())


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
