"""Reading what search found: does a document really speak of a title, or does it only share a common word with it?

BM25 scores rank documents against each other; they do not say whether the best one is about the title at all. So a few of
the documents are read, and the title's words are looked for close together.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from math import log

from tools.search import words

SPEAKS = 0.5
"""A text speaks of a title when half of the title's weight stands close together in it."""
WINDOW = 30
"""Words within which a title's words must stand to count together: about two sentences."""


_WRITTEN = re.compile(r"[^\W_]+")


def word_weights(title: str, document_frequency: Callable[[str], int], documents: int) -> dict[str, float]:
    """Inverse document frequency of each distinct stem: rare words carry a title's meaning, unknown ones the most.

    `document_frequency` is asked for words as they are written: a stem is no word, and would be stemmed once more.
    """
    weights: dict[str, float] = {}
    for written in _WRITTEN.findall(title):
        for stem in words(written):
            weights.setdefault(stem, log(1.0 + documents / (document_frequency(written) + 0.5)))
    return weights


def coverage(weights: Mapping[str, float], read: Sequence[str], window: int = WINDOW) -> float:
    """The largest share (0 to 1) of the title's weight that stands within `window` consecutive words of a text."""
    total = sum(weights.values())
    places = [(place, word) for place, word in enumerate(read) if word in weights]
    inside: Counter[str] = Counter()
    weight = best = 0.0
    first = 0
    for place, word in places:
        if not inside[word]:
            weight += weights[word]
        inside[word] += 1
        while place - places[first][0] >= window:
            gone = places[first][1]
            inside[gone] -= 1
            if not inside[gone]:
                weight -= weights[gone]
            first += 1
        best = max(best, weight)
    return best / total if total else 0.0


def to_read(count: int, best: int, spread: int) -> tuple[list[int], list[int]]:
    """Which of `count` ranked documents are read: the `best` first ones, and `spread` more evenly over the rest."""
    head = list(range(min(best, count)))
    rest = count - len(head)
    if rest <= spread:
        return head, list(range(len(head), count))
    return head, [len(head) + (2 * i + 1) * rest // (2 * spread) for i in range(spread)]


def overlap(one: AbstractSet[object], other: AbstractSet[object]) -> float:
    """Jaccard overlap of two sets, 0 to 1; nothing has nothing in common with nothing."""
    return len(one & other) / len(one | other) if one or other else 0.0


FACETS = re.compile(r",\s*(?:and\s+)?|\s+and\s+|\s+or\s+|\s*&\s*|;\s*", re.IGNORECASE)
UNIT_WORDS = 80
"""A longer line is read in pieces that end with a sentence, of about so many words."""
_SENTENCE = re.compile(r"(?<=[.!?;])\s+")


def facets(name: str) -> list[str]:
    """The things that a name lists: "Rivers, Lakes and Wetlands" is about any of three."""
    return [part for part in FACETS.split(name) if part.strip()]


def units(text: str) -> list[str]:
    """The text's lines that are not empty; long ones in pieces of whole sentences, about `UNIT_WORDS` words each."""
    found: list[str] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        piece: list[str] = []
        size = 0
        for sentence in _SENTENCE.split(line):
            length = sentence.count(" ") + 1
            if piece and size + length > UNIT_WORDS:
                found.append(" ".join(piece))
                piece, size = [], 0
            piece.append(sentence)
            size += length
        found.append(" ".join(piece))
    return found


def near(scores: Sequence[float], least: float) -> list[int]:
    """Places whose score is at least `least`, with their neighbours: what stands beside a mention belongs to it."""
    hit = {place for place, score in enumerate(scores) if score >= least}
    return sorted({other for place in hit for other in (place - 1, place, place + 1) if 0 <= other < len(scores)})
