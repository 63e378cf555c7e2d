"""The benchmark's tables: shares by kind for every panel, how good topics and pairs ended, and who removed what and why."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import get_args

from agents.explore import Rate
from benchmarks.markdown import table
from benchmarks.panels.debates import PanelRun
from benchmarks.panels.fates import head_of
from benchmarks.panels.plants import HALVES, KINDS, Half, Kind
from benchmarks.panels.scoring import How, Share, chance, ends_of, share

NAMES: dict[Kind, str] = {
    "good": "good, kept",
    "off_category": "off category, removed",
    "duplicate": "duplicate pair, reduced to one or none",
    "too_broad": "too broad, removed",
    "unfillable": "unfillable, removed",
}
MOST_REASONS = 8
"""Rows for one kind and seat: a language model may give every topic a reason of its own."""


def halves_of(runs: Sequence[PanelRun]) -> list[Half]:
    """The halves that the runs measured."""
    return [half for half in HALVES if any(bed.half == half for run in runs for bed in run.garden.beds)]


def shares_table(runs: Sequence[PanelRun], half: Half) -> str:
    """One row a kind, one column a panel: share, count, and the 95 % interval. The runs are of one corpus."""
    garden = runs[0].garden.part((half,))
    ends = {run.panel: ends_of(run.fates) for run in runs}
    rows: list[list[str]] = []
    for kind in KINDS:
        shares = [share(ends[run.panel], kind, half) for run in runs]
        if shares[0].of:
            rows.append([NAMES[kind], str(shares[0].of), f"{chance(garden, kind):.0%}", *map(_shown, shares)])
    headings = [
        "further tuning categories" if half == "further" else f"{half} half",
        "planted",
        "by chance",
        *(run.panel for run in runs),
    ]
    return table(headings, rows, right=len(headings) - 1)


def endings_table(runs: Sequence[PanelRun]) -> str:
    """How good topics and pairs ended, by half: what the shares of these two kinds are made of."""
    halves = halves_of(runs)
    counts = {run.panel: Counter((e.kind, e.how, e.half) for e in ends_of(run.fates)) for run in runs}
    rows = [
        [kind.replace("_", " "), how, *(counts[run.panel][kind, how, half] for run in runs for half in halves)]
        for kind in ("good", "duplicate")
        for how in get_args(How)
        if any(counts[run.panel][kind, how, half] for run in runs for half in halves)
    ]
    headings = ["kind", "ended", *(f"{run.panel}, {half}" for run in runs for half in halves)]
    return table(headings, rows, right=len(runs) * len(halves))


def reasons_table(run: PanelRun) -> str:
    """Who removed how many of each kind, and why (the reason up to its colon); the critics' rejections are advice."""
    halves = halves_of([run])
    ends = ends_of(run.fates)
    decided = Counter((e.kind, f"{e.by} removed", head_of(e.reason), e.half) for e in ends if e.removed)
    advised = Counter(
        (e.kind, f"{word.by} rejected", head_of(word.reason), e.half)
        for e in ends
        for word in e.fate.critics
        if not word.accept
    )
    counts = decided + advised
    rows = [
        [kind.replace("_", " "), who, why, *(figures[half] for half in halves)]
        for kind in KINDS
        for who in sorted({key[1] for key in counts if key[0] == kind})
        for why, figures in _by_reason(counts, kind, who)
    ]
    return table(["kind", "who", "why", *halves], rows, right=len(halves))


def spending_table(runs: Sequence[PanelRun]) -> str:
    """What the panels with language models took for each accepted topic, and how often they could be used. Empty without any."""
    runs = [run for run in runs if run.spent.tokens or run.spent.unread.hits]
    if not runs:
        return ""
    all_spent = [run.spent for run in runs]
    rows = [
        ["tokens per accepted topic", *(_number(one.tokens_per_topic, 0) for one in all_spent)],
        ["cost per accepted topic", *(_number(one.cost_per_topic, 6) for one in all_spent)],
        ["verdicts the same in both orders", *(_rate(one.order, "not judged twice") for one in all_spent)],
        ["turns that could not be read", *(_rate(one.unread, "-") for one in all_spent)],
        ["debates that came to nothing", *(str(one.dead) for one in all_spent)],
    ]
    return table(["language models", *(run.panel for run in runs)], rows, right=len(runs))


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def _rate(rate: Rate | None, otherwise: str) -> str:
    return otherwise if rate is None else f"{rate.share:.1%} ({rate.hits} of {rate.of})"


def _by_reason(
    counts: Counter[tuple[Kind, str, str, Half]], kind: Kind, who: str
) -> Iterable[tuple[str, Counter[Half]]]:
    found: dict[str, Counter[Half]] = {}
    for (k, w, why, half), n in counts.items():
        if (k, w) == (kind, who):
            found.setdefault(why, Counter())[half] += n
    ranked = sorted(found.items(), key=lambda item: (-item[1].total(), item[0]))
    yield from ranked[:MOST_REASONS]
    rest = ranked[MOST_REASONS:]
    if rest:
        yield f"{len(rest)} other reasons", sum((figures for _, figures in rest), Counter())


def _shown(one: Share) -> str:
    return f"{one.value:.1%} ({one.count}) [{100 * one.low:.1f}, {100 * one.high:.1f}]"
