"""How often each word stands in each document, in flat files beside an engine's own, for scores that it cannot compute.

    words.hash         uint64 little-endian a document and distinct word: the word's hash, rising within a document
    words.count        uint32 for each of those: how often
    words.documents    a document: where its words end, how many there are, how often its most frequent one stands there

Memory-mapped, 12 bytes an entry and 16 a document. (64 bits tell the words of a corpus apart; where two should share a hash,
one counts as the other.)
"""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from litelong import UsageError
from tools.search.doc_table import Numbers, mapped

WORD_TABLE = ("words.hash", "words.count", "words.documents")
"""Its files. An addition copies them and appends."""
_DOCUMENT = np.dtype([("end", "<u8"), ("length", "<u4"), ("most", "<u4")])
_READING = 2  # times what a halving costs takes reading a word (measured: 1 to 3)
Counts = NDArray[np.uint32]


@lru_cache(maxsize=1 << 17)
def word_hash(word: str) -> int:
    """64 bits of a word's BLAKE2b."""
    return int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "little")


class WordTableWriter:
    """Appends documents, in the order of their numbers, to the table in a folder."""

    def __init__(self, folder: Path) -> None:
        self._hashes, self._counts, self._documents = self._files = [(folder / name).open("ab") for name in WORD_TABLE]
        self._end = self._hashes.tell() // 8
        self._count = self._documents.tell() // _DOCUMENT.itemsize

    def append(self, words: Sequence[str]) -> None:
        """Add the next document, by its analysed words in any order."""
        counts = Counter(words)
        hashes = np.fromiter(map(word_hash, counts), "<u8", len(counts))
        order = np.argsort(hashes)
        self._end += len(counts)
        self._hashes.write(hashes[order].tobytes())
        self._counts.write(np.fromiter(counts.values(), "<u4", len(counts))[order].tobytes())
        self._count += 1
        self._documents.write(np.array((self._end, len(words), max(counts.values(), default=0)), _DOCUMENT).tobytes())

    def __len__(self) -> int:
        return self._count

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for file in self._files:
            file.close()


class WordTable:
    """Reads the table in a folder. Thread-safe.

    `lengths`, uint32 [documents]: in words. `most`, uint32 [documents]: how often the most frequent word stands there.
    """

    def __init__(self, folder: Path) -> None:
        """Raises `UsageError` when the files do not fit together."""
        hashes, counts, documents = (mapped(folder / name) for name in WORD_TABLE)
        if len(documents) % _DOCUMENT.itemsize == len(hashes) % 8 == 0 and len(hashes) == 2 * len(counts):
            self._hashes: NDArray[np.uint64] = np.frombuffer(hashes, "<u8")
            self._counts: Counts = np.frombuffer(counts, "<u4")
            table = np.frombuffer(documents, _DOCUMENT)
            self._ends: NDArray[np.int64] = np.concatenate([[0], table["end"].astype(np.int64)])
            self.lengths: Counts = table["length"].copy()
            self.most: Counts = table["most"].copy()
            if self._ends[-1] == len(self._hashes) and (self._ends[1:] >= self._ends[:-1]).all():
                return
        raise UsageError(f"search index {folder.parent}: its table of words is damaged; build it again")

    def __len__(self) -> int:
        return len(self.lengths)

    def counts(self, numbers: Numbers, hashes: NDArray[np.uint64]) -> Counts:
        """uint32 [n, words]: how often each word of `hashes` [words] stands in each document of `numbers` [n]."""
        if not len(self._hashes) or not len(numbers):
            return np.zeros((len(numbers), len(hashes)), np.uint32)
        sizes = self._ends[numbers + 1] - self._ends[numbers]
        halvings = len(numbers) * len(hashes) * int(sizes.max()).bit_length()
        return self._read(numbers, hashes) if _READING * sizes.sum() < halvings else self._found(numbers, hashes)

    def _read(self, numbers: Numbers, hashes: NDArray[np.uint64]) -> Counts:
        """`counts` by reading every word of the documents: for many words, or short texts."""
        starts = self._ends[numbers]
        sizes = self._ends[numbers + 1] - starts
        places = np.repeat(starts - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
        order = np.argsort(hashes)
        words = self._hashes[places]
        columns = np.minimum(np.searchsorted(hashes[order], words), len(hashes) - 1)
        asked = np.flatnonzero(hashes[order[columns]] == words)
        counts = np.zeros((len(numbers), len(hashes)), np.uint32)
        rows = np.repeat(np.arange(len(numbers)), sizes)
        counts[rows[asked], order[columns[asked]]] = self._counts[places[asked]]
        return counts

    def _found(self, numbers: Numbers, hashes: NDArray[np.uint64]) -> Counts:
        """`counts` by looking for each word in each document, halving what is left of it: for few words in long texts."""
        ends = self._ends[numbers + 1][:, None]
        low = np.repeat(self._ends[numbers][:, None], len(hashes), axis=1)
        high = np.repeat(ends, len(hashes), axis=1)
        last = len(self._hashes) - 1
        for _ in range(int((high - low).max()).bit_length()):
            middle = (low + high) >> 1
            below = (middle < high) & (self._hashes[np.minimum(middle, last)] < hashes)
            low = np.where(below, middle + 1, low)
            high = np.where(below, high, middle)
        places = np.minimum(low, last)
        found = (low < ends) & (self._hashes[places] == hashes)
        return np.where(found, self._counts[places], np.uint32(0))
