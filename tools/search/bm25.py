"""BM25 as tantivy computes it, bit for bit in float32, with any k1 and b; and by how much another k1 and b change a score.

    word's score = idf * (k1 + 1) * tf / (tf + K)      K = k1 * (1 - b + b * length / mean length)

Lengths are rounded down to one of 256, as tantivy (and Lucene) does: exact up to 40 words, then within 6 %.
"""

from collections.abc import Sequence
from math import log

import numpy as np
from numpy.typing import NDArray

from tools.search.interface import TANTIVY_B, TANTIVY_K1, Constants
from tools.search.word_table import Counts

Floats = NDArray[np.float64]
Float32s = NDArray[np.float32]


TANTIVYS = Constants(TANTIVY_K1, TANTIVY_B)


def _lengths() -> NDArray[np.int64]:
    """The 256 lengths there are: 0 to 23, then 24 and a number of four bits, shifted."""
    rest = np.arange(256 - 24)
    shifts = np.maximum((rest >> 3) - 1, 0)
    return np.concatenate([np.arange(24), 24 + np.where(rest < 8, rest, ((rest & 7) | 8) << shifts)])


_LENGTHS = _lengths()


def rounded_lengths(lengths: Counts) -> NDArray[np.int64]:
    """int64 [n]: the lengths that tantivy reckons with."""
    return _LENGTHS[np.searchsorted(_LENGTHS, lengths, "right") - 1]


def idf(documents: int, frequencies: Sequence[int]) -> Float32s:
    """float32 [words]: the weight of words that so many of `documents` hold."""
    n = np.array(frequencies, np.int64)
    without, half = (documents - n).astype(np.float32), np.float32(0.5)
    inside = np.float32(1) + (without + half) / (n.astype(np.float32) + half)
    return np.array([log(value) for value in inside.tolist()], np.float32)


def length_parts(constants: Constants, lengths: NDArray[np.int64], mean: float) -> Float32s:
    """float32 [n]: K of texts with these (rounded) lengths."""
    k1, b = np.float32(constants.k1), np.float32(constants.b)
    return np.asarray(k1 * (np.float32(1) - b + b * lengths.astype(np.float32) / np.float32(mean)), np.float32)


def most_gained(constants: Constants, lengths: NDArray[np.int64], most: Counts, mean: float) -> Floats:
    """float64 [n]: at most so many times what tantivy's constants give is a document's score by `constants`.

    `most` is the count of its most frequent word. The ratio of a word's two scores rises or falls with the word's count
    throughout, so that it is greatest at 1 or at `most`.
    """
    before, after = (_k(each, lengths, mean) for each in (TANTIVYS, constants))
    counts = np.maximum(most, 1)
    ratio = np.maximum((1 + before) / (1 + after), (counts + before) / (counts + after))
    return np.asarray(ratio * (constants.k1 + 1) / (TANTIVY_K1 + 1), np.float64)


def _k(constants: Constants, lengths: NDArray[np.int64], mean: float) -> Floats:
    return np.asarray(constants.k1 * (1 - constants.b + constants.b * lengths / mean), np.float64)
