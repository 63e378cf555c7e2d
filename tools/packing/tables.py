"""What a planner sees: numbers only. No text and no tokens, so that a plan is a pure function, testable and repeatable."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from tools.columns import Hashes, Names, mapped
from tools.packing.chunks import Chunks, Negatives
from tools.packing.marks import MarkSizes

RowArray = NDArray[np.int64]

AT_ONCE = 1 << 16
"""Segments of a plan that are put in a file at a time: 2 MB."""


class SegmentRole(StrEnum):
    """Why a segment stands in its sample (`anchor` and `negative` belong to the interleaved recipes)."""

    DOCUMENT = "document"
    ANCHOR = "anchor"
    NEGATIVE = "negative"


ROLES = tuple(SegmentRole)
"""Roles by the number that stands for them in a table of segments."""


class Segment(NamedTuple):
    """A slice of one document's tokens inside a sample: `ids[start:start+length] == document[doc_start:doc_start+length]`.

    `document` is a row of `Tables`; `start`, `length` and `doc_start` are in tokens; `rank` is the document's rank in its
    topic's hits (0: not ranked), `score` its BM25 score; `chunk` is the meta-chunk's number (-1: none).
    """

    document: int
    role: SegmentRole
    rank: int
    score: float
    chunk: int
    start: int
    length: int
    doc_start: int


SEGMENT_FIELDS = np.dtype(
    [
        ("document", np.int64),
        ("role", np.uint8),
        ("rank", np.int32),
        ("score", np.float32),
        ("chunk", np.int32),
        ("start", np.int32),
        ("length", np.int32),
        ("doc_start", np.int64),
    ]
)


class Segments(Sequence[Segment]):
    """The segments of one sample, in order of `start`: a list of `Segment` to who reads it, 37 bytes each to who keeps it.

    `table` is the structured array [n] of `SEGMENT_FIELDS` behind it. A plan of billions of tokens holds millions of segments,
    and a tuple of numbers would take ten times the room.
    """

    __slots__ = ("table",)

    def __init__(self, table: NDArray[np.void]) -> None:
        self.table = table

    @classmethod
    def of(cls, segments: Iterable[Segment]) -> "Segments":
        """From segments one by one."""
        rows = [(s.document, ROLES.index(s.role), *s[2:]) for s in segments]
        return cls(np.array(rows, SEGMENT_FIELDS))

    def __len__(self) -> int:
        return len(self.table)

    @overload
    def __getitem__(self, index: int) -> Segment: ...

    @overload
    def __getitem__(self, index: slice) -> "Segments": ...

    def __getitem__(self, index: int | slice) -> "Segment | Segments":
        if isinstance(index, slice):
            return Segments(self.table[index])
        return _segment(self.table[index].item())

    def __iter__(self) -> Iterator[Segment]:
        return map(_segment, self.table.tolist())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(Segment.__eq__, self, other))

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"Segments.of({list(self)!r})"


def joined(samples: "Iterable[PlannedSample]") -> NDArray[np.void]:
    """The segments of several samples, one after the other: a structured array of `SEGMENT_FIELDS`."""
    # As opaque items: NumPy looks at the fields of every array that it joins, which takes longer than the copy.
    opaque = np.dtype((np.void, SEGMENT_FIELDS.itemsize))
    tables = [np.empty(0, opaque), *(sample.table.view(opaque) for sample in samples)]
    return np.concatenate(tables).view(SEGMENT_FIELDS)


def _segment(row: tuple[int, int, int, float, int, int, int, int]) -> Segment:
    return Segment(row[0], ROLES[row[1]], *row[2:])


@dataclass(frozen=True, slots=True)
class Tables:
    """The documents a plan may draw from, one row each, in content-hash order so that row order never depends on files.

    `doc_ids` and `hashes` are columns [n], `lengths` [n] int64 in tokens, `group` [n] int64: the row that stands for a
    document's near-duplicates (`tools.packing.near`; empty: each row is its own). Rows of one group never share a sample.
    """

    doc_ids: Names
    hashes: Hashes
    lengths: RowArray
    group: RowArray = field(default_factory=lambda: np.empty(0, np.int64))
    chunks: Chunks | None = None
    """The documents' meta-chunks, for recipes with negatives."""
    negatives: Mapping[str, Negatives] = field(default_factory=dict)
    """By `unit_id` where each unit has its own pool, else under the empty name."""
    grouped: bool = field(init=False)
    """Whether any two rows are near-duplicates."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "grouped", self.near_duplicates > 0)

    @property
    def near_duplicates(self) -> int:
        """How many rows have a near-duplicate before them."""
        blocks = range(0, len(self.group), AT_ONCE)
        groups = (self.group[begin : begin + AT_ONCE] for begin in blocks)
        return sum(int(np.count_nonzero(g != np.arange(b, b + len(g)))) for b, g in zip(blocks, groups, strict=True))

    def group_of(self, row: int) -> int:
        """The row that stands for a row's near-duplicates."""
        return int(self.group[row]) if self.grouped else row

    def distinct(self, documents: RowArray, places: RowArray) -> RowArray | None:
        """Which of `places` [h], ascending, to keep of `documents` (rows): of near-duplicates the first alone; None: all."""
        if not self.grouped:
            return None
        _, first = np.unique(self.group[documents[places]], return_index=True)
        if len(first) == len(places):
            return None
        first.sort()
        return first

    def __len__(self) -> int:
        return len(self.doc_ids)


