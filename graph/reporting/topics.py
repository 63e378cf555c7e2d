"""The topics of a run for its page: how many were accepted and rejected where, by whom and why, with the corpus's evidence."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import orjson

from graph.reporting.files import check, of_the_run
from graph.rundir import RunDir
from tools.packing.ledger import section_of
from tools.report.contents import CategoryRow, Reason, Shown, TopicLine, Topics, bounded
from tools.report.text import one_line

CATEGORIES, SECTIONS, REASONS = 400, 100, 20
LINES = 20
"""Accepted topics that are shown of a category; of its rejected ones as many again."""
BYTES = 700_000
"""The most that the topics of all categories together take on the page."""
WIDTH = "x" * 500
"""Stands for the page's own marks around a row."""


def topics_of(run: RunDir, ledger: Mapping[str, Any]) -> Topics:
    """What `topics.jsonl` and `rejected.jsonl` say. Raises `UsageError` where they are damaged.

    They are read twice and never held: once to count, once for the lines of the categories that are shown.
    """
    check(run, "curate", "")
    with of_the_run(run, "topics.jsonl, rejected.jsonl"):
        filled = {topic["topic_id"]: topic["samples"] for topic in ledger["topics"] if topic["topic_id"]}
        accepted = Counter(row["category"] for row in _rows(run, "topics.jsonl"))
        rejected, reasons = Counter[str](), Counter[tuple[str, str]]()
        for row in _rows(run, "rejected.jsonl"):
            rejected[row["category"]] += 1
            reasons[one_line(row["rejected_by"], 60), _kind(row["reason"])] += 1
        samples = Counter[str]()
        for topic in ledger["topics"]:
            if topic["topic_id"]:
                samples[topic["category"]] += topic["samples"]
        names = sorted({*accepted, *rejected})
        lines = _lines(run, set(names[:CATEGORIES]), filled)
        rows = (
            CategoryRow(one_line(name, 200), accepted[name], rejected[name], samples[name], lines[name])
            for name in names[:CATEGORIES]
        )
        return Topics(
            accepted=accepted.total(),
            rejected=rejected.total(),
            filled=sum(1 for count in filled.values() if count),
            sections=_sections(names, accepted, rejected, samples),
            reasons=_reasons(reasons),
            categories=bounded(rows, _words, BYTES, len(names[CATEGORIES:])),
        )


def _rows(run: RunDir, name: str) -> Iterator[dict[str, Any]]:
    with (run.path / name).open("rb") as stream:
        yield from map(orjson.loads, stream)


def _kind(reason: str) -> str:
    """What a reason begins with, before it names figures or other topics: what can be counted."""
    return one_line(reason.partition(":")[0].partition(" '")[0], 80)


def _sections(
    names: Iterable[str], accepted: Counter[str], rejected: Counter[str], samples: Counter[str]
) -> Shown[CategoryRow]:
    by_section: dict[str, list[str]] = defaultdict(list)
    for name in names:
        by_section[section_of(name)].append(name)
    sections = []
    for section, group in by_section.items():
        sums = [sum(counter[name] for name in group) for counter in (accepted, rejected, samples)]
        sections.append(CategoryRow(one_line(section, 120), sums[0], sums[1], sums[2]))
    return Shown(tuple(sections[:SECTIONS]), len(sections[SECTIONS:]))


def _reasons(reasons: Counter[tuple[str, str]]) -> Shown[Reason]:
    found = [
        Reason(by, reason, count)
        for (by, reason), count in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    ]
    return Shown(tuple(found[:REASONS]), len(found[REASONS:]))


def _lines(run: RunDir, categories: set[str], filled: Mapping[str, int]) -> dict[str, Shown[TopicLine]]:
    kept: dict[str, list[TopicLine]] = defaultdict(list)
    more = Counter[str]()
    for name in ("topics.jsonl", "rejected.jsonl"):
        held = Counter[str]()
        for row in _rows(run, name):
            category = row["category"]
            if category not in categories:
                continue
            held[category] += 1
            if held[category] > LINES:
                more[category] += 1
            else:
                kept[category].append(_accepted(row, filled) if name == "topics.jsonl" else _rejected(row))
    return {category: Shown(tuple(kept[category]), more[category]) for category in categories}


def _accepted(row: Mapping[str, Any], filled: Mapping[str, int]) -> TopicLine:
    count = filled.get(row["topic_id"], 0)
    outcome = f"accepted, in {count:,} sample{'' if count == 1 else 's'}" if count else "accepted, fills no sample"
    by = ", ".join(row["proposed_by"])
    return _line(row, outcome, by, row["evidence"], accepted=True)


def _rejected(row: Mapping[str, Any]) -> TopicLine:
    return _line(row, f"rejected by {row['rejected_by']}", row["proposed_by"], row["figures"], accepted=False)


def _line(row: Mapping[str, Any], outcome: str, by: str, figures: Mapping[str, Any], *, accepted: bool) -> TopicLine:
    def whole(name: str) -> int | None:
        return int(figures[name]) if name in figures else None

    def share(name: str) -> float | None:
        return float(figures[name]) if name in figures else None

    return TopicLine(
        title=one_line(row["title"], 160),
        accepted=accepted,
        outcome=one_line(outcome, 100),
        proposed_by=one_line(by, 100),
        reason=one_line(row["reason"], 300),
        documents=whole("documents"),
        tokens=whole("supported"),
        belongs=share("belongs"),
        held=share("held"),
        broad=share("broad"),
    )


def _words(row: CategoryRow) -> Iterator[str]:
    yield row.category
    yield WIDTH
    for line in islice(row.lines.rows, 2 * LINES):
        yield from (WIDTH, line.title, line.outcome, line.proposed_by, line.reason)
