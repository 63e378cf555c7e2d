"""Filling one sample to its last token: first fit in the order given, then one cut.

First fit keeps the best-ranked documents whole; only when nothing more fits is one document cut, at the tail, so a sample
holds at most one cut document whatever the lengths are.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tools.packing.tables import Layout, RowArray, Segment, SegmentRole, Unit


class Filled(NamedTuple):
    """Places in the unit's document list, by the order given: taken whole, passed over, and the one cut (None: none).

    `tokens` are the ids they fill, separators included.
    """

    whole: list[int]
    passed_over: list[int]
    cut: int | None
    full: bool
    tokens: int


def first_fit(lengths: RowArray, layout: Layout) -> Filled:
    """Choose documents of `lengths` [h] int64 (tokens, in order of preference) that fill one sample.

    A document that does not fit is passed over for the next that does; the best passed over is then cut to fill the
    rest. When even that does not fill the sample, `full` is False and `tokens` says how many were at hand.
    """
    gap = int(layout.separator)
    room = layout.capacity
    whole: list[int] = []
    passed_over: list[int] = []
    for place, length in enumerate(lengths.tolist()):
        before = gap if whole else 0
        if before + length <= room:
            whole.append(place)
            room -= before + length
            if room == 0:
                break
        elif room > before:
            passed_over.append(place)
        else:
            break
    before = gap if whole else 0
    if room > before and passed_over:
        return Filled(whole, passed_over[1:], passed_over[0], True, layout.capacity)
    # A single id left after a whole document is its separator: the sample is full all the same.
    full = room == 0 or (room == before and bool(whole))
    return Filled(whole, passed_over, None, full, layout.capacity if full else layout.capacity - room)


def lay_out(
    unit: Unit, whole: list[int], cut: int | None, lengths: NDArray[np.int64], layout: Layout
) -> tuple[Segment, ...]:
    """Segments of one sample: `whole` documents in the order given, the `cut` one last, separators between them.

    `lengths` [h] int64 are the unit's documents' lengths in tokens; `whole` and `cut` are places in that list.
    """
    segments: list[Segment] = []
    start = int(layout.bos)
    places = [*whole, cut] if cut is not None else whole
    for place in places:
        start += int(layout.separator and bool(segments))
        length = min(int(lengths[place]), layout.context_length - start)
        segments.append(
            Segment(
                document=int(unit.documents[place]),
                role=SegmentRole.DOCUMENT,
                rank=int(unit.ranks[place]),
                score=float(unit.scores[place]),
                chunk=-1,
                start=start,
                length=length,
                doc_start=0,
            )
        )
        start += length
    return tuple(segments)
