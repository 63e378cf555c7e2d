"""Opening and building an index without naming a backend: the one place that knows which backends there are."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from pathlib import Path

from litelong import UsageError
from tools.corpus.document import Document
from tools.files import ignore
from tools.search.folder import read_manifest
from tools.search.interface import SearchIndex, SearchSettings

AUTO = "whoosh"
BACKENDS = ("whoosh",)


def open_index(path: Path) -> SearchIndex:
    """Open the index in the folder `path` with the backend that built it. Raises `UsageError` when there is no whole one."""
    return _backend(read_manifest(path).backend).open(path)


def build_index(
    documents: Iterable[Document], path: Path, settings: SearchSettings, tick: Callable[[int], None] = ignore
) -> SearchIndex:
    """Index `documents` into the folder `path`. `tick` gets the number of documents just indexed.

    Raises `UsageError` for an unknown backend, or when `path` holds something else than an index.
    """
    return _backend(settings.backend).build(documents, path, settings, tick)


def _backend(name: str) -> type[SearchIndex]:
    if (AUTO if name == "auto" else name) == "whoosh":
        from tools.search.whoosh_index import WhooshIndex

        return WhooshIndex
    near = get_close_matches(name, ("auto", *BACKENDS), 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise UsageError(f"search.backend: there is no {name[:80]!r}, only auto, {', '.join(BACKENDS)}{hint}")
