"""What topics leave, packed together: documents of one category first, then of one section, then of all (`remainder: pool`).

A topic's documents that do not fill a sample are few; those of a category's topics together fill some. With `tails: carry` the
rest of a document that a topic's last sample cut is packed, too; of recipes that mine, what lies behind a document's last chunk
that stands in a sample. Such a sample has no topic. Its recipe is `RECIPE/remainder`
and its category is the path that all of its documents come from (empty: several sections), so a trainer can tell it from the
samples that the recipe is about, and leave it out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools.columns import Column, blocks, zeros
from tools.packing.line import Line, pack_line
from tools.packing.recipe import Settings
from tools.packing.tables import Plan, PlannedSample, RowArray, Tables, Unit, Usage, joined

_LEVELS = 3
AT_ONCE = 1 << 10
"""Samples looked at together: bounds the copy of their segments."""


@dataclass(frozen=True, slots=True)
class _Left:
    """Documents (rows) that no sample has to the end, by their first topic and rank, each with that topic's rank and score.

    `codes` int32 are the numbers of their topics' categories in `categories`.
    """

    rows: RowArray
    ranks: NDArray[np.int32]
    scores: NDArray[np.float32]
    codes: NDArray[np.int32]
    categories: Sequence[str]

    def by_path(self, places: RowArray, level: int) -> Iterator[tuple[str, RowArray]]:
        """The path that documents share at a level and those of `places` that share it; who comes first has the first path."""
        paths = [_path(category, level) for category in self.categories]
        number = {path: n for n, path in enumerate(dict.fromkeys(paths))}
        own = np.array([number[path] for path in paths], np.int32)[self.codes[places]]
        order = np.argsort(own, kind="stable")
        codes, begins, counts = np.unique(own[order], return_index=True, return_counts=True)
        names = list(number)
        for n in np.argsort(order[begins]).tolist():
            yield names[codes[n]], places[order[begins[n] : begins[n] + counts[n]]]


def plan_remainder(
    units: Sequence[Unit], tables: Tables, usage: Usage, settings: Settings, plan: Plan, recipe: str
) -> list[Unit]:
    """Pack what no sample has of the topics' documents (`units` in planning order); the units made of them."""
    folder = plan.folder
    reached = zeros(len(tables), np.int64, folder)
    reach(reached, plan.samples)
    left = _left(units, tables, reached, settings, folder)
    made: list[Unit] = []
    for level in range(_LEVELS):
        free = [
            at.start + _free(left.rows[at], tables, reached, settings).nonzero()[0] for at in blocks(len(left.rows))
        ]
        for path, places in left.by_path(np.concatenate([np.empty(0, np.int64), *free]), level):
            if settings.enough(plan):
                return made
            number = len(made)
            unit = Unit(
                f"remainder-{number:05d}", left.rows[places], left.ranks[places], left.scores[places], category=path
            )
            last = settings._replace(padding=settings.padding and level == _LEVELS - 1)
            line = Line(unit, np.arange(len(places)), tables, settings, reached[unit.documents], folder)
            before = len(plan.samples)
            pack_line(line, unit, usage, last, plan, recipe=f"{recipe}/remainder", prefix=unit.unit_id)
            plan.short_units.pop(unit.unit_id, None)
            if len(plan.samples) > before:
                made.append(unit)
                reach(reached, plan.samples[before:])
    return made


def reach(reached: RowArray, samples: Sequence[PlannedSample]) -> None:
    """Move `reached` [n], behind which no token of a document is packed, to what `samples` have of each."""
    for begin in range(0, len(samples), AT_ONCE):
        table = joined(samples[begin : begin + AT_ONCE])
        np.maximum.at(reached, table["document"], table["doc_start"] + table["length"])


def _free(rows: RowArray, tables: Tables, reached: RowArray, settings: Settings) -> NDArray[np.bool_]:
    """Which documents [m] have tokens that no sample has, and that may be packed here."""
    return reached[rows] < (tables.lengths[rows] if settings.tails == "carry" else 1)


def _left(units: Sequence[Unit], tables: Tables, reached: RowArray, settings: Settings, folder: Path | None) -> _Left:
    """Every document of the units that something is left of, once: by the first unit that has it."""
    seen = np.zeros(len(tables), np.bool_)
    number: dict[str, int] = {}
    rows, ranks, scores, codes = (Column(dtype, folder) for dtype in (np.int64, np.int32, np.float32, np.int32))
    for unit in units:
        new = np.flatnonzero(_free(unit.documents, tables, reached, settings) & ~seen[unit.documents])
        seen[unit.documents] = True
        rows.append(unit.documents[new])
        ranks.append(unit.ranks[new])
        scores.append(unit.scores[new])
        codes.append(np.full(len(new), number.setdefault(unit.category, len(number))))
    return _Left(rows.array(), ranks.array(), scores.array(), codes.array(), list(number))


def _path(category: str, level: int) -> str:
    """What documents share at each level: their category, its section, nothing."""
    return (category, category.partition(" / ")[0], "")[level]
