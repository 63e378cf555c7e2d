"""From fates to counts. A pure function of them, so that every rule below has a test on a debate made by hand.

- off-category, too broad, unfillable: removed when no topic of its title stands at the end.
- duplicate: the pair of a good topic and its paraphrase; removed when not both stand.
- good: kept when it stands, or a paraphrase of it does, or when it was rejected as alike to a topic that stands and that
  the panel itself proposed. The last is counted apart. To fall to another good plant is to be removed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

from benchmarks.panels.fates import Fate
from benchmarks.panels.plants import Garden, Half, Kind

Z = 1.959963984540054
"""The 97.5 % quantile of the normal distribution: intervals hold in 95 % of cases."""

How = Literal[
    "stands",
    "its paraphrase stands",
    "lost to an alike topic of the panel",
    "removed",
    "both stand",
    "the good one stands",
    "the paraphrase stands",
    "neither stands",
]


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `of`, with Wilson's 95 % interval of the share (0 to 1)."""

    count: int
    of: int
    low: float
    high: float

    @property
    def value(self) -> float:
        return self.count / self.of if self.of else 0.0


@dataclass(frozen=True, slots=True)
class End:
    """A plant's fate judged by the rules: `removed` or not, and how. `by` and `reason` are empty for what stays."""

    fate: Fate
    removed: bool
    how: How
    by: str = ""
    reason: str = ""

    @property
    def kind(self) -> Kind:
        return self.fate.kind

    @property
    def half(self) -> Half:
        return self.fate.half


def ends_of(fates: Sequence[Fate]) -> list[End]:
    """How every plant ended, in the order given. Fates of many categories may be mixed."""
    by_title = {(fate.category, fate.title): fate for fate in fates}
    standing_paraphrases = {(f.category, f.of) for f in fates if f.kind == "duplicate" and f.stands}
    ends = []
    for fate in fates:
        if fate.kind == "duplicate":
            ends.append(_end_of_pair(by_title[fate.category, fate.of], fate))
        elif fate.kind == "good":
            ends.append(_end_of_good(fate, (fate.category, fate.title) in standing_paraphrases))
        else:
            ends.append(_kept(fate, "stands") if fate.stands else _removed(fate, fate, "removed"))
    return ends


def share(ends: Iterable[End], kind: Kind, half: Half | None = None) -> Share:
    """Removed plants of a kind; for `good`, kept ones."""
    chosen = [end for end in ends if end.kind == kind and half in (None, end.half)]
    count = sum(end.removed != (kind == "good") for end in chosen)
    return Share(count, len(chosen), *wilson(count, len(chosen)))


def wilson(count: int, of: int) -> tuple[float, float]:
    """Wilson's score interval (1927) for `count` of `of`; (0, 1) when there is nothing to count."""
    if of == 0:
        return 0.0, 1.0
    p = count / of
    spread = Z * sqrt(p * (1 - p) / of + Z * Z / (4 * of * of))
    middle = p + Z * Z / (2 * of)
    scale = 1 + Z * Z / of
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def chance(garden: Garden, kind: Kind) -> float:
    """The share that a panel gets which keeps every topic with probability one half, whatever it is.

    A pair survives only when both do; a good topic is kept when one of it and its paraphrases is.
    """
    if kind == "duplicate":
        return 0.75
    if kind != "good":
        return 0.5
    kept = []
    for bed in garden.beds:
        of = [plant.of for plant in bed.plants]
        kept += [1 - 0.5 ** (1 + of.count(plant.title)) for plant in bed.plants if plant.kind == "good"]
    return sum(kept) / len(kept) if kept else 0.0


def _end_of_pair(good: Fate, paraphrase: Fate) -> End:
    if good.stands and paraphrase.stands:
        return _kept(paraphrase, "both stand")
    if good.stands:
        return _removed(paraphrase, paraphrase, "the good one stands")
    if paraphrase.stands:
        return _removed(paraphrase, good, "the paraphrase stands")
    return _removed(paraphrase, paraphrase, "neither stands")


def _end_of_good(fate: Fate, paraphrase_stands: bool) -> End:
    if fate.stands:
        return _kept(fate, "stands")
    if paraphrase_stands:
        return _kept(fate, "its paraphrase stands")
    if fate.rival is not None and fate.rival.whose == "own":
        return _kept(fate, "lost to an alike topic of the panel")
    return _removed(fate, fate, "removed")


def _kept(fate: Fate, how: How) -> End:
    return End(fate, removed=False, how=how)


def _removed(fate: Fate, decided: Fate, how: How) -> End:
    return End(fate, removed=True, how=how, by=decided.by, reason=decided.reason)
