"""Filling one sample to its last token: first fit in the order given, then one cut.

First fit keeps the best-ranked documents whole; only when nothing more fits is one document cut, at the tail, so a sample
cuts at most one document whatever the lengths are. Sums and searches over arrays: a plan takes a small share of the time
that writing its samples does.
"""

from typing import NamedTuple

import numpy as np

from tools.packing.tables import ROLES, SEGMENT_FIELDS, Layout, RowArray, SegmentRole, Segments, Unit

_NOTHING = np.empty(0, np.int64)
_DOCUMENT = ROLES.index(SegmentRole.DOCUMENT)


class Filled(NamedTuple):
    """Places in the order given: taken whole, passed over, and the one cut (None: none) to its first `room` ids.

    `whole` and `passed_over` are int64 arrays; `tokens` are the ids they fill, separators included.
    """

    whole: RowArray
    passed_over: RowArray
    cut: int | None
    full: bool
    tokens: int
    room: int = 0


def first_fit(sizes: RowArray, layout: Layout) -> Filled:
    """Choose documents of `sizes` [h] int64 (ids, in order of preference) that fill one sample.

    A document that does not fit is passed over for the next that does; the best passed over is then cut to fill the
    rest. When even that does not fill the sample, `full` is False and `tokens` says how many were at hand.
    """
    gap = int(layout.separator)
    ends = (sizes + gap).cumsum()
    # The first so many fit one after the other; the last one's separator may be the one that has no room.
    head = int(ends.searchsorted(layout.capacity + gap, "right"))
    room = layout.capacity - (int(ends[head - 1]) - gap if head else 0)
    more, passed_over, room = _fit_the_rest(sizes, head, room, gap)
    whole = np.concatenate((np.arange(head), more))
    before = gap if len(whole) else 0
    if room > before and len(passed_over):
        return Filled(whole, passed_over[1:], int(passed_over[0]), True, layout.capacity, room - before)
    # A single id left after a whole document is its separator: the sample is full all the same.
    full = room == 0 or (room == before and len(whole) > 0)
    return Filled(whole, passed_over, None, full, layout.capacity if full else layout.capacity - room)


def _fit_the_rest(sizes: RowArray, begin: int, room: int, gap: int) -> tuple[RowArray, RowArray, int]:
    """From `begin` on, where the first document does not fit: places taken, places passed over, and the room then left."""
    before = gap if begin else 0
    if begin == len(sizes) or room <= before:
        return _NOTHING, _NOTHING, room
    taken: list[int] = []
    rest = sizes[begin:]
    # Room only shrinks, so who does not fit now never will; the others are few.
    small = (rest <= room - before).nonzero()[0]
    for place, size in zip(small.tolist(), rest[small].tolist(), strict=True):
        if size <= room - before:
            taken.append(place)
            room -= before + size
            before = gap
            if room <= before:
                break
    over = np.ones(taken[-1] + 1 if taken and room <= before else len(rest), np.bool_)
    over[taken] = False
    return np.array(taken, np.int64) + begin, over.nonzero()[0] + begin, room


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
    ends = (slices.sizes + int(layout.separator)).cumsum() + int(layout.bos)
    table = np.empty(len(slices.places), SEGMENT_FIELDS)
    table["document"] = unit.documents[slices.places]
    table["role"] = _DOCUMENT
    table["rank"] = unit.ranks[slices.places]
    table["score"] = unit.scores[slices.places]
    table["chunk"] = -1
    table["start"][:1] = int(layout.bos)
    table["start"][1:] = ends[:-1]
    table["length"] = slices.lengths
    table["doc_start"] = slices.begins
    return Segments(table)
