"""curate: one list of topics from all debates; `topics.jsonl` and `rejected.jsonl`, in the taxonomy's order."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypedDict

import orjson

from agents.curate import Curated, curate
from agents.figures import TOP
from agents.messages import Accepted, Outcome, Rejection
from graph.context import RunContext
from graph.outcomes import Outcomes
from tools.files import write_atomic


class TopicRow(TypedDict):
    """A line of `topics.jsonl`."""

    topic_id: str
    title: str
    explanation: str
    category: str
    category_code: str
    proposed_by: list[str]
    round: int
    reason: str
    evidence: dict[str, Any]
    shared: list[dict[str, Any]]


def run(context: RunContext) -> None:
    """Write the topics that are left, and every rejection of the debates and of the curation."""
    if context.run.stage("curate"):
        return
    outcomes = _outcomes(context)
    accepted = [topic for outcome in outcomes for topic in outcome.accepted]
    rejected = [rejection for outcome in outcomes for rejection in outcome.rejected]
    with context.stage("curate", len(accepted)) as tick:

        def best(title: str, category: str) -> tuple[str, ...]:
            tick(1)
            return context.library.topic(title, category).doc_ids[:TOP]

        curated = curate(accepted, best)
        rejected += curated.rejected
    files = [
        _write(context.path / "topics.jsonl", (_row(context, topic, curated) for topic in curated.kept)),
        _write(context.path / "rejected.jsonl", (_rejected_row(rejection) for rejection in rejected)),
    ]
    counts = {"accepted": len(accepted), "topics": len(curated.kept), "rejected": len(rejected)}
    context.run.finish("curate", counts, files)


def read_topics(path: Path) -> list[TopicRow]:
    """The lines of `topics.jsonl`."""
    with path.open("rb") as stream:
        return [orjson.loads(line) for line in stream]


def _outcomes(context: RunContext) -> list[Outcome]:
    if context.parts.recipe.unit != "topic":
        return []
    store = Outcomes(context.path / "debates" / "outcomes.sqlite")
    try:
        # Turns are in the event files already; without them an outcome is a few short lines.
        categories = [category.path for category in context.parts.categories]
        return [Outcome(o.category, o.accepted, o.rejected) for o in store.read(categories)]
    finally:
        store.close()


def _row(context: RunContext, accepted: Accepted, curated: Curated) -> TopicRow:
    topic = accepted.topic
    context.parts.taxonomy.add_topic(topic)
    return TopicRow(
        topic_id=topic.topic_id,
        title=topic.title,
        explanation=topic.explanation,
        category=topic.category,
        category_code=context.parts.taxonomy.category(topic.category).code or "",
        proposed_by=list(topic.provenance.proposed_by),
        round=topic.provenance.round,
        reason=topic.provenance.reason,
        evidence=asdict(accepted.evidence),
        shared=[asdict(shared) for shared in curated.shared.get(topic.topic_id, [])],
    )


def _rejected_row(rejection: Rejection) -> dict[str, Any]:
    return {**asdict(rejection), "figures": dict(rejection.figures)}


def _write(path: Path, rows: Iterable[Any]) -> Path:
    write_atomic(path, b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows))
    return path
