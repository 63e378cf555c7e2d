"""Filling one sample to its last token: first fit in the order given, then one cut.

First fit keeps the best-ranked documents whole; only when nothing more fits is one document cut, at the tail, so a sample
holds at most one cut document whatever the lengths are. Sums and searches over arrays: a plan takes a small share of the time
that writing its samples does.
"""

from typing import NamedTuple

import numpy as np

from tools.packing.tables import ROLES, SEGMENT_FIELDS, Layout, RowArray, SegmentRole, Segments, Unit

_NOTHING = np.empty(0, np.int64)
_DOCUMENT = ROLES.index(SegmentRole.DOCUMENT)


class Filled(NamedTuple):
    """Places in the unit's document list, by the order given: taken whole, passed over, and the one cut (None: none).

    `whole` and `passed_over` are int64 arrays; `tokens` are the ids they fill, separators included.
    """

    whole: RowArray
    passed_over: RowArray
    cut: int | None
    full: bool
    tokens: int

    @property
    def taken(self) -> RowArray:
        """The places that stand in the sample, the cut one last."""
        return self.whole if self.cut is None else np.append(self.whole, self.cut)


def first_fit(lengths: RowArray, layout: Layout) -> Filled:
    """Choose documents of `lengths` [h] int64 (tokens, in order of preference) that fill one sample.

    A document that does not fit is passed over for the next that does; the best passed over is then cut to fill the
    rest. When even that does not fill the sample, `full` is False and `tokens` says how many were at hand.
    """
    gap = int(layout.separator)
    ends = (lengths + gap).cumsum()
    # The first so many fit one after the other; the last one's separator may be the one that has no room.
    head = int(ends.searchsorted(layout.capacity + gap, "right"))
    room = layout.capacity - (int(ends[head - 1]) - gap if head else 0)
    more, passed_over, room = _fit_the_rest(lengths, head, room, gap)
    whole = np.concatenate((np.arange(head), more))
    before = gap if len(whole) else 0
    if room > before and len(passed_over):
        return Filled(whole, passed_over[1:], int(passed_over[0]), True, layout.capacity)
    # A single id left after a whole document is its separator: the sample is full all the same.
    full = room == 0 or (room == before and len(whole) > 0)
    return Filled(whole, passed_over, None, full, layout.capacity if full else layout.capacity - room)


def _fit_the_rest(lengths: RowArray, begin: int, room: int, gap: int) -> tuple[RowArray, RowArray, int]:
    """From `begin` on, where the first document does not fit: places taken, places passed over, and the room then left."""
    before = gap if begin else 0
    if begin == len(lengths) or room <= before:
        return _NOTHING, _NOTHING, room
    taken: list[int] = []
    rest = lengths[begin:]
    # Room only shrinks, so who does not fit now never will; the others are few.
    small = (rest <= room - before).nonzero()[0]
    for place, length in zip(small.tolist(), rest[small].tolist(), strict=True):
        if length <= room - before:
            taken.append(place)
            room -= before + length
            before = gap
            if room <= before:
                break
    over = np.ones(taken[-1] + 1 if taken and room <= before else len(rest), np.bool_)
    over[taken] = False
    return np.array(taken, np.int64) + begin, over.nonzero()[0] + begin, room


def lay_out(unit: Unit, places: RowArray, lengths: RowArray, layout: Layout) -> Segments:
    """Segments of one sample: documents in the order given, separators between them, the last one cut where the sample ends.

    `places` are those of the unit's document list, `lengths` [h] int64 its documents' lengths in tokens.
    """
    chosen = lengths[places]
    after = (chosen + int(layout.separator)).cumsum() + int(layout.bos)
    table = np.empty(len(places), SEGMENT_FIELDS)
    table["document"] = unit.documents[places]
    table["role"] = _DOCUMENT
    table["rank"] = unit.ranks[places]
    table["score"] = unit.scores[places]
    table["chunk"] = -1
    table["start"][:1] = int(layout.bos)
    table["start"][1:] = after[:-1]
    table["length"] = chosen
    table["length"][-1:] = np.minimum(chosen[-1:], layout.context_length - table["start"][-1:])
    table["doc_start"] = 0
    return Segments(table)
