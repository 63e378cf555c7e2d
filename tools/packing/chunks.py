"""What a planner of interleaved samples sees beside the documents: their meta-chunks, and the hard negatives of some of them.

A chunk has one number over all documents (`Chunks.offsets` counts them in the order of the rows of `Tables`), so a plan needs
no text and no id string.
"""

from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tools.columns import Column, Hashes, blocks
from tools.tokens.chunk_table import ChunkTable

RowArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Chunks:
    """The meta-chunks of n documents, c in all: those of row d are `offsets[d]` to `offsets[d + 1]`.

    `offsets` int64 [n + 1]; `starts` and `lengths` int64 [c], in tokens of the own document; `documents` int64 [c], rows;
    `characters` int64 [n], of the whole documents; `group` int64 [c]: the chunk that stands for a chunk's near-copies (empty:
    each is its own).
    """

    offsets: RowArray
    starts: RowArray
    lengths: RowArray
    documents: RowArray
    characters: RowArray
    group: RowArray = field(default_factory=lambda: np.empty(0, np.int64))

    def __len__(self) -> int:
        return len(self.starts)

    def of(self, row: int) -> range:
        """The numbers of a document's chunks."""
        return range(int(self.offsets[row]), int(self.offsets[row + 1]))

    def groups(self, chunks: RowArray) -> RowArray:
        """int64 [h]: for each of `chunks` [h] the chunk that stands for its near-copies."""
        return self.group[chunks] if len(self.group) else chunks

    def number(self, chunk: int) -> int:
        """A chunk's number within its own document, from 0."""
        return int(chunk - self.offsets[self.documents[chunk]])


def chunks_of(hashes: Hashes, table: ChunkTable, characters: RowArray, folder: Path) -> Chunks:
    """The chunks of n documents, in columns in `folder`. Raises `KeyError` for the first that the table does not hold."""
    offsets, starts, lengths, documents = (Column(np.int64, folder) for _ in range(4))
    offsets.append(np.zeros(1, np.int64))
    end = 0
    for at in blocks(len(hashes)):
        own = table.of_many(hashes[at])
        offsets.append(end + own.counts.cumsum())
        end += len(own.starts)
        starts.append(own.starts)
        lengths.append(own.lengths)
        documents.append(np.repeat(np.arange(at.start, at.stop), own.counts))
    return Chunks(offsets.array(), starts.array(), lengths.array(), documents.array(), characters)


class Candidates(NamedTuple):
    """What was found for m anchors, best first: candidate i for `anchors[i]`, as the one of rank `ranks[i]` (from 1).

    `anchors` int64, ascending, `ranks` int64, `chunks` int64, `scores` float32: [c] each.
    """

    anchors: RowArray
    ranks: RowArray
    chunks: RowArray
    scores: NDArray[np.float32]

    def take(self, places: RowArray | NDArray[np.bool_]) -> "Candidates":
        """Those at `places`."""
        return Candidates(self.anchors[places], self.ranks[places], self.chunks[places], self.scores[places])


_NONE = np.empty(0, np.int64)
NOTHING = Candidates(_NONE, _NONE, _NONE, np.empty(0, np.float32))


@dataclass(frozen=True, slots=True)
class Negatives:
    """The negatives of a anchors: those of `anchors[i]` are `chunks[begins[i]:ends[i]]`, by rank.

    `anchors` int64 [a] ascending, `begins` and `ends` int64 [a], `chunks` int64 [m], `scores` float32 [m].
    """

    anchors: RowArray
    begins: RowArray
    ends: RowArray
    chunks: RowArray
    scores: NDArray[np.float32]

    def of(self, anchors: range) -> Candidates:
        """The negatives of chunks that follow on each other, such as a document's; none for those that were not mined."""
        first, last = np.searchsorted(self.anchors, (anchors.start, anchors.stop))
        begins, counts = self.begins[first:last], self.ends[first:last] - self.begins[first:last]
        ranks = np.arange(1, int(counts.sum()) + 1) - np.repeat(counts.cumsum() - counts, counts)
        places = np.repeat(begins, counts) + ranks - 1
        return Candidates(np.repeat(self.anchors[first:last], counts), ranks, self.chunks[places], self.scores[places])


def retrieval_depth(
    target_tokens: int,
    characters_per_token: float,
    expansion: float,
    characters: int,
    chunks: int,
    granularity: float,
) -> int:
    """Negatives for each of a document's `chunks`, at least 1: k = (T*E*w - S) / (p*s), rounded up (arXiv 2501.12766, eq. 3).

    T `target_tokens`, E `characters_per_token` measured on the corpus, w `expansion`, S `characters` and p `chunks` of the
    document, s `granularity` in characters.
    """
    wanted = target_tokens * characters_per_token * expansion - characters
    return max(1, ceil(wanted / (max(1, chunks) * granularity)))
