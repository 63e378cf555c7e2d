"""Documents in line for samples: each sample takes the next that fit, and those that did not fit stand first for the next.

The rest of a document that a sample cut begins the next sample of the line (`tails: carry`), so a line loses no token but
those that do not fill its last sample; `tails: cut` drops it.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from tools.columns import blocks, zeros
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
    `folder`: where the line of very many documents lies in files without a name (`tools.columns.zeros`; None: in memory).
    """

    def __init__(
        self,
        unit: Unit,
        places: RowArray,
        tables: Tables,
        settings: Settings,
        begins: RowArray | None = None,
        folder: Path | None = None,
    ) -> None:
        self._unit, self._tables, self._layout = unit, tables, settings.layout
        self._carries = settings.tails == "carry"
        if folder is None:
            # Block by block, a topic's few documents would take planning an eighth more time.
            lengths = tables.lengths[unit.documents]
            self._begins = np.zeros(len(lengths), np.int64) if begins is None else begins.copy()
            self._lengths = lengths if begins is None else lengths - begins
            self._sums = self._lengths[places].cumsum()
        else:
            self._begins, self._lengths, self._sums = _filed(unit.documents, places, tables, begins, folder)
        self._marks = marks_around(unit.documents, tables, settings)
        # By place, as is `_begins`: the tokens from there on, and the ids they fill (one array where there are no marks).
        self._sizes = self._lengths if self._marks is None else _sizes(self._lengths, self._marks)
        self._coming = places
        self._position = 0
        self._waiting = places[:0]
        self._rest_first = False
        # By place: whether it did not fit when its turn came, and whether it had to wait for a near-duplicate in the same sample.
        self._passed_over = np.zeros(len(self._lengths), np.bool_)
        self._near_copies = np.zeros(len(self._lengths), np.bool_)

    @property
    def set_aside(self) -> tuple[RowArray, RowArray]:
        """Documents (rows) that had a turn and are not packed to their end: passed over, and kept waiting by a near-duplicate."""
        rows = self._unit.documents[self._waiting]
        return rows[self._passed_over[self._waiting]], rows[self._near_copies[self._waiting]]

    def next(self) -> Draft:
        """Fill one sample. What it took has left the line if it is full; else the line holds that, and nothing more."""
        if self._rest_first and self._sizes[self._waiting[0]] > self._layout.capacity:
            return self._drafted(self._waiting[:1], self._layout.capacity)
        ahead = self._ahead()
        while True:
            queue = self._queue(ahead)
            distinct = self._tables.distinct(self._unit.documents, queue)
            chosen = queue if distinct is None else queue[distinct]
            filled = first_fit(self._sizes[chosen], self._layout)
            # Near-duplicates leave the sample short of documents: look further.
            if filled.full or self._position + ahead >= len(self._coming):
                break
            ahead = min(2 * ahead + LOOKAHEAD, len(self._coming) - self._position)
        self._position += ahead
        if distinct is not None:
            self._near_copies[np.delete(queue, distinct)] = True
        taken = chosen[filled.taken]
        if not filled.full:
            self._waiting = queue
            return Draft(self._slices(taken), self._rest_first, False, False, filled.tokens)
        self._passed_over[chosen[filled.passed_over]] = True
        if distinct is None:
            self._waiting = chosen[filled.left]
        else:
            # The one cut comes before the near-duplicates that stood before it.
            cut = taken[len(filled.whole) :]
            self._waiting = np.concatenate((cut, np.delete(queue, distinct[filled.taken])))
        return self._drafted(taken, filled.room)

    def _queue(self, ahead: int) -> RowArray:
        """The places that have a turn: those waiting and so many of those coming."""
        coming = self._coming[self._position : self._position + ahead]
        return np.concatenate((self._waiting, coming)) if len(self._waiting) else coming

    def _drafted(self, taken: RowArray, room: int) -> Draft:
        """A full sample of `taken` places. The last is cut to what fills `room` (0: none is), and its rest heads the line."""
        slices = self._slices(taken)
        begins_with_rest, self._rest_first = self._rest_first, False
        if room:
            marks = int(slices.sizes[-1] - slices.lengths[-1])
            # Marks of little text are not worth their room.
            length = room - marks if room >= 2 * marks else room
            slices.lengths[-1], slices.sizes[-1] = length, room
            self._cut(int(taken[-1]), length)
        return Draft(slices, begins_with_rest, room > 0, True, self._layout.capacity)

    def _cut(self, first: int, length: int) -> None:
        """Take `length` tokens of the place that is `first` in line: its rest stays there (`tails: carry`) or leaves the line."""
        self._passed_over[first] = self._near_copies[first] = False
        self._rest_first = self._carries
        if not self._carries:
            self._waiting = self._waiting[1:]
            return
        self._begins[first] += length
        self._lengths[first] -= length
        if self._marks is not None:
            at = slice(first, first + 1)
            self._sizes[at] = _sizes(self._lengths[at], self._marks[at])

    def _slices(self, places: RowArray) -> Slices:
        return Slices(places, self._begins[places], self._lengths[places], self._sizes[places])

    def _ahead(self) -> int:
        """How many of those coming join those waiting: the two together hold a context's tokens, and a few more documents."""
        held = 0
        if len(self._waiting):
            sums = self._lengths[self._waiting].cumsum()
            held = int(sums[-1])
        wanted = self._layout.context_length
        if held >= wanted:
            enough = int(sums.searchsorted(wanted)) + 1
        else:
            before = int(self._sums[self._position - 1]) if self._position else 0
            end = int(self._sums.searchsorted(before + wanted - held)) + 1
            enough = len(self._waiting) + end - self._position
        return min(max(0, enough + LOOKAHEAD - len(self._waiting)), len(self._coming) - self._position)


