"""How alike the documents of a sample are: mean TF-IDF cosine over pairs, the figure that says a sample has a topic."""

from collections.abc import Sequence
from math import inf, isnan, nan
from typing import NamedTuple

from litelong import UsageError

MAX_DOCUMENTS = 400
"""Documents of a sample that are compared, spread evenly over it: bounds the work for samples of very short ones."""

EPSILON = 1e-12
"""A cosine below this is 0 but for rounding."""


class Similarity(NamedTuple):
    """Mean over samples of the mean cosine (0 to 1) between a sample's documents, for two sets of samples."""

    samples: float
    baseline: float

    @property
    def ratio(self) -> float:
        """`samples` over `baseline`: infinite when only the baseline is 0, not a number when both are."""
        if not self.baseline:
            return inf if self.samples else nan
        return self.samples / self.baseline


def spread(items: Sequence[str], most: int = MAX_DOCUMENTS) -> list[str]:
    """At most `most` items, evenly spread over the sequence."""
    if len(items) <= most:
        return list(items)
    return [items[i * len(items) // most] for i in range(most)]


def similarity(samples: Sequence[Sequence[str]], baseline: Sequence[Sequence[str]]) -> Similarity:
    """Compare two sets of samples, each a list of samples, each a list of its documents' texts.

    One TF-IDF (English stop words, sublinear counts) is fitted on the documents of both, so the two figures compare.
    Samples with one document have no pair and do not count; a set without any pair has similarity 0. Raises `UsageError`
    when scikit-learn is not installed, or when no text holds a word.
    """
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
    except ImportError:
        raise UsageError("similarity needs scikit-learn: pip install 'litelong[report]'") from None
    texts = [text for group in (*samples, *baseline) for text in group]
    try:
        vectors = TfidfVectorizer(stop_words="english", sublinear_tf=True).fit_transform(texts)
    except ValueError as error:
        raise UsageError(f"similarity: nothing to compare in {len(texts)} documents ({error})") from None
    means: list[float] = []
    begin = 0
    for group in (*samples, *baseline):
        rows = vectors[begin : begin + len(group)]
        begin += len(group)
        total = rows.sum(axis=0)
        pairs = len(group) * (len(group) - 1)
        # |sum of unit vectors|^2 counts every ordered pair once, and each vector with itself.
        own = float(rows.multiply(rows).sum())
        means.append((float((total @ total.T).item()) - own) / pairs if pairs else nan)
    return Similarity(_mean(means[: len(samples)]), _mean(means[len(samples) :]))


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not isnan(value)]
    mean = sum(known) / len(known) if known else 0.0
    # Rounding must not make a baseline of nothing a tiny number, whose ratio would be a huge one of either sign.
    return min(1.0, mean) if mean > EPSILON else 0.0