@dataclass(frozen=True, slots=True)
class Unit:
    """What a recipe plans at a time: a topic with its ranked documents, or the whole corpus (`topic_id` empty).

    `documents` [h] int64 rows of `Tables` by rank, `ranks` [h] int32 from 1, `scores` [h] float32.
    """

    unit_id: str
    documents: RowArray
    ranks: NDArray[np.int32]
    scores: NDArray[np.float32]
    topic_id: str = ""
    topic: str = ""
    category: str = ""
    category_code: str = ""


@dataclass(slots=True)
class Usage:
    """How often each document has been used in the run so far: `uses` [n]. No document is used over `cap` times.

    A document that one sample begins and the next goes on with is used once. Recipes that place single chunks count those
    instead: `chunk_uses` [c], with the same cap. Both are uint8 as long as the cap has room in it, else int32.
    """

    uses: NDArray[np.integer]
    cap: int
    chunk_uses: NDArray[np.integer]

    @classmethod
    def of(cls, tables: Tables, cap: int) -> "Usage":
        chunks = 0 if tables.chunks is None else len(tables.chunks)
        small: np.dtype[np.integer] = np.dtype(np.uint8 if cap < 1 << 7 else np.int32)
        return cls(np.zeros(len(tables), small), cap, np.zeros(chunks, small))

    def free_chunks(self, chunks: RowArray) -> NDArray[np.bool_]:
        """Which of `chunks` [m] may still be used: bool [m]."""
        return np.asarray(self.chunk_uses[chunks] < self.cap)

    def place_chunks(self, chunks: RowArray) -> None:
        """Count the chunks [m] of one sample, in which each stands once."""
        self.chunk_uses[chunks] += 1

    def free(self, documents: RowArray) -> NDArray[np.bool_]:
        """Which of `documents` [h] may still be used: bool [h]."""
        return np.asarray(self.uses[documents] < self.cap)

    def place(self, documents: RowArray, begins: RowArray) -> None:
        """Count what one sample has of documents: of each of these [m] tokens from `begins` on, int64 [m]."""
        self.uses[documents[begins == 0] if np.count_nonzero(begins) else documents] += 1


@dataclass(frozen=True, slots=True)
class Layout:
    """The shape of a sample, in tokens: its length, and whether a BOS and separators stand in it.

    A separator stands after every document that ends before the sample does. `marks`: what stands around the pieces of documents
    that are cut (None: nothing).
    """

    context_length: int
    bos: bool
    separator: bool
    marks: MarkSizes | None = None

    @property
    def capacity(self) -> int:
        """Ids left for documents and separators."""
        return self.context_length - self.bos


