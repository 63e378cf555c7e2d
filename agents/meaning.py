"""What titles and passages mean, as embeddings see it, by comparison with subjects of every field (agents/outline.py).

A cosine alone says little: one text is near to everything, another to nothing. So a title's cosine with its category is
told in standard deviations above its mean over all subjects, and two titles are compared beyond what each has in common
with its nearest neighbour (cross-domain similarity local scaling, arXiv 1710.04087, with one neighbour).
"""

import re
from collections.abc import Callable, Sequence
from itertools import combinations
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from agents.outline import heading, outline, plain
from taxonomy.names import SEPARATOR
from tools.once import once
from tools.search import words

Vectors = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]
"""n texts -> their unit vectors, float32 [n, dimensions]; each text's is the same whatever stands beside it."""

NEAREST = 100
"""Subjects of the outline nearest to a title whose mean cosine tells how broad it is."""
TWINS = 0.95
"""Titles with such a cosine are one title, differently spelled, and not each other's neighbours."""
HALF_RESTED = 0.4
"""How unlike the rests of two titles are when one has none: "reefs" and "coral reefs"."""
REMEMBERED = 20_000
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


class Meaning:
    """An embedding of words with the outline in it. Vectors are remembered by text.

    `closer` is a second one that knows more and takes longer, for titles and names alone.
    """

    def __init__(self, embed: Embed, closer: "Meaning | None" = None) -> None:
        self._embed = embed
        self.closer = closer
        self._known: dict[str, Vectors] = {}
        self._lock = Lock()

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of `texts`, float32 [n, dimensions]."""
        with self._lock:
            new = [text for text in dict.fromkeys(texts) if text not in self._known]
            if new:
                if len(self._known) > REMEMBERED:
                    self._known.clear()
                    new = list(dict.fromkeys(texts))
                self._known.update(zip(new, self._embed(new), strict=True))
            return np.stack([self._known[text] for text in texts])

    @once
    def subjects(self) -> Vectors:
        """The outline's subjects, each by its name and its path; float32 [subjects, dimensions]."""
        return self.prototypes(outline().subjects)

    @once
    def names(self) -> Vectors:
        """The outline's subjects by their names alone; float32 [subjects, dimensions]."""
        return self.vectors([_name(path) for path in outline().subjects])

    @once
    def fields(self) -> Vectors:
        """The names of whole fields; float32 [fields, dimensions]."""
        return self.vectors(outline().fields)

    def prototypes(self, paths: Sequence[str]) -> Vectors:
        """Categories, each by its name and its path together; float32 [n, dimensions]."""
        return unit(self.vectors([_name(path) for path in paths]) + self.vectors([plain(path) for path in paths]))

    def closeness(self, vectors: Vectors, category: str) -> NDArray[np.float64]:
        """How far each vector's cosine with the category is above its mean over all subjects, in standard deviations; [n]."""
        cosines = (vectors @ self.subjects.T).astype(np.float64)
        own = (vectors @ self.prototypes([category])[0]).astype(np.float64)
        spread = cosines.std(axis=1)
        return np.where(spread > 0, (own - cosines.mean(axis=1)) / np.where(spread > 0, spread, 1.0), 0.0)

    def nearness(self, titles: Sequence[str], category: str) -> NDArray[np.float64]:
        """How close titles are to the category, [n]: `closeness`, and with a `closer` embedding the mean of both, but no more
        than one above the lower: each takes some words for others that are spelled like them.
        """
        own = self.closeness(self.vectors(titles), category)
        if self.closer is None:
            return own
        other = self.closer.nearness(titles, category)
        return np.minimum((own + other) / 2, np.minimum(own, other) + 1.0)

    def breadth(self, titles: Sequence[str], category: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Two signs of a broad title, each [n]: the mean cosine with the subjects nearest to it (a broad title is near to
        many), and how much nearer it is to the name of a whole field than to its category's.
        """
        vectors = self.vectors(titles)
        nearest = np.sort(vectors @ self.names.T, axis=1)[:, -NEAREST:].mean(axis=1)
        above = (vectors @ self.fields.T).max(axis=1) - vectors @ self.vectors([_name(category)])[0]
        return nearest.astype(np.float64), above.astype(np.float64)

    def likeness(self, titles: Sequence[str], around: Sequence[str]) -> NDArray[np.float64]:
        """How alike titles are beyond what each has in common with its nearest neighbour, [n, n]; 0 means: as alike as that.

        `around` are other names in the same place (those of the category and of its siblings); the outline's subjects are
        neighbours, too, so that in a small table two titles are not alike for want of others.
        """
        vectors = self.vectors(titles)
        cosines = (vectors @ vectors.T).astype(np.float64)
        others = [self.vectors([*around])] if around else []
        crowd = [cosines, *(vectors @ names.T for names in (*others, self.names))]
        return local_scaling(cosines, np.concatenate(crowd, axis=1))

    def difference(self, titles: Sequence[str]) -> NDArray[np.float64]:
        """How far titles that share words part in the others, 0 to 1, [n, n]: "methane emissions" and "carbon emissions".

        The share of common stems in the shorter title, times how unlike the rests are (1 - cosine; `HALF_RESTED` when
        only one has a rest). 0 without a common stem.
        """
        parts = [[(word, set(words(word))) for word in _WORD.findall(title)] for title in titles]
        stems = [{stem for _, own in title for stem in own} for title in parts]
        differ = np.zeros((len(titles), len(titles)))
        for a, b in combinations(range(len(titles)), 2):
            common = stems[a] & stems[b]
            if common:
                rests = [" ".join(word for word, own in parts[n] if own - common) for n in (a, b)]
                share = len(common) / min(len(stems[a]), len(stems[b]))
                differ[a, b] = differ[b, a] = share * self._unlike(*rests)
        return differ

    def _unlike(self, one: str, other: str) -> float:
        if one and other:
            first, second = self.vectors([one, other])
            return float(1.0 - first @ second)
        return HALF_RESTED if one or other else 0.0


def local_scaling(cosines: NDArray[np.float64], crowd: NDArray[np.float64]) -> NDArray[np.float64]:
    """2 cos(a, b) - r(a) - r(b), with r the cosine of the nearest neighbour in `crowd`, a and b left out; [n, n].

    Twins of a (`TWINS`) are left out of its neighbours, or a title proposed twice would be like nothing else.

    `crowd` [n, n + m] begins with the cosines among the titles themselves. Without a neighbour r is the cosine.
    """
    count = len(cosines)
    others = np.where(crowd < TWINS, crowd, -np.inf)
    np.fill_diagonal(others, -np.inf)
    # The nearest of each a, and where that is b itself the next one.
    order = np.sort(np.pad(others, ((0, 0), (2, 0)), constant_values=-np.inf), axis=1)
    nearest = np.where(others[:, :count] == order[:, -1:], order[:, -2:-1], order[:, -1:])
    less = cosines - np.where(np.isfinite(nearest), nearest, cosines)
    np.fill_diagonal(less, 0.0)
    return np.asarray(less + less.T, dtype=np.float64)


def unit(vectors: Vectors) -> Vectors:
    """Rows of length 1; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1.0), dtype=np.float32)


def _name(path: str) -> str:
    return heading(path.rsplit(SEPARATOR, 1)[-1])
