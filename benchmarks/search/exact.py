"""BM25 exactly as it is defined: float64, true lengths, every matching document. What the engines are measured against."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import log1p

import numpy as np
from numpy.typing import NDArray

from tools.files import content_hash
from tools.search import words

K1, B = 1.2, 0.75


class ExactBM25:
    """Postings of all documents in memory."""

    def __init__(self, documents: Mapping[str, str]) -> None:
        self._ids = sorted(documents, key=lambda doc_id: (content_hash(documents[doc_id]), doc_id))
        postings: dict[str, list[tuple[int, int]]] = {}
        lengths = np.empty(len(self._ids))
        for number, doc_id in enumerate(self._ids):
            stems = words(documents[doc_id])
            lengths[number] = len(stems)
            for stem, count in Counter(stems).items():
                postings.setdefault(stem, []).append((number, count))
        self._postings: dict[str, NDArray[np.int64]] = {stem: np.array(found) for stem, found in postings.items()}
        self._norms = K1 * (1 - B + B * lengths / lengths.mean())

    def search(self, query: str, k: int) -> list[str]:
        """The best `k` document ids; equal scores by content hash."""
        totals = self._totals(query)
        best: Sequence[int] = np.argsort(-totals, kind="stable")[:k].tolist()
        return [self._ids[number] for number in best if totals[number] > 0]

    def scores(self, query: str) -> dict[str, float]:
        """The score of each document that holds a word of the query."""
        totals = self._totals(query)
        return {self._ids[number]: float(totals[number]) for number in np.flatnonzero(totals)}

    def _totals(self, query: str) -> NDArray[np.float64]:
        totals = np.zeros(len(self._ids))
        for stem, weight in Counter(words(query)).items():
            found = self._postings.get(stem)
            if found is not None:
                numbers, counts = found.T
                idf = log1p((len(self._ids) - len(found) + 0.5) / (len(found) + 0.5))
                totals[numbers] += weight * idf * counts * (K1 + 1) / (counts + self._norms[numbers])
        return totals
