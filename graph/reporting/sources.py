"""Titles and sources of a run's documents, from the catalogue of its index: the corpus itself is not needed."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from posixpath import commonpath

from graph.config import Config
from graph.reporting.files import of_the_run
from graph.rundir import RunDir
from litelong import UsageError
from tools.corpus import Catalog
from tools.indexed import CATALOG, RECORD, read_record
from tools.report.text import one_line

_STAMP = re.compile(r"(.+?) (?:\d+ [0-9a-f]+ .*|[0-9a-f]{32})", re.DOTALL)
"""A source's stamp: its label, then sizes and digests."""


class Origins:
    """Without a catalogue (None) nothing is known but the ids."""

    def __init__(self, run: RunDir, catalog: Catalog | None, names: Sequence[str], only: str) -> None:
        self._run = run
        self._catalog = catalog
        self._names = names
        self._only = only

    def sources(self, doc_ids: Sequence[str]) -> list[str]:
        """The part of the corpus that each document is from: its `source_field`, else its file, else the corpus."""
        if self._catalog is None:
            return [self._only] * len(doc_ids)
        with of_the_run(self._run, "the index"):
            return [_short(e.origin) if e.origin else self._names[e.source] for e in self._catalog.entries(doc_ids)]

    def titles(self, doc_ids: Sequence[str]) -> list[str]:
        """Titles in the order asked."""
        if self._catalog is None:
            return [""] * len(doc_ids)
        with of_the_run(self._run, "the index"):
            return [entry.title for entry in self._catalog.entries(doc_ids)]

    def rejects(self) -> Counter[str]:
        """Why rows and files of the corpus were rejected, and how many."""
        if self._catalog is None:
            return Counter()
        with of_the_run(self._run, "the index"):
            return Counter(_short(reject.reason.partition(":")[0]) for reject in self._catalog.rejects())


@lru_cache(1024)
def _short(name: str) -> str:
    return one_line(name, 100)


@contextmanager
def open_origins(run: RunDir, config: Config, warnings: list[str]) -> Iterator[Origins]:
    """The catalogue of the run's index. Where there is none any more, a warning says what is left out."""
    folder = Path(config.search.index) if config.search.index else run.path / "index"
    if not (folder / RECORD).exists():
        warnings.append("Titles and sources of documents are left out, because the run's index is no longer there.")
        yield Origins(run, None, (), config.corpus.source)
        return
    try:
        record = read_record(folder)
        catalog = Catalog.open(folder / record.data / CATALOG)
    except UsageError as error:
        raise UsageError(f"{error}; or remove {folder}, and the page leaves titles and sources out") from None
    with catalog:
        yield Origins(run, catalog, source_names(record.sources, config.corpus.source), config.corpus.source)


def source_names(stamps: Sequence[str], corpus: str) -> list[str]:
    """A name for each source: its path without the folders that all share; of a single one, the corpus's own name."""
    if len(stamps) < 2:
        return [corpus] * len(stamps)
    labels = [found[1] if (found := _STAMP.fullmatch(stamp)) else stamp.partition(" ")[0] for stamp in stamps]
    paths = [label for label in labels if label.startswith("/")]
    shared = commonpath([str(Path(path).parent) for path in paths]) if paths else ""
    return [one_line(label.removeprefix(shared).lstrip("/"), 100) for label in labels]
