"""The figures that scores are made of (agents/scoring.py), for each proposal of a debate and for each two of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, log1p, sqrt

import numpy as np
from numpy.typing import NDArray

from agents.library import Library
from agents.meaning import unit
from agents.messages import Brief
from agents.outline import generality, spoken
from agents.reading import overlap
from tools.search import words
from tools.search.topic_search import Found

TOP = 50
"""Two topics are compared by their best documents: deeper down, every topic of a category meets every other."""
LEAST_FILLED, MOST_FILLED = 0.1, 3.0
"""Bounds of what is filled, as a share of the target, before its logarithm is taken."""

HOLDS = (0.6, 0.8)
"""Shares of a title's weight. A document with half of it often has one of two words ("Motion capture acting"); where hardly
any document has nearly all of it, the corpus has the words and not the subject."""

Pairs = dict[str, NDArray[np.float64]]
"""Figures for each two proposals: name -> [n, n], symmetric."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What looking one title up gave: its documents, how far they are on the category, and what of them speaks of it.

    `supported` and `held` are tokens: of documents that speak of the title, and of those that have each of `HOLDS` of it.
    """

    title: str
    found: Found
    bare: Found
    on_category: float
    lift: float
    coverage: float
    supported: int
    held: tuple[int, ...]


def figures_of_each(library: Library, brief: Brief, looked: Sequence[Looked]) -> list[dict[str, float]]:
    """For each title the figures that this library can tell: without embeddings fewer."""
    rows = [
        {
            "lift": log1p(one.lift),
            "share": sqrt(one.on_category),
            "coverage": one.coverage,
            "filled": _filled(one.supported, library.target_tokens),
            **{
                f"filled_{share}": _filled(held, library.target_tokens)
                for share, held in zip(HOLDS, one.held, strict=True)
            },
            **generality(one.title),
        }
        for one in looked
    ]
    meaning = library.meaning
    if meaning is None or not looked:
        return rows
    titles = [spoken(one.title) for one in looked]
    said = np.stack([library.passage_vector(one.title) for one in looked])
    near_many, above = meaning.breadth(titles, brief.category)
    told = {
        "title": meaning.closeness(meaning.vectors(titles), brief.category),
        "passages": meaning.closeness(unit(said), brief.category),
        "like_category": unit(said - library.common_vector)
        @ unit(library.category_vector(brief.category) - library.common_vector),
        "near_many": near_many,
        "above": above,
    }
    if meaning.closer:
        told["minilm_title"] = meaning.closer.closeness(meaning.closer.vectors(titles), brief.category)
        told["minilm_said"] = np.array([library.said(one.title) for one in looked])
        told["minilm_above"] = meaning.closer.breadth(titles, brief.category)[1]
    return [{**row, **{name: float(values[n]) for name, values in told.items()}} for n, row in enumerate(rows)]


def figures_of_pairs(library: Library, brief: Brief, looked: Sequence[Looked]) -> Pairs:
    """For each two titles the figures that this library can tell: without embeddings fewer."""
    documents = [frozenset(one.bare.doc_ids[:TOP]) for one in looked]
    pairs: Pairs = {
        "shared_words": _table([[shared_words(a.title, b.title) for b in looked] for a in looked]),
        "documents": _table([[overlap(a, b) for b in documents] for a in documents]),
    }
    meaning = library.meaning
    if meaning is None or not looked:
        return pairs
    titles, around = [spoken(one.title) for one in looked], (brief.name, *brief.avoid)
    pairs["titles"] = meaning.likeness(titles, around)
    if meaning.closer:
        pairs["minilm_titles"] = meaning.closer.likeness(titles, around)
    pairs["differ"] = (meaning.closer or meaning).difference(titles)
    # How much less the other's passages speak of a title than its own do, in both directions.
    said = unit(np.stack([library.passage_vector(one.title) for one in looked]))
    speak = (meaning.vectors(titles) @ said.T).astype(np.float64)
    less = speak - np.diag(speak)[:, None]
    pairs["cross"] = (less + less.T) / 2
    return pairs


def _filled(tokens: int, target_tokens: int) -> float:
    return log(LEAST_FILLED + min(MOST_FILLED, tokens / target_tokens))


def shared_words(one: str, other: str) -> float:
    """Jaccard overlap of two titles' stems, 0 to 1; without any, whether they are the same."""
    a, b = set(words(one)), set(words(other))
    return overlap(a, b) if a or b else float(one == other)


def _table(rows: list[list[float]]) -> NDArray[np.float64]:
    return np.asarray(rows, dtype=np.float64).reshape(len(rows), len(rows))
