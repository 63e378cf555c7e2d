"""The piece of a text that shows best why a query found it, and which of its words the query asked for."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from tools.search.analysis import words

WIDTH = 240
"""Characters of a snippet."""
LOOKED_AT = 1_000_000
"""Characters of a text in which the best piece is looked for."""
_TOKEN = re.compile(r"[^\W_]+")


class Snippet(NamedTuple):
    """A piece of text on one line; `marks` are (start, end) of the query's words in it, ascending. `…` where it is cut."""

    text: str
    marks: tuple[tuple[int, int], ...]


class _Match(NamedTuple):
    start: int
    end: int
    words: tuple[str, ...]


def snippet(
    text: str,
    query: str,
    weight: Callable[[str], float] = lambda _: 1.0,
    *,
    width: int = WIDTH,
    analyse: Callable[[str], list[str]] = words,
) -> Snippet:
    """The first piece of at most `width` characters with the greatest weight of different query words in it.

    `weight` gives a word's weight by its stem (rare words should weigh more). Without a match: how the text begins.
    """
    wanted = frozenset(analyse(query))
    matches = list(_matches(text[:LOOKED_AT], wanted, analyse))
    start = _best_start(matches, weight, width)
    if matches and start > 0:
        # Some words before the first match, so that it can be read.
        start = max(0, start - width // 6)
    piece = text[start : start + width + 1]
    cut_left, cut_right = start > 0, len(piece) > width
    piece = _whole_words(
        piece[:width], cut_left and not text[start - 1].isspace(), cut_right and not piece[width].isspace()
    )
    line = " ".join(piece.split())
    line = ("… " if cut_left else "") + line + (" …" if cut_right else "")
    return Snippet(line, tuple((m.start, m.end) for m in _matches(line, wanted, analyse)))


def _matches(text: str, wanted: frozenset[str], analyse: Callable[[str], list[str]]) -> Iterator[_Match]:
    known: dict[str, tuple[str, ...]] = {}
    for token in _TOKEN.finditer(text):
        word = token[0]
        stems = known.get(word)
        if stems is None:
            stems = known[word] = tuple(stem for stem in analyse(word) if stem in wanted)
        if stems:
            yield _Match(token.start(), token.end(), stems)


def _best_start(matches: Sequence[_Match], weight: Callable[[str], float], width: int) -> int:
    """Where the best window begins: at the first match in it (0 without a match)."""
    inside: Counter[str] = Counter()
    weights: dict[str, float] = {}
    best, best_start, last = 0.0, 0, 0
    room = width - width // 6
    for first, match in enumerate(matches):
        while last < len(matches) and matches[last].end <= match.start + room:
            inside.update(matches[last].words)
            last += 1
        total = sum(weights.setdefault(w, weight(w)) for w, count in inside.items() if count)
        if total > best + 1e-9:
            best, best_start = total, match.start
        if last > first:
            inside.subtract(match.words)
        else:  # a word longer than the window
            last = first + 1
    return best_start


def _whole_words(piece: str, cut_left: bool, cut_right: bool) -> str:
    """Without the halves of words at its ends, if something is left then."""
    begin = re.search(r"\s", piece) if cut_left else None
    whole = piece[begin.end() :] if begin else piece
    if cut_right and (end := re.search(r"\s\S*\Z", whole)):
        whole = whole[: end.start()]
    return whole if whole.strip() else piece
