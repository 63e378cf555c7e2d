"""Filling one sample to its last token: first fit in the order given, then one cut.

First fit keeps the best-ranked documents whole; only when nothing more fits is one document cut, at the tail, so a sample
cuts at most one document whatever the lengths are. Sums and searches over arrays: a plan takes a small share of the time
that writing its samples does.
"""

from typing import NamedTuple

import numpy as np

from tools.packing.tables import ROLES, SEGMENT_FIELDS, Layout, RowArray, SegmentRole, Segments, Unit

_DOCUMENT = ROLES.index(SegmentRole.DOCUMENT)


class Filled(NamedTuple):
    """Places in the order given: those taken whole, the one cut to its first `room` ids (0: none is), and those left.

    `taken` and `left` are int64 arrays: in `taken` the one cut stands last, in `left` first, since something is left of it.
    The first `looked_at` of `left` had their turn. `tokens` are the ids that the sample holds, separators included.
    """

    taken: RowArray
    left: RowArray
    looked_at: int
    room: int
    full: bool
    tokens: int

    @property
    def whole(self) -> RowArray:
        return self.taken[:-1] if self.room else self.taken

    @property
    def cut(self) -> int | None:
        return int(self.left[0]) if self.room else None

    @property
    def passed_over(self) -> RowArray:
        return self.left[bool(self.room) : self.looked_at]


def first_fit(sizes: RowArray, layout: Layout) -> Filled:
    """Choose documents of `sizes` [h] int64 (ids, in order of preference) that fill one sample.

    A document that does not fit is passed over for the next that does; the best passed over is then cut to fill the
    rest. When even that does not fill the sample, `full` is False and `tokens` says how many were at hand.
    """
    gap, capacity = int(layout.separator), layout.capacity
    ends = (sizes + 1 if gap else sizes).cumsum()
    # The first so many fit one after the other; the last one's separator may be the one that has no room.
    head = int(ends.searchsorted(capacity + gap, "right"))
    room = capacity - (int(ends[head - 1]) - gap if head else 0)
    more, end, room = _fit_the_rest(sizes, head, room, gap)
    count = head + len(more)
    # One place more than are whole, for the one cut.
    taken = np.arange(count + 1)
    taken[head:count] = more
    is_taken = np.zeros(len(sizes), np.bool_)
    is_taken[taken[:count]] = True
    left = (~is_taken).nonzero()[0]
    before = gap if count else 0
    if room > before and len(left):
        taken[count] = left[0]
        return Filled(taken, left, end - count, room - before, True, capacity)
    # A single id left after a whole document is its separator: the sample is full all the same.
    full = room == 0 or (room == before and count > 0)
    return Filled(taken[:count], left, end - count, 0, full, capacity if full else capacity - room)


def _fit_the_rest(sizes: RowArray, begin: int, room: int, gap: int) -> tuple[list[int], int, int]:
    """From `begin` on, where the first document does not fit: places taken, where looking ended, and the room then left."""
    taken: list[int] = []
    before = gap if begin else 0
    if begin == len(sizes) or room <= before:
        return taken, begin, room
    rest, most = sizes[begin:], room - before
    # Room only shrinks, so who does not fit now never will; the others are few.
    small = (rest <= most).nonzero()[0]
    for place, size in zip(small.tolist(), rest[small].tolist(), strict=True):
        if size <= most:
            taken.append(begin + place)
            room, most = most - size, most - size - gap
            if most <= 0:
                return taken, taken[-1] + 1, room
    return taken, len(sizes), room


class Slices(NamedTuple):
    """What one sample takes of its unit's documents, in the order in which it shows them.

    Of the document at `places` (of the unit's list) `lengths` tokens from token `begins` on, which fill `sizes` ids of the
    sample: int64 [m] each.
    """

    places: RowArray
    begins: RowArray
    lengths: RowArray
    sizes: RowArray

    def take(self, order: RowArray) -> "Slices":
        """Those at `order` [.] of these."""
        return Slices(*(column[order] for column in self))


def lay_out(unit: Unit, slices: Slices, layout: Layout) -> Segments:
    """Segments of one sample: slices in the order given, separators between them."""
    sizes = slices.sizes + 1 if layout.separator else slices.sizes
    table = np.empty(len(slices.places), SEGMENT_FIELDS)
    table["document"] = unit.documents[slices.places]
    table["role"] = _DOCUMENT
    table["rank"] = unit.ranks[slices.places]
    table["score"] = unit.scores[slices.places]
    table["chunk"] = -1
    table["start"] = sizes.cumsum() - (sizes - 1 if layout.bos else sizes)
    table["length"] = slices.lengths
    table["doc_start"] = slices.begins
    return Segments(table)
