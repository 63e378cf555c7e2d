"""Titles and sources of a run's documents, from the catalogue of its index: the corpus itself is not needed."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from graph.config import Config
from graph.reporting.files import of_the_run
from graph.rundir import RunDir
from litelong import UsageError
from tools.corpus import Catalog
from tools.indexed import CATALOG, RECORD, read_record
from tools.report.text import one_line


class Origins:
    """Without a catalogue (None) nothing is known but the ids."""

    def __init__(self, run: RunDir, catalog: Catalog | None, corpus: str, *, grown: bool = False) -> None:
        self._run = run
        self._catalog = catalog
        self._corpus = corpus
        self._grown = grown

    def sources(self, doc_ids: Sequence[str]) -> list[str]:
        """The part of the corpus that each document is from (`Document.origin`); the corpus, where nothing is known."""
        if self._catalog is None:
            return [self._corpus] * len(doc_ids)
        with of_the_run(self._run, "the index"):
            return [_short(entry.origin) for entry in self._catalog.entries(doc_ids)]

    def titles(self, doc_ids: Sequence[str]) -> list[str]:
        """Titles in the order asked."""
        if self._catalog is None:
            return [""] * len(doc_ids)
        with of_the_run(self._run, "the index"):
            return [entry.title for entry in self._catalog.entries(doc_ids)]

    def rejects(self) -> Counter[str]:
        """Why rows and files of the corpus were rejected, and how many; nothing when the index was added to since the run."""
        if self._catalog is None or self._grown:
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
        yield Origins(run, None, config.corpus.source)
        return
    try:
        record = read_record(folder)
        catalog = Catalog.open(folder / record.data / CATALOG)
    except UsageError as error:
        raise UsageError(f"{error}; or remove {folder}, and the page leaves titles and sources out") from None
    with catalog:
        grown = record.fingerprint != run.manifest.get("corpus_fingerprint")
        yield Origins(run, catalog, config.corpus.source, grown=grown)
