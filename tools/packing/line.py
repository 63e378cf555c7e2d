"""Documents in line for samples: each sample takes the next that fit, and those that did not fit stand first for the next.

The rest of a document that a sample cut begins the next sample of the line (`tails: carry`), so a line loses no token but
those that do not fill its last sample; `tails: cut` drops it.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tools.packing.fill import Slices, first_fit, lay_out
from tools.packing.marks import PIECES
from tools.packing.recipe import Settings
from tools.packing.tables import Plan, PlannedSample, RowArray, Tables, Unit, Usage

LOOKAHEAD = 64
"""Documents that one sample may look at beyond those that hold a context's tokens: bounds the work a sample, whatever the
corpus, and with it how many wait."""

LEAST_TEXT = 4
"""A document stands whole, without marks, where it would have less than so many tokens for each of theirs."""


class Draft(NamedTuple):
    """One sample's slices: the rest of the document that the sample before cut, whole documents by preference, the one cut."""

    slices: Slices
    begins_with_rest: bool
    ends_with_cut: bool
    full: bool
    tokens: int
    """Ids that the slices fill, separators included."""


class Line:
    """A unit's documents in the order given: `places` [m] int64 of its document list.

    `begins` [h] int64: the first token of each document in the list that is to be packed (left out: all from their first).
    """

    def __init__(
        self, unit: Unit, places: RowArray, tables: Tables, settings: Settings, begins: RowArray | None = None
    ) -> None:
        self._unit, self._tables, self._layout = unit, tables, settings.layout
        self._carries = settings.tails == "carry"
        self._begins = np.zeros(len(unit.documents), np.int64) if begins is None else begins.copy()
        self._lengths = tables.lengths[unit.documents] - self._begins
        self._marks = marks_around(unit.documents, tables, settings)
        self._coming = places
        self._sums = np.cumsum(self._lengths[places])
        self._position = 0
        self._waiting: RowArray = np.empty(0, np.int64)
        self._rest_first = False
        self.passed_over: NDArray[np.bool_] = np.zeros(len(unit.documents), np.bool_)
        """By place: whether it did not fit when its turn came."""
        self.near_copies: NDArray[np.bool_] = np.zeros(len(unit.documents), np.bool_)
        """By place: whether it had to wait for a near-duplicate in the same sample."""

    @property
    def rest(self) -> RowArray:
        """The places that no sample has taken to their end, in line."""
        return np.concatenate((self._waiting, self._coming[self._position :]))

    def next(self) -> Draft:
        """Fill one sample. What it took has left the line if it is full."""
        if self._rest_first and self._sizes(self._waiting[:1])[0] > self._layout.capacity:
            first = self._waiting[:1]
            self._waiting = self._waiting[1:]
            return self._drafted(first[:0], int(first[0]), self._layout.capacity)
        ahead = self._ahead()
        while True:
            queue = np.concatenate((self._waiting, self._coming[self._position : self._position + ahead]))
            distinct = self._tables.distinct(self._unit.documents[queue])
            filled = first_fit(self._sizes(queue[distinct]), self._layout)
            # Near-duplicates leave the sample short of documents: look further.
            if filled.full or self._position + ahead >= len(self._coming):
                break
            ahead = min(2 * ahead + LOOKAHEAD, len(self._coming) - self._position)
        chosen = queue[distinct]
        if len(distinct) < len(queue):
            self.near_copies[np.delete(queue, distinct)] = True
        if not filled.full:
            return Draft(self._slices(chosen[filled.whole]), self._rest_first, False, False, filled.tokens)
        self.passed_over[chosen[filled.passed_over]] = True
        self._position += ahead
        left = np.ones(len(queue), np.bool_)
        left[distinct[filled.whole]] = False
        if filled.cut is not None:
            left[distinct[filled.cut]] = False
        self._waiting = queue[left]
        return self._drafted(chosen[filled.whole], None if filled.cut is None else int(chosen[filled.cut]), filled.room)

    def _drafted(self, whole: RowArray, cut: int | None, room: int) -> Draft:
        """A full sample of `whole` places and of the one cut what fills `room`; its rest goes to the head of the line."""
        taken = self._slices(whole if cut is None else np.concatenate((whole, [cut])))
        begins_with_rest, self._rest_first = self._rest_first, False
        if cut is not None:
            marks = int(taken.sizes[-1] - taken.lengths[-1])
            # Marks of little text are not worth their room.
            length = room - marks if room >= 2 * marks else room
            taken.lengths[-1], taken.sizes[-1] = length, room
            self.passed_over[cut] = self.near_copies[cut] = False
            if self._carries:
                self._begins[cut] += length
                self._lengths[cut] -= length
                self._waiting = np.concatenate(([cut], self._waiting))
                self._rest_first = True
        return Draft(taken, begins_with_rest, cut is not None, True, self._layout.capacity)

    def _slices(self, places: RowArray) -> Slices:
        return Slices(places, self._begins[places], self._lengths[places], self._sizes(places))

    def _sizes(self, places: RowArray) -> RowArray:
        """The ids that documents fill whole, from where they are to begin: those of any length worth it with their marks."""
        lengths = self._lengths[places]
        if self._marks is None:
            return lengths
        marks = self._marks[places]
        return np.where(lengths >= LEAST_TEXT * marks, lengths + marks, lengths)

    def _ahead(self) -> int:
        """How many of those coming join those waiting: the two together hold a context's tokens, and a few more documents."""
        sums = np.cumsum(self._lengths[self._waiting])
        held = int(sums[-1]) if len(sums) else 0
        wanted = self._layout.context_length
        if held >= wanted:
            enough = int(sums.searchsorted(wanted)) + 1
        else:
            before = int(self._sums[self._position - 1]) if self._position else 0
            end = int(self._sums.searchsorted(before + wanted - held)) + 1
            enough = len(self._waiting) + end - self._position
        return min(max(0, enough + LOOKAHEAD - len(self._waiting)), len(self._coming) - self._position)


