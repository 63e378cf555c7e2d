"""Which documents stand in which samples, counted batch by batch over a plan of any size."""

from collections import Counter
from collections.abc import Sequence
from math import ceil, sqrt
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tools.report.contents import Bin, Histogram

MOST_BINS = 24


class Placed(NamedTuple):
    """m pairs of a sample and a document in it: `sample`, `document` (into `doc_ids`) and `tokens`, int64 [m], by sample.

    `segments` int64 [n] and `documents` int64 [n] count those of each of the n samples.
    """

    sample: NDArray[np.int64]
    document: NDArray[np.int64]
    tokens: NDArray[np.int64]
    segments: NDArray[np.int64]
    documents: NDArray[np.int64]
    doc_ids: list[str]


def placed(segments: pa.ListArray) -> Placed:
    """What stands in n samples, from their column `segments`."""
    flat = segments.flatten()
    counts = pc.list_value_length(segments).to_numpy(zero_copy_only=False).astype(np.int64)
    names = pc.struct_field(flat, "doc_id").dictionary_encode()
    doc_ids: list[str] = names.dictionary.to_pylist()
    lengths = pc.struct_field(flat, "length").to_numpy(zero_copy_only=False)
    codes = names.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    keys = np.repeat(np.arange(len(counts), dtype=np.int64), counts) * max(1, len(doc_ids)) + codes
    pairs, which = np.unique(keys, return_inverse=True)
    sample, document = np.divmod(pairs, max(1, len(doc_ids)))
    tokens = np.bincount(which, weights=lengths, minlength=len(pairs)).astype(np.int64)
    return Placed(
        sample, document, tokens, counts, np.bincount(sample, minlength=len(counts)).astype(np.int64), doc_ids
    )


class Arrangement:
    """The sums over all samples: documents a sample, tokens a document has in a sample, tokens by source."""

    def __init__(self) -> None:
        self.by_source: Counter[str] = Counter()
        self._documents: list[NDArray[np.int64]] = []
        self._powers = np.zeros(64, np.int64)
        self._least, self._most, self._pairs, self._tokens = 0, 0, 0, 0

    def add(self, block: Placed, sources: Sequence[str]) -> None:
        """Count a batch; `sources` names the source of each of its `doc_ids`."""
        self._documents.append(block.documents)
        if not len(block.tokens):
            return
        self._powers += np.bincount(np.frexp(block.tokens.astype(np.float64))[1] - 1, minlength=64)[:64]
        low, high = int(block.tokens.min()), int(block.tokens.max())
        self._least = min(self._least, low) if self._pairs else low
        self._most = max(self._most, high)
        self._pairs += len(block.tokens)
        self._tokens += int(block.tokens.sum())
        for name, tokens in zip(sources, np.bincount(block.document, weights=block.tokens).tolist(), strict=True):
            self.by_source[name] += int(tokens)

    def histograms(self) -> tuple[Histogram, ...]:
        """Documents a sample, and tokens that a document has in a sample."""
        documents = np.concatenate(self._documents) if self._documents else np.zeros(0, np.int64)
        if not self._pairs:
            return ()
        used = np.flatnonzero(self._powers)
        powers = range(int(used[0]), int(used[-1]) + 1)
        return (
            Histogram(
                "Documents a sample",
                "samples",
                _bins(documents),
                int(documents.min()),
                float(documents.mean()),
                int(documents.max()),
            ),
            Histogram(
                "Tokens of one document in one sample",
                "documents",
                tuple(Bin(f"{1 << p:,} to {(2 << p) - 1:,}", int(self._powers[p])) for p in powers),
                self._least,
                self._tokens / self._pairs,
                self._most,
            ),
        )


def _bins(values: NDArray[np.int64]) -> tuple[Bin, ...]:
    """At most `MOST_BINS` bars of equal width, in whole numbers, from the smallest value to the largest; fewer for few values."""
    low, high = int(values.min()), int(values.max())
    width = -(-(high - low + 1) // min(MOST_BINS, 2 * ceil(sqrt(len(values)))))
    counts = np.bincount((values - low) // width).tolist()
    return tuple(
        Bin(f"{low + n * width:,}" + (f" to {low + (n + 1) * width - 1:,}" if width > 1 else ""), count)
        for n, count in enumerate(counts)
    )
