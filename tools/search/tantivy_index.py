"""The `tantivy` backend: an embedded engine in Rust, for real corpora.

It gets the same words as every other backend, already analysed. tantivy keeps their counts and the length of each text,
rounded to one byte (exact up to 40 words, then within 6 %); our own table (`doc_table`) names the documents. One writer
thread: with several, documents end up in segments that differ from build to build. What is left of such differences (merges
run beside the writer) has no part in the answers: see `tantivy_scoring`. An addition writes new segments beside hard links
of those there are.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from itertools import repeat
from os import cpu_count
from pathlib import Path
from shutil import copyfile, rmtree
from tempfile import gettempdir, mkdtemp
from time import time
from typing import ClassVar, NamedTuple, Self

import tantivy

from litelong import UsageError
from tools.corpus.document import Document
from tools.files import content_hash, ignore
from tools.search.analysis import weighted_words, words
from tools.search.bm25 import TANTIVYS
from tools.search.doc_table import DOC_TABLE, DocTable, DocTableWriter
from tools.search.folder import Manifest, commit, link, read_manifest, remove, writing
from tools.search.hits import Hits, Ranked
from tools.search.interface import AnyQuery, SearchSettings
from tools.search.rescoring import Rescorer, with_bounds
from tools.search.rounding import scores_of
from tools.search.tantivy_scoring import BOUND, NUMBER, TEXT, Found, all_of, fetch, schema
from tools.search.word_table import WORD_TABLE

_HEAP = 256 << 20  # bytes of postings before tantivy writes a segment
_LOCK, _WRITER_LOCK = ".lock", ".tantivy-writer.lock"
_WRITTEN = ("meta.json", ".managed.json", *DOC_TABLE, *WORD_TABLE)  # by an addition too; all other files are linked
_VIEW, _STALE = "litelong-index-", 3600.0  # seconds; a view is needed for milliseconds
_LEAST_BATCH = 64  # queries a thread is worth starting for


class _Reader(NamedTuple):
    """One state of the index: what is searched, and the table that names what is found."""

    searcher: tantivy.Searcher
    table: DocTable
    rescorer: Rescorer | None  # for other k1 and b than tantivy's


class TantivyIndex:
    """A `SearchIndex` in a folder of tantivy's files."""

    backend: ClassVar[str] = "tantivy"

    def __init__(self, path: Path, manifest: Manifest) -> None:
        """Use `open` or `build`."""
        self.path = path
        self.settings = manifest.settings
        self._reader: _Reader | None = _read(path, manifest)

    @classmethod
    def build(
        cls,
        documents: Iterable[Document],
        path: Path,
        settings: SearchSettings,
        tick: Callable[[int], None] = ignore,
        chosen: str = "by name",
    ) -> Self:
        """See `SearchIndex.build`. `chosen` is kept in the manifest."""
        settings = replace(settings, backend=cls.backend)
        with writing(path) as data:
            index = tantivy.Index(schema(rescored(settings)), str(data))
            total = _write(index, data, documents, settings, tick)
            manifest = commit(path, data, settings, total, chosen)
        return cls(path, manifest)

    @classmethod
    def open(cls, path: Path) -> Self:
        """See `SearchIndex.open`."""
        manifest = read_manifest(path)
        if manifest.backend != cls.backend:
            raise UsageError(f"search index {path}: built with {manifest.backend[:80]!r}, not {cls.backend!r}")
        return cls(path, manifest)

    def add(self, documents: Iterable[Document], tick: Callable[[int], None] = ignore) -> None:
        """See `SearchIndex.add`. Add thousands of documents at once rather than one by one."""
        with writing(self.path) as data:
            before = read_manifest(self.path)
            old = self.path / before.data
            for file in old.iterdir():
                if not file.name.endswith(_LOCK):
                    written = file.name in _WRITTEN
                    (copyfile if written else link)(file, data / file.name)
            total = _write(tantivy.Index.open(str(data)), data, documents, self.settings, tick)
            manifest = commit(self.path, data, self.settings, total, before.chosen)
            self._reader = _read(self.path, manifest)

    def search(self, query: AnyQuery, k: int) -> Hits:
        """See `SearchIndex.search`. Scores have 11 significant bits (`tantivy_scoring`)."""
        if k < 1:
            raise ValueError(f"k is the number of hits wanted, 1 or more, not {k}")
        searcher, table, rescorer = self._open()
        terms = weighted_words(query, self.settings.analysis)
        if rescorer:
            found = rescorer.top(searcher, terms, k)
            return Hits(range(1, min(k, len(found.numbers)) + 1), lambda: _ranked(table, found))
        fetched = fetch(searcher, terms, k)
        return Hits(range(1, min(k, len(fetched.hits)) + 1), lambda: _ranked(table, fetched.found()))

    def search_many(self, queries: Sequence[AnyQuery], k: int) -> list[Hits]:
        """See `SearchIndex.search_many`. tantivy lets other threads run while it searches, so each core takes a part."""
        threads = min(cpu_count() or 1, len(queries) // _LEAST_BATCH)
        if threads < 2:
            return [self.search(query, k) for query in queries]
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(lambda query: self.search(query, k), queries))

    def document_frequency(self, word: str) -> int:
        """See `SearchIndex.document_frequency`."""
        terms = sorted(set(words(word, self.settings.analysis)))
        if len(terms) < 2:
            return sum(self.document_frequencies(terms))
        searcher = self._open().searcher
        return int(searcher.search(all_of(terms), 1).count)  # type: ignore[attr-defined]  # missing from its stubs

    def document_frequencies(self, terms: Sequence[str]) -> list[int]:
        """See `SearchIndex.document_frequencies`."""
        searcher = self._open().searcher
        return [searcher.doc_freq(TEXT, term) for term in terms]

    def __len__(self) -> int:
        return len(self._open().table)

    def close(self) -> None:
        """See `SearchIndex.close`."""
        self._reader = None

    def _open(self) -> _Reader:
        if self._reader is None:
            raise ValueError(f"search index {self.path}: it was closed")
        return self._reader


