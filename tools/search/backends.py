"""Opening and building an index without naming a backend: the one place that knows which backends there are."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from difflib import get_close_matches
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from litelong import UsageError
from tools.corpus.document import Document
from tools.files import ignore
from tools.search.folder import read_manifest
from tools.search.interface import SearchIndex, SearchSettings

BACKENDS = ("whoosh", "tantivy")
WHOOSH_DOCUMENTS, WHOOSH_CHARACTERS = 20_000, 20_000_000
"""`auto` takes Whoosh up to here."""

log = logging.getLogger(__name__)


class Choice(NamedTuple):
    """Which backend `auto` takes for a corpus, and why."""

    backend: str
    why: str


def open_index(path: Path) -> SearchIndex:
    """Open the index in the folder `path` with the backend that built it. Raises `UsageError` when there is no whole one."""
    manifest = read_manifest(path)
    return _backend(manifest.backend).open(path)


def build_index(
    documents: Iterable[Document], path: Path, settings: SearchSettings, tick: Callable[[int], None] = ignore
) -> SearchIndex:
    """Index `documents` into the folder `path`. `tick` gets the number of documents just indexed.

    Raises `UsageError` for an unknown backend, or when `path` holds something else than an index.
    """
    check_backend(settings.backend)
    if settings.backend != "auto":
        return _backend(settings.backend).build(documents, path, settings, tick)
    choice, documents = choose(documents)
    log.info("search index %s: %s", path, choice.why)
    return _backend(choice.backend).build(documents, path, settings, tick, choice.why)


def check_backend(name: str) -> None:
    """Raise `UsageError` when there is no backend of that name."""
    if name not in ("auto", *BACKENDS):
        near = get_close_matches(name, ("auto", *BACKENDS), 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UsageError(f"search.backend: there is no {name[:80]!r}, only auto, {', '.join(BACKENDS)}{hint}")


def settled(settings: SearchSettings, documents: float, characters: float) -> SearchSettings:
    """`settings` with the backend that a corpus of this size gets, for an estimate before it is read."""
    if settings.backend != "auto":
        return settings
    large = documents > WHOOSH_DOCUMENTS or characters > WHOOSH_CHARACTERS
    return replace(settings, backend="tantivy" if large else "whoosh")


def choose(documents: Iterable[Document]) -> tuple[Choice, Iterable[Document]]:
    """The backend for a corpus, and the same documents again. At most `WHOOSH_CHARACTERS` are held in memory meanwhile.

    The totals decide, not which documents come first, so the choice is the same in whatever order a corpus arrives.
    """
    limits = f"{WHOOSH_DOCUMENTS:,} documents and {WHOOSH_CHARACTERS:,} characters"
    held: list[Document] = []
    characters = 0
    stream = iter(documents)
    for document in stream:
        held.append(document)
        characters += len(document.text)
        if len(held) > WHOOSH_DOCUMENTS or characters > WHOOSH_CHARACTERS:
            return Choice("tantivy", f"auto: tantivy, above {limits}"), chain(_emptying(held), stream)
    return Choice("whoosh", f"auto: whoosh, up to {limits}"), held


def unless_outgrown(
    path: Path, documents: Iterator[Document], known: int, characters: int
) -> Iterable[Document] | None:
    """The same documents, to be added to the index in `path`; or None, and they are used up, when it needs another backend.

    That is when `auto` took Whoosh for the `known` documents there (of so many `characters`) and takes tantivy for all of
    them together. At most `WHOOSH_CHARACTERS` are held in memory to find out.
    """
    manifest = read_manifest(path)
    if manifest.backend != "whoosh" or not manifest.chosen.startswith("auto"):
        return documents
    held: list[Document] = []
    for document in documents:
        held.append(document)
        characters += len(document.text)
        if known + len(held) > WHOOSH_DOCUMENTS or characters > WHOOSH_CHARACTERS:
            held.clear()
            for _ in documents:
                pass
            return None
    return held


def _emptying(held: list[Document]) -> Iterator[Document]:
    held.reverse()
    while held:
        yield held.pop()


def _backend(name: str) -> type[SearchIndex]:
    if name == "whoosh":
        from tools.search.whoosh_index import WhooshIndex

        return WhooshIndex
    if name == "tantivy":
        from tools.search.tantivy_index import TantivyIndex

        return TantivyIndex
    raise UsageError(f"the index names a backend {name[:80]!r} that this version does not have; build it again")