def _filed(
    documents: RowArray, places: RowArray, tables: Tables, begins: RowArray | None, folder: Path
) -> tuple[RowArray, RowArray, RowArray]:
    """A line's begins and lengths by place, and its sums in the order of `places`, in files: 24 bytes a document."""
    own, lengths = zeros(len(documents), np.int64, folder), zeros(len(documents), np.int64, folder)
    for at in blocks(len(documents)):
        if begins is not None:
            own[at] = begins[at]
        lengths[at] = tables.lengths[documents[at]] - own[at]
    sums, before = zeros(len(places), np.int64, folder), 0
    for at in blocks(len(places)):
        sums[at] = before + lengths[places[at]].cumsum()
        before = int(sums[at.stop - 1])
    return own, lengths, sums


def _sizes(lengths: RowArray, marks: RowArray) -> RowArray:
    """The ids that documents fill whole, from where they are to begin: those of any length worth it with their marks."""
    return np.where(lengths >= LEAST_TEXT * marks, lengths + marks, lengths)


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
        usage.place(unit.documents[slices.places], slices.begins)
        padding = 0 if draft.full else max(0, settings.layout.capacity - draft.tokens - settings.layout.separator)
        plan.add(PlannedSample(f"{prefix}-{number:0{digits}d}", recipe, unit, segments, padding))
        number += 1
        if not draft.full:
            break
    passed_over, near_copies = line.set_aside
    plan.passed_over.update(passed_over)
    plan.near_copies.update(near_copies)


def arranged(draft: Draft, settings: Settings, unit_id: str, number: int) -> Slices:
    """The slices in the order that the sample shows them: what goes on from the sample before stays first, the one cut last."""
    if settings.order == "rank":
        return draft.slices
    count = len(draft.slices.places)
    inner = np.arange(int(draft.begins_with_rest), count - int(draft.ends_with_cut))
    if settings.order == "reverse":
        inner = inner[::-1]
    else:
        inner = inner[settings.rng("order", unit_id, str(number)).permutation(len(inner))]
    order = np.arange(count)
    order[int(draft.begins_with_rest) :][: len(inner)] = inner
    return draft.slices.take(order)