@dataclass(frozen=True, slots=True)
class PlannedSample:
    """One sample as its segments, not yet any tokens. The last `padding` ids stand for nothing."""

    sample_id: str
    recipe: str
    unit: Unit
    segments: Sequence[Segment]
    padding: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.segments, Segments):
            object.__setattr__(self, "segments", Segments.of(self.segments))

    @property
    def table(self) -> NDArray[np.void]:
        """The segments as a structured array [n] of `SEGMENT_FIELDS`."""
        assert isinstance(self.segments, Segments)
        return self.segments.table


class RowSet(Set[int]):
    """Rows, given array by array: a byte for each up to the last, since one bit would take a sixth of the planning."""

    __slots__ = ("_marks",)

    def __init__(self, rows: Iterable[int] = ()) -> None:
        self._marks = np.zeros(0, np.bool_)
        self.update(np.array(list(rows), np.int64))

    def update(self, rows: RowArray) -> None:
        """Add rows [m] int64."""
        try:
            self._marks[rows] = True
        except IndexError:
            self._marks = self.marks(max(int(rows.max()) + 1, 2 * len(self._marks)))
            self._marks[rows] = True

    def marks(self, n: int) -> NDArray[np.bool_]:
        """bool [n]: which of the first n rows are in it."""
        marks = np.zeros(n, np.bool_)
        marks[: len(self._marks)] = self._marks[:n]
        return marks

    def __iter__(self) -> Iterator[int]:
        return iter(self._marks.nonzero()[0].tolist())

    def __len__(self) -> int:
        return int(np.count_nonzero(self._marks))

    def __contains__(self, row: object) -> bool:
        return isinstance(row, int) and 0 <= row < len(self._marks) and bool(self._marks[row])


@dataclass(slots=True)
class Plan:
    """All samples of a run in order, and for the ledger the documents (rows) that did not get into one, with the reason.

    `passed_over` for want of room; `near_copies` because a near-duplicate stood in the sample already.
    """

    samples: list[PlannedSample] = field(default_factory=list)
    passed_over: RowSet = field(default_factory=RowSet)
    near_copies: RowSet = field(default_factory=RowSet)
    short_units: dict[str, int] = field(default_factory=dict)
    """unit_id -> tokens that were at hand for a sample that could not be filled."""
    refused: Counter[str] = field(default_factory=Counter)
    """Guard -> candidates (of samples, negatives) that it kept out of a sample."""
    folder: Path | None = None
    """Where segments lie once they are many (`tools.columns.mapped`), so that memory does not grow with them; None: in memory."""
    _aside: int = 0
    """Samples whose segments have been put in files."""
    _held: int = 0
    """Segments of the others."""

    def add(self, sample: PlannedSample) -> None:
        """Put a sample behind the others."""
        self.samples.append(sample)
        self._held += len(sample.segments)
        if self.folder and self._held >= AT_ONCE:
            self._set_aside(self.folder)

    def change(self, begin: int, changed: Callable[[PlannedSample], PlannedSample]) -> None:
        """Put what `changed` makes of each sample from number `begin` on in its place."""
        some = self.samples[begin:]
        self._held -= sum(len(sample.segments) for sample in self.samples[max(begin, self._aside) :])
        self._aside = min(begin, self._aside)
        del self.samples[begin:]
        for sample in some:
            self.add(changed(sample))

    def _set_aside(self, folder: Path) -> None:
        some = self.samples[self._aside :]
        table = mapped(joined(some), folder)
        ends = np.cumsum([len(sample.segments) for sample in some]).tolist()
        for sample, begin, end in zip(some, [0, *ends], ends, strict=False):
            assert isinstance(sample.segments, Segments)
            sample.segments.table = table[begin:end]
        self._aside, self._held = len(self.samples), 0
