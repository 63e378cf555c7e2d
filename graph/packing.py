"""What planning is made of: the run's tables, its units and the plan. `pack` plans with them, and `validate` plans again."""

import numpy as np

from graph.context import RunContext
from graph.stages.curate import TopicRow, read_topics
from graph.stages.encode import needed
from graph.stages.retrieve import read_hits
from tools.packing.near import cached_groups
from tools.packing.recipe import Settings
from tools.packing.remainder import plan_remainder
from tools.packing.tables import Plan, Tables, Unit, Usage
from tools.packing.utk import Knotted, knot


def read_tables(context: RunContext) -> Tables:
    """Tables of the documents that were encoded, in content-hash order."""
    doc_ids, hashes = [], []
    for entry in needed(context):
        doc_ids.append(entry.doc_id)
        hashes.append(entry.content_hash)
    lengths = context.store.lengths(hashes)
    threshold = context.config.packing.near_duplicates
    if threshold is None:
        return Tables(doc_ids, hashes, lengths)
    with context.stage("near-duplicates", len(hashes)) as tick:
        group = cached_groups(context.scratch / "near.npz", hashes, context.store.ids, threshold, tick)
    return Tables(doc_ids, hashes, lengths, group)


def read_units(context: RunContext, tables: Tables) -> list[Unit]:
    """The units in planning order: the whole corpus, or the topics, those that fit their category best first.

    A document is used once by default, so topics compete for documents, and `target_tokens` may end the plan early:
    the topics with the best evidence should have the choice. Ties go by topic id.
    """
    if context.parts.recipe.unit == "corpus":
        rows = np.flatnonzero(tables.lengths > 0)
        return [Unit("corpus", rows, np.zeros(len(rows), np.int32), np.zeros(len(rows), np.float32))]
    row_of = {doc_id: row for row, doc_id in enumerate(tables.doc_ids)}
    hits: dict[str, list[tuple[int, int, float]]] = {}
    for batch in read_hits(context.path / "hits"):
        for hit in zip(
            *(batch.column(name).to_pylist() for name in ("topic_id", "doc_id", "rank", "score")), strict=True
        ):
            hits.setdefault(hit[0], []).append((row_of[hit[1]], hit[2], hit[3]))
    topics = sorted(read_topics(context.path / "topics.jsonl"), key=_fit)
    return [
        _unit(topic, [hit for hit in hits.get(topic["topic_id"], []) if tables.lengths[hit[0]] > 0]) for topic in topics
    ]


def _fit(topic: TopicRow) -> tuple[float, str]:
    evidence = topic["evidence"]
    return (-float(evidence["on_category"]) * float(evidence["coverage"]), topic["topic_id"])


def make_plan(context: RunContext, units: list[Unit], tables: Tables) -> tuple[Plan, list[Unit]]:
    """The plan, a pure function of units, tables and settings, and all units that it was made of."""
    plan = Plan()
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
    # A recipe that mines uses documents by the chunk; what it leaves is no document.
    if settings.remainder == "unused" or recipe.unit == "corpus" or recipe.mines:
        return []
    begin = len(plan.samples)
    made = plan_remainder(units, tables, usage, settings, plan, recipe.name)
    if isinstance(recipe, Knotted):
        knot(plan, begin, settings)
    return made


def _unit(topic: TopicRow, hits: list[tuple[int, int, float]]) -> Unit:
    return Unit(
        topic["topic_id"],
        np.array([row for row, _, _ in hits], np.int64),
        np.array([rank for _, rank, _ in hits], np.int32),
        np.array([score for _, _, score in hits], np.float32),
        topic_id=topic["topic_id"],
        topic=topic["title"],
        category=topic["category"],
        category_code=topic["category_code"],
    )
