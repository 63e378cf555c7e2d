"""BM25 by tantivy with other constants than its own: found by its scores, scored anew, and proven to be the best.

tantivy's k1 and b are constants in its source. So each document carries a bound: the most that another k1 and b can make of
its score, by its length and the count of its most frequent word. tantivy ranks by score times bound; what is fetched is scored
anew, exactly, from the table of words; and the search goes on until the next document's score times bound lies below the
k-th best new score. Measured on 280,000 documents, 12 words, k1 0.9, b 0.4: bounds rule out all but 14 documents for the best
10, and all but 685 for the best 500; without them 935 and 10,802 were left. Ranking by a bound costs tantivy about twice its own
search, since it can skip nothing.

A bound is reckoned with the mean length at the time it is written. Additions move the mean, which is allowed for: it makes the
search go a little deeper, and never wrong.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import orjson
import tantivy
from numpy.typing import NDArray

from tools.files import write_atomic
from tools.search.bm25 import Float32s, Floats, idf, length_parts, most_gained, rounded_lengths
from tools.search.doc_table import Numbers
from tools.search.interface import Constants, WeightedWord
from tools.search.rounding import Steps, steps_of
from tools.search.tantivy_scoring import BOUND, NUMBER, ONE_ORDER_UP_TO, PAIRED_FROM, TEXT, Found, any_of
from tools.search.word_table import Counts, WordTable, WordTableWriter, word_hash

_YARDSTICK, _SPOOL = "words.yardstick", "words.spool"
_GREATEST_BOUND = 64.0  # tantivy takes the logarithm of 2**bound, in float32
_BLOCK = 1 << 20  # counts of words in documents that are looked up at once
_SLACK = 1 + 2**-12
"""For float32: a sum of 2,000 numbers is off by at most 2**-13 of itself, the bound by 2**-20."""


class Yardstick(NamedTuple):
    """What bounds are written with: the mean length, and the gain that counts as 1. Kept for later additions."""

    mean: float
    least: float

    @classmethod
    def of(cls, table: WordTable, constants: Constants) -> Self:
        """That of a whole index."""
        mean = _mean(table)
        gains = most_gained(constants, rounded_lengths(table.lengths), table.most, mean)
        return cls(mean, float(gains.min(initial=1.0)))

    @classmethod
    def read(cls, data: Path) -> Self:
        """The one in the folder `data`."""
        return cls(**orjson.loads((data / _YARDSTICK).read_bytes()))

    def write(self, data: Path) -> None:
        """Keep it in the folder `data`."""
        write_atomic(data / _YARDSTICK, orjson.dumps(self._asdict()))  # never through a link to another index's

    def bounds(self, constants: Constants, lengths: Counts, most: Counts) -> Floats:
        """float64 [n], 1 to 64: the bound of each document."""
        gains = most_gained(constants, rounded_lengths(lengths), most, self.mean)
        return np.clip(gains / self.least, 1.0, _GREATEST_BOUND)


def with_bounds(texts: Iterable[list[str]], data: Path, constants: Constants) -> Iterator[tuple[list[str], float]]:
    """Write the words of `texts` into the table in `data`; then each text again, with what tantivy's field `BOUND` gets.

    A bound needs the mean length, so nothing comes back before all are read; meanwhile their words lie in a file there.
    """
    spool = data / _SPOOL
    with WordTableWriter(data) as writer, spool.open("w", encoding="utf-8", newline="\n") as lines:
        first = len(writer)
        for words in texts:
            writer.append(words)
            lines.write(" ".join(words) + "\n")
    table = WordTable(data)
    if not first:
        Yardstick.of(table, constants).write(data)
    bounds = Yardstick.read(data).bounds(constants, table.lengths[first:], table.most[first:])
    with spool.open(encoding="utf-8", newline="\n") as lines:
        # tantivy multiplies by log2(2 + what the field holds).
        for line, bound in zip(lines, (2**bounds - 2).tolist(), strict=True):
            yield line.split(), bound
    spool.unlink()


class Rescorer:
    """Searches a tantivy index with constants of its own. Thread-safe."""

    def __init__(self, data: Path, constants: Constants) -> None:
        """Raises `UsageError` when the table of words in the folder `data` is damaged."""
        self._constants = constants
        self._words = table = WordTable(data)
        lengths, mean = rounded_lengths(table.lengths), _mean(table)
        self._length_parts = length_parts(constants, lengths, mean)
        bounds = Yardstick.read(data).bounds(constants, table.lengths, table.most)
        short = most_gained(constants, lengths, table.most, mean) / bounds
        self._allowance = float(short.max(initial=0.0)) * _SLACK

    def __len__(self) -> int:
        return len(self._words)

    def top(self, searcher: tantivy.Searcher, terms: Sequence[WeightedWord], k: int) -> Found:
        """At least the best `k` documents (fewer when fewer match), and all that tie with the worst of them."""
        count = searcher.num_docs
        if not terms or not count:
            return Found(np.empty(0, np.int64), np.empty(0, np.uint64))
        query, wanted = any_of(terms), 2 * k + 64
        weights = self._weights(searcher, terms)
        while True:
            limit = min(wanted, count)
            hits = searcher.search(query, limit, count=False, weight_by_field=BOUND).hits
            numbers = np.array(searcher.fast_field_values(NUMBER, [address for _, address in hits]), np.int64)
            found = Found(numbers, self._steps(numbers, terms, weights))
            if len(hits) < limit or limit == count or self._beyond(hits[-1][0]) < _kth(found.steps, k):
                return found
            wanted *= 4

    def _beyond(self, bounded: float) -> int:
        """The highest step of a document whose score times bound is `bounded`."""
        return int(steps_of(np.array([bounded * self._allowance]))[0])

    def _weights(self, searcher: tantivy.Searcher, terms: Sequence[WeightedWord]) -> Float32s:
        frequencies = [searcher.doc_freq(TEXT, word) for word, _ in terms]
        return idf(searcher.num_docs, frequencies) * (np.float32(1) + np.float32(self._constants.k1))

    def _steps(self, numbers: Numbers, terms: Sequence[WeightedWord], weights: Float32s) -> Steps:
        hashes = np.array([word_hash(word) for word, _ in terms], np.uint64)
        boosts = np.array([weight for _, weight in terms], np.float32)
        rows = max(1, _BLOCK // len(terms))
        blocks = [
            self._sums(numbers[start : start + rows], hashes, weights, boosts) for start in range(0, len(numbers), rows)
        ]
        return steps_of(np.concatenate([np.empty(0), *blocks]))

    def _sums(self, numbers: Numbers, hashes: NDArray[np.uint64], weights: Float32s, boosts: Float32s) -> Floats:
        """float64 [n]: added up as `tantivy_scoring` does, so that tantivy's own constants give tantivy's own scores."""
        counts = self._words.counts(numbers, hashes).astype(np.float32)
        shares = np.divide(
            counts, counts + self._length_parts[numbers][:, None], out=np.zeros_like(counts), where=counts > 0
        )
        if ONE_ORDER_UP_TO < len(hashes) < PAIRED_FROM:
            return np.asarray((weights * shares * boosts).sum(axis=1, dtype=np.float64))
        parts = weights * boosts * shares
        while parts.shape[1] > 1:
            even = parts[:, 0::2].copy()
            even[:, : parts.shape[1] // 2] += parts[:, 1::2]
            parts = even
        return np.asarray(parts[:, 0], np.float64)


def _mean(table: WordTable) -> float:
    """Of the lengths in words, in float32; not 0 for texts without a word."""
    return float(np.float32(max(1, int(table.lengths.sum()))) / np.float32(max(1, len(table))))


def _kth(steps: Steps, k: int) -> int:
    return int(np.partition(steps, len(steps) - k)[len(steps) - k])
