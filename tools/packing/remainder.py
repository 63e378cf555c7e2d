"""What topics leave, packed together: documents of one category first, then of one section, then of all (`remainder: pool`).

A topic's documents that do not fill a sample are few; those of a category's topics together fill some. With `tails: carry` the
rest of a document that a topic's last sample cut is packed, too; of recipes that mine, what lies behind a document's last chunk
that stands in a sample. Such a sample has no topic. Its recipe is `RECIPE/remainder`
and its category is the path that all of its documents come from (empty: several sections), so a trainer can tell it from the
samples that the recipe is about, and leave it out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tools.packing.line import Line, pack_line
from tools.packing.recipe import Settings
from tools.packing.tables import Plan, PlannedSample, RowArray, Tables, Unit, Usage, joined

AT_ONCE = 1 << 10
"""Samples looked at together: bounds the copy of their segments."""


@dataclass(frozen=True, slots=True)
class _Left:
    """Documents (rows) that no sample has to the end, by their first topic and rank, each with that topic's rank and score."""

    rows: RowArray
    ranks: np.typing.NDArray[np.int32]
    scores: np.typing.NDArray[np.float32]
    categories: list[str]

    def __len__(self) -> int:
        return len(self.rows)


def plan_remainder(
    units: Sequence[Unit], tables: Tables, usage: Usage, settings: Settings, plan: Plan, recipe: str
) -> list[Unit]:
    """Pack what no sample has of the topics' documents (`units` in planning order); the units made of them."""
    reached = np.zeros(len(tables), np.int64)
    reach(reached, plan.samples)
    left = _left(units, tables, reached, settings)
    made: list[Unit] = []
    for level, paths in enumerate(_levels(left.categories)):
        free = _free(left.rows, tables, reached, settings)
        by_path: dict[str, list[int]] = {}
        for place in np.flatnonzero(free).tolist():
            by_path.setdefault(paths[place], []).append(place)
        for path, members in by_path.items():
            if settings.enough(plan):
                return made
            places = np.array(members, np.int64)
            number = len(made)
            unit = Unit(
                f"remainder-{number:05d}", left.rows[places], left.ranks[places], left.scores[places], category=path
            )
            last = settings._replace(padding=settings.padding and level == 2)
            line = Line(unit, np.arange(len(places)), tables, settings, reached[unit.documents])
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


def _free(rows: RowArray, tables: Tables, reached: RowArray, settings: Settings) -> np.typing.NDArray[np.bool_]:
    """Which documents [m] have tokens that no sample has, and that may be packed here."""
    return reached[rows] < (tables.lengths[rows] if settings.tails == "carry" else 1)


def _left(units: Sequence[Unit], tables: Tables, reached: RowArray, settings: Settings) -> _Left:
    """Every document of the units that something is left of, once: by the first unit that has it."""
    seen = np.zeros(len(tables), np.bool_)
    rows, ranks, scores, categories = [], [], [], []
    for unit in units:
        new = np.flatnonzero(_free(unit.documents, tables, reached, settings) & ~seen[unit.documents])
        seen[unit.documents] = True
        rows.append(unit.documents[new])
        ranks.append(unit.ranks[new])
        scores.append(unit.scores[new])
        categories += [unit.category] * len(new)
    empty = np.empty(0)
    return _Left(
        np.concatenate((empty.astype(np.int64), *rows)),
        np.concatenate((empty.astype(np.int32), *ranks)),
        np.concatenate((empty.astype(np.float32), *scores)),
        categories,
    )


def _levels(categories: Sequence[str]) -> list[list[str]]:
    """For each document the path it shares at each level: its category, its section, none."""
    return [list(categories), [path.partition(" / ")[0] for path in categories], [""] * len(categories)]
