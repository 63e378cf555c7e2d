"""pack: plan the samples from tables alone, then write them from the token store. Ends with the ledger."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from graph.chats import model_calls
from graph.context import RunContext
from graph.stages.curate import TopicRow, read_topics
from graph.stages.encode import needed
from graph.stages.retrieve import read_hits
from litelong import UsageError
from tools.files import write_atomic
from tools.packing.ledger import DocumentAccount, Span, TokenAccount, ledger, token_account
from tools.packing.tables import Plan, Tables, Unit, Usage
from tools.packing.write import write_plan, write_samples


def run(context: RunContext) -> None:
    """Plan, write, account. Raises `UsageError` when no topic fills a sample."""
    if context.run.stage("pack"):
        return
    tables = read_tables(context)
    units = read_units(context, tables)
    plan = make_plan(context, units, tables)
    if not plan.samples:
        raise UsageError(_nothing(context, units, plan))
    for stale in (context.path / "plan").glob("*.parquet"):
        stale.unlink()
    files = write_plan(plan, tables, context.path / "plan")
    hashes = dict(zip(tables.doc_ids, tables.hashes, strict=True))
    with context.stage("pack", len(plan.samples)) as tick:
        write_samples(
            context.path / "plan",
            context.path / "samples",
            hash_of=lambda doc_ids: {doc_id: hashes[doc_id] for doc_id in doc_ids},
            store=context.store,
            specials=context.specials,
            context_length=context.config.packing.context_length,
            boundaries=context.config.packing.boundaries,
            workers=context.config.run.workers,
            tick=tick,
        )
    files += sorted((context.path / "samples").glob("part-*.parquet"))
    files.append(_write_ledger(context, plan, units, tables))
    tokens = len(plan.samples) * context.config.packing.context_length
    context.run.finish("pack", {"samples": len(plan.samples), "tokens": tokens}, files)


def read_tables(context: RunContext) -> Tables:
    """Tables of the documents that were encoded, in content-hash order."""
    entries = list(needed(context))
    hashes = [entry.content_hash for entry in entries]
    return Tables([entry.doc_id for entry in entries], hashes, context.store.lengths(hashes))


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


def make_plan(context: RunContext, units: list[Unit], tables: Tables) -> Plan:
    """The plan: a pure function of units, tables and settings."""
    plan = Plan()
    usage = Usage.of(tables, context.config.packing.max_uses_per_document)
    with context.stage("plan", len(units)) as tick:
        for _ in context.parts.recipe.plan(units, tables, usage, context.recipe_settings, plan):
            tick(1)
    return plan


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


def _nothing(context: RunContext, units: list[Unit], plan: Plan) -> str:
    packing = context.config.packing
    if not units:
        return (
            f"{context.path}: no topic was accepted, so there is nothing to pack ({_why(context)}); select other categories "
            "(taxonomy.select) or lower packing.context_length"
        )
    best = max(plan.short_units.values(), default=0)
    return (
        f"{context.path}: none of {len(units)} topics fills a sample of {packing.context_length:,} tokens (the best has "
        f"{best:,}); lower packing.context_length or retrieve.floor, or add documents"
    )


def _why(context: RunContext) -> str:
    """The commonest reason for a rejection. It is said here because a refused run leaves no rejected.jsonl."""
    with (context.path / "rejected.jsonl").open("rb") as stream:
        reasons = Counter(orjson.loads(line)["reason"].partition(":")[0] for line in stream)
    if not reasons:
        return "none was proposed"
    reason, count = reasons.most_common(1)[0]
    return f"{reasons.total():,} rejected, {count:,} of them: {reason}"


def account(context: RunContext, plan: Plan, tables: Tables) -> tuple[DocumentAccount, TokenAccount]:
    """What became of every document of the corpus, and of every token of those encoded."""
    counts = context.indexed.counts()
    encoded = sum(entry.n_chars for entry in needed(context))
    documents = DocumentAccount(
        read=counts.read,
        rejected=counts.rejected,
        duplicates=counts.duplicates,
        indexed=counts.documents,
        encoded=len(tables),
        not_encoded=counts.documents - len(tables),
        characters=counts.characters,
        characters_not_encoded=counts.characters - encoded,
    )
    spans = (Span(s.document, s.doc_start, s.doc_start + s.length) for p in plan.samples for s in p.segments)
    tokens = token_account(
        tables.lengths, spans, plan.passed_over, len(plan.samples), context.config.packing.context_length
    )
    return documents, tokens


def _write_ledger(context: RunContext, plan: Plan, units: Iterable[Unit], tables: Tables) -> Path:
    documents, tokens = account(context, plan, tables)
    errors = documents.errors() + tokens.errors()
    if errors:
        raise RuntimeError(f"the ledger does not close: {'; '.join(errors)}")
    path = context.path / "ledger.json"
    content = ledger(documents, tokens, _by_topic(plan, units, tables), _calls(context))
    write_atomic(path, orjson.dumps(content, option=orjson.OPT_INDENT_2))
    return path


def _calls(context: RunContext) -> dict[str, Any]:
    debate = context.run.stage("debate")
    failed = len(debate.counts["failed"]) if debate else 0
    return model_calls(context.path, (c.path for c in context.parts.categories), failed)


def _by_topic(plan: Plan, units: Iterable[Unit], tables: Tables) -> list[dict[str, Any]]:
    samples: dict[str, int] = {}
    packed: dict[str, int] = {}
    for sample in plan.samples:
        unit_id = sample.unit.unit_id
        samples[unit_id] = samples.get(unit_id, 0) + 1
        packed[unit_id] = packed.get(unit_id, 0) + sum(segment.length for segment in sample.segments)
    return [
        {
            "topic_id": unit.topic_id,
            "topic": unit.topic,
            "category": unit.category,
            "hits": len(unit.documents),
            "hit_tokens": int(tables.lengths[unit.documents].sum()),
            "samples": samples.get(unit.unit_id, 0),
            "placed": packed.get(unit.unit_id, 0),
            "short_of_one_sample": plan.short_units.get(unit.unit_id),
        }
        for unit in units
    ]