def _ranked(table: DocTable, found: Found) -> Ranked:
    order = table.order(found.numbers, found.steps)
    return Ranked(table, found.numbers[order], scores_of(found.steps[order]))


def _write(
    index: tantivy.Index,
    data: Path,
    documents: Iterable[Document],
    settings: SearchSettings,
    tick: Callable[[int], None],
) -> int:
    """Append `documents` to the files in `data`. Returns how many are there now."""
    _unwatched(index)
    splitter = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
    index.register_tokenizer("words", splitter)
    writer = index.writer(heap_size=_HEAP, num_threads=1)
    try:
        with DocTableWriter(data) as table:
            first = len(table)
            texts = _analysed(documents, table, settings.analysis, tick)
            bounded = with_bounds(texts, data, settings.constants) if rescored(settings) else zip(texts, repeat(None))
            for number, (text, bound) in enumerate(bounded, first):
                entry = tantivy.Document()
                entry.add_text(TEXT, " ".join(text))
                entry.add_unsigned(NUMBER, number)
                if bound is not None:
                    entry.add_float(BOUND, bound)
                writer.add_document(entry)
        writer.commit()
    finally:
        writer.wait_merging_threads()
        (data / _WRITER_LOCK).unlink(missing_ok=True)
    return len(table)


def _analysed(
    documents: Iterable[Document], table: DocTableWriter, analysis: str, tick: Callable[[int], None]
) -> Iterator[list[str]]:
    for document in documents:
        table.append(document.doc_id, content_hash(document.text))
        yield words(document.text, analysis)
        tick(1)


def _read(path: Path, manifest: Manifest) -> _Reader:
    data = path / manifest.data
    try:
        searcher, table = searcher_of(data), DocTable(data)
        rescorer = Rescorer(data, manifest.settings.constants) if rescored(manifest.settings) else None
    except (ValueError, OSError) as error:
        raise UsageError(f"search index {path}: tantivy cannot read it ({error!s:.200}); build it again") from error
    if {searcher.num_docs, len(table), len(rescorer or table)} != {manifest.documents}:
        raise UsageError(
            f"search index {path}: it holds {searcher.num_docs} documents, its manifest says {manifest.documents}; build it again"
        )
    return _Reader(searcher, table, rescorer)


def searcher_of(data: Path) -> tantivy.Searcher:
    """A searcher over tantivy's files in the folder `data`, as they are now; nothing is written there.

    tantivy takes a lock file even to read, and may take it again from a thread a moment later. It gets a folder of links of its
    own, which is removed at once: the files are mapped by then. So an index may lie where nobody can write.
    """
    _remove_stale_views()
    view = Path(mkdtemp(prefix=_VIEW))
    try:
        for file in data.iterdir():
            if not file.name.endswith(_LOCK):
                (view / file.name).symlink_to(file.resolve())
        return _unwatched(tantivy.Index.open(str(view))).searcher()
    finally:
        remove(view)


def _remove_stale_views() -> None:
    """What processes that were killed while they opened an index have left: folders of links."""
    for entry in Path(gettempdir()).glob(f"{_VIEW}*"):
        with suppress(OSError):  # another user's, or another process is faster
            if time() - entry.lstat().st_mtime > _STALE:
                rmtree(entry)


def rescored(settings: SearchSettings) -> bool:
    """Whether documents are scored with other constants than tantivy's, by `Rescorer`."""
    return settings.constants != TANTIVYS


def _unwatched(index: tantivy.Index) -> tantivy.Index:
    """Without the thread that looks for commits."""
    index.config_reader("manual")
    return index
