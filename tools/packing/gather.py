"""From segments to ids: slices of the token store, copied to where they stand, and special ids in the gaps between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tools.packing.marks import Marks
from tools.packing.tables import Layout, PlannedSample, RowArray, joined
from tools.tokens.interface import Located


class TokenSource(Protocol):
    """Where documents' ids come from (`tools.tokens.TokenStore`)."""

    def locate(self, hashes: Sequence[bytes]) -> Located: ...


@dataclass(frozen=True, slots=True)
class Specials:
    """The ids that no document has: `bos` at a sample's start, `separator` after a document, `pad` at its end (None: none).

    `marks` stand around the pieces of documents, where no separator does.
    """

    bos: int | None
    separator: int | None
    pad: int | None = None
    marks: Marks | None = None

    def layout(self, context_length: int) -> Layout:
        marks = self.marks.sizes if self.marks else None
        return Layout(context_length, bos=self.bos is not None, separator=self.separator is not None, marks=marks)


def gather(
    samples: Sequence[PlannedSample],
    documents: Located,
    specials: Specials,
    context_length: int,
    out: NDArray[np.uint32] | None = None,
) -> NDArray[np.uint32]:
    """The ids of samples, one after the other: uint32 [n * context_length]. `documents` are located by row of the tables.

    They are written to the beginning of `out`, if it is given, and all of that place is overwritten. Raises
    `RuntimeError` when the plan leaves a place that is neither a document's nor a special id's.
    """
    size = len(samples) * context_length
    ids = np.empty(size, np.uint32) if out is None else out[:size]
    first = np.arange(len(samples), dtype=np.int64) * context_length
    segments = joined(samples)
    counts = [len(sample.segments) for sample in samples]
    starts = segments["start"] + np.repeat(first, counts)
    lengths = segments["length"]
    padding = np.array([sample.padding for sample in samples], np.int64)
    gaps = _gaps(starts, starts + lengths, first, first + context_length - padding, counts, specials.bos is not None)
    part, begins = documents.of(segments["document"])
    begins += segments["doc_start"]
    _copy(documents.arrays, part, begins, begins + lengths, ids, starts, starts + lengths)
    between: int | NDArray[np.uint32] | None = specials.separator
    if specials.marks is not None:
        between = _marks(samples, specials.marks)
        gaps.sort()
    _fill_specials(ids, gaps, between, first, padding, specials, context_length)
    return ids


def _copy(
    arrays: Sequence[NDArray[np.uint16] | NDArray[np.uint32]],
    part: RowArray,
    begin: RowArray,
    end: RowArray,
    ids: NDArray[np.uint32],
    start: RowArray,
    stop: RowArray,
) -> None:
    """`ids[start[i]:stop[i]] = arrays[part[i]][begin[i]:end[i]]` for every i.

    Slices of memoryviews cost two thirds of NumPy's, and do not let go of the interpreter's lock each time; but they never widen.
    """
    same = all(array.dtype == ids.dtype for array in arrays)
    into: Any = ids.data if same else ids
    sources: list[Any] = [array.data if same else array for array in arrays]
    places = (column.tolist() for column in (begin, end, start, stop))
    for source, a, b, c, d in zip(map(sources.__getitem__, part.tolist()), *places, strict=True):
        into[c:d] = source[a:b]


def _marks(samples: Sequence[PlannedSample], marks: Marks) -> NDArray[np.uint32]:
    """The marks of samples, one after the other."""
    tables = ((sample.sample_id, sample.table) for sample in samples)
    gaps = (marks.gaps(name, table["document"], table["chunk"]) for name, table in tables)
    return np.concatenate([np.empty(0, np.uint32), *(own.ids for own in gaps)])


def _gaps(
    starts: RowArray, ends: RowArray, first: RowArray, last: RowArray, counts: Sequence[int], bos: bool
) -> RowArray:
    """The places that neither a segment nor BOS nor padding has. Samples run from `first` to `last` [n]."""
    begin_of_sample = np.cumsum([0, *counts[:-1]])
    nexts = np.append(starts[1:], 0)
    nexts[begin_of_sample[1:] - 1] = last[:-1]
    nexts[-1:] = last[-1:]
    gap_starts = np.concatenate((first + bos, ends))
    gap_lengths = np.concatenate((starts[begin_of_sample] - first - bos, nexts - ends))
    if (gap_lengths < 0).any():
        raise RuntimeError("the plan has segments that overlap, or that leave their sample")
    offsets = np.arange(int(gap_lengths.sum())) - np.repeat(np.cumsum(gap_lengths) - gap_lengths, gap_lengths)
    return np.asarray(np.repeat(gap_starts, gap_lengths) + offsets)


def _fill_specials(
    ids: NDArray[np.uint32],
    gaps: RowArray,
    between: int | NDArray[np.uint32] | None,
    first: RowArray,
    padding: RowArray,
    specials: Specials,
    context_length: int,
) -> None:
    if specials.bos is not None:
        ids[first] = specials.bos
    if isinstance(between, np.ndarray) and len(between) != len(gaps):
        raise RuntimeError(f"the plan leaves {len(gaps)} places between segments for {len(between)} ids of marks")
    if len(gaps):
        if between is None:
            raise RuntimeError("the plan leaves places between segments, and there is no separator")
        ids[gaps] = between
    for sample in np.flatnonzero(padding).tolist():
        if specials.pad is None:
            raise RuntimeError("the plan pads a sample, and there is no id for padding")
        end = int(first[sample]) + context_length
        ids[end - int(padding[sample]) : end] = specials.pad
