"""What titles and passages mean, as embeddings see it, by comparison with subjects of every field (agents/outline.py).

A cosine alone says little: one text is near to everything, another to nothing. So a title's cosine with its category is
told in standard deviations above its mean over all subjects, and two titles are compared beyond what each has in common
with its neighbours (cross-domain similarity local scaling, arXiv 1710.04087).
"""

from collections.abc import Callable, Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from agents.outline import heading, outline, plain
from taxonomy.names import SEPARATOR
from tools.once import once

Vectors = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]
"""n texts -> their unit vectors, float32 [n, dimensions]; each text's is the same whatever stands beside it."""

NEAREST = 100
"""Subjects of the outline nearest to a title whose mean cosine tells how broad it is."""
NEIGHBOURS = 5
"""Titles around a title that tell how crowded it is there."""
TWINS = 0.95
"""Titles with such a cosine are one title, differently spelled, and not each other's neighbours."""
REMEMBERED = 20_000


class Meaning:
    """An embedding of words with the outline in it. Vectors are remembered by text."""

    def __init__(self, embed: Embed) -> None:
        self._embed = embed
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

    def breadth(self, titles: Sequence[str], category: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Two signs of a broad title, each [n]: the mean cosine with the subjects nearest to it (a broad title is near to
        many), and how much nearer it is to the name of a whole field than to its category's.
        """
        vectors = self.vectors(titles)
        nearest = np.sort(vectors @ self.names.T, axis=1)[:, -NEAREST:].mean(axis=1)
        above = (vectors @ self.fields.T).max(axis=1) - vectors @ self.vectors([_name(category)])[0]
        return nearest.astype(np.float64), above.astype(np.float64)

    def likeness(self, titles: Sequence[str], around: Sequence[str]) -> NDArray[np.float64]:
        """How alike titles are beyond what each has in common with its neighbours, [n, n]; 0 means: as alike as those.

        `around` are other names in the same place (those of the category and of its siblings); of two titles, neither is
        the other's neighbour.
        """
        vectors = self.vectors(titles)
        cosines = (vectors @ vectors.T).astype(np.float64)
        crowd = np.concatenate([cosines, vectors @ self.vectors([*around]).T], axis=1) if around else cosines
        return local_scaling(cosines, crowd)


def local_scaling(cosines: NDArray[np.float64], crowd: NDArray[np.float64]) -> NDArray[np.float64]:
    """2 cos(a, b) - r(a) - r(b), with r the mean cosine of the `NEIGHBOURS` nearest in `crowd`, a and b left out; [n, n].

    Twins of a (`TWINS`) are left out of its neighbours, or a title proposed twice would be like nothing else.

    `crowd` [n, n + m] begins with the cosines among the titles themselves. Without a neighbour r is the cosine.
    """
    count = len(cosines)
    scaled = np.zeros_like(cosines)
    for a in range(count):
        order = np.argsort(-crowd[a], kind="stable")
        for b in range(count):
            if a == b:
                continue
            near = [crowd[a, place] for place in order if place not in (a, b) and crowd[a, place] < TWINS][:NEIGHBOURS]
            crowded = float(np.mean(near)) if near else cosines[a, b]
            scaled[a, b] += cosines[a, b] - crowded
            scaled[b, a] += cosines[a, b] - crowded
    return scaled


def unit(vectors: Vectors) -> Vectors:
    """Rows of length 1; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1.0), dtype=np.float32)


def _name(path: str) -> str:
    return heading(path.rsplit(SEPARATOR, 1)[-1])
