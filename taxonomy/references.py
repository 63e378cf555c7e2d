"""Where `see also` and `see` references lead: from their words to categories, within one list.

A reference is written whole (`RELIGION / Wicca`) or relative to the section it stands in (`Film / Genres / Animated`),
and one bracket may hold several (`Animals or Technology`). Names hold commas and "and" themselves (`BODY, MIND &
SPIRIT`), so a text is cut only where every piece leads somewhere, in as few pieces as possible.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from taxonomy.literals import reference, split_path
from taxonomy.names import SEPARATOR, path_key

_CUT = re.compile(r"\s*;\s*|\s*,\s+(?:or\s+|and\s+)?|\s+or\s+|\s+and\s+")
_MOST_PIECES = 12
"""No bracket lists more; it bounds the work that a hostile cell can cause."""


class References:
    """Looks references up among the categories of one list, and its aliases."""

    def __init__(self, by_key: Mapping[str, str], sections: Sequence[str]) -> None:
        """`by_key` maps path keys to paths (aliases to what they stand for), `sections` are the names of the topmost."""
        self._by_key = by_key
        self._sections = frozenset(sections)

    def resolve(self, text: str, source: Sequence[str]) -> tuple[list[tuple[str, bool]], list[str]]:
        """What `text`, found at the category of these names, refers to, and the pieces that lead nowhere.

        Each target is a path and whether only what lies under it is meant. "Headings under" counts for all pieces after it.
        """
        body, under = reference(text)
        found = self._path(body, source)
        if found:
            return [(found, under)], []
        pieces, cuts = _pieces(body)
        best: list[tuple[int, tuple[str, ...], tuple[str, ...]]] = [(0, (), ())]
        for end in range(1, len(pieces) + 1):
            options = []
            for start in range(end):
                joined = "".join(pieces[start] + "".join(cuts[at] + pieces[at + 1] for at in range(start, end - 1)))
                path = self._path(reference(joined)[0], source)
                lost, paths, words = best[start]
                if path:
                    options.append((lost, (*paths, path), words))
                elif start == end - 1:
                    options.append((lost + 1, paths, (*words, joined)))
            best.append(min(options, key=lambda option: (option[0], len(option[1]))))
        _, paths, words = best[-1]
        if not paths:
            return [], [body]
        return [(path, under) for path in dict.fromkeys(paths)], list(words)

    def _path(self, text: str, source: Sequence[str]) -> str | None:
        """The path that one reference means. A reference never leads to where it stands."""
        found = self._named(split_path(text), source)
        return found or (self._named(tuple(filter(None, text.split("/"))), source) if "/" in text else None)

    def _named(self, names: Sequence[str], source: Sequence[str]) -> str | None:
        here = path_key(SEPARATOR.join(source))
        for scope in _scopes(names, source, self._sections) if names else ():
            key = path_key(SEPARATOR.join([*scope, *names]))
            for candidate in (key, key.removesuffix("/general")):
                if candidate != here and candidate in self._by_key:
                    return self._by_key[candidate]
        return None


def _scopes(names: Sequence[str], source: Sequence[str], sections: frozenset[str]) -> Iterator[Sequence[str]]:
    """Where to look, in order: capitals that are a section's name are one; otherwise this section, nearer ones, the list."""
    whole = bool(names) and names[0] in sections and names[0].isupper()
    if whole:
        yield ()
    if source:
        yield source[:1]
    for depth in range(len(source) - 1, 1, -1):
        yield source[:depth]
    if not whole:
        yield ()


def _pieces(text: str) -> tuple[list[str], list[str]]:
    """The text cut wherever it could be, and what stood at each cut."""
    pieces: list[str] = []
    cuts: list[str] = []
    at = 0
    for cut in _CUT.finditer(text):
        if len(pieces) == _MOST_PIECES - 1:
            break
        pieces.append(text[at : cut.start()])
        cuts.append(cut[0])
        at = cut.end()
    return [*pieces, text[at:]], cuts