def marks_around(documents: RowArray, tables: Tables, settings: Settings) -> RowArray | None:
    """int64 [h]: how many ids of marks stand around each of `documents` (rows) where it is cut in pieces; None: nowhere.

    The number of pieces is a matter of the seed and the document's content, so the same one in every sample.
    """
    marks = settings.layout.marks
    if marks is None:
        return None
    keys = np.frombuffer(b"".join(tables.hashes[row] for row in documents.tolist()), "<u8")[::2]
    odd = settings.rng("pieces").integers(1 << 63, dtype=np.uint64) | np.uint64(1)
    around = np.array([marks.around(pieces) for pieces in PIECES], np.int64)
    return np.asarray(around[(keys * odd) >> np.uint64(63)])


def pack_line(
    line: Line,
    unit: Unit,
    usage: Usage,
    settings: Settings,
    plan: Plan,
    *,
    recipe: str,
    prefix: str,
    digits: int = 6,
    most: int | None = None,
) -> None:
    """Plan samples from a line until it does not fill another, or there are `most`; with `settings.padding` the last is padded.

    Their ids are `prefix` and a number of so many `digits`.
    """
    number = 0
    while number != most and not settings.enough(plan):
        draft = line.next()
        if not draft.full:
            plan.short_units[unit.unit_id] = draft.tokens
            if not settings.padding or not len(draft.slices.places):
                break
        slices = arranged(draft, settings, unit.unit_id, number)
        segments = lay_out(unit, slices, settings.layout)
        usage.place(unit.documents[slices.places], slices.begins, slices.lengths)
        padding = 0 if draft.full else max(0, settings.layout.capacity - draft.tokens - settings.layout.separator)
        plan.samples.append(PlannedSample(f"{prefix}-{number:0{digits}d}", recipe, unit, segments, padding))
        number += 1
        if not draft.full:
            break
    left = line.rest
    plan.passed_over.update(unit.documents[left[line.passed_over[left]]])
    plan.near_copies.update(unit.documents[left[line.near_copies[left]]])


def arranged(draft: Draft, settings: Settings, unit_id: str, number: int) -> Slices:
    """The slices in the order that the sample shows them: what goes on from the sample before stays first, the one cut last."""
    count = len(draft.slices.places)
    if settings.order == "rank":
        return draft.slices
    inner = np.arange(int(draft.begins_with_rest), count - int(draft.ends_with_cut))
    if settings.order == "reverse":
        inner = inner[::-1]
    else:
        inner = inner[settings.rng("order", unit_id, str(number)).permutation(len(inner))]
    order = np.arange(count)
    order[int(draft.begins_with_rest) :][: len(inner)] = inner
    return draft.slices.take(order)
