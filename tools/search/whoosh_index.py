"""The `whoosh` backend: embedded, pure Python, no server. Measured on thousands of documents, not yet on a million.

An index holds word counts and field lengths (rounded to one byte: exact up to 10 words, then within 9 %), no positions and no
text; our own table (`doc_table`) names the documents. A build is one writer and one segment, an addition one more segment
beside hard links of those there are: a merge would sum up the rounded lengths, and the scores would depend on how the
documents arrived. A core indexes about 1,000 documents (1.8 MB) a second.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from shutil import copyfile
from threading import Lock
from typing import ClassVar, Self

from whoosh import fields, index
from whoosh.analysis import KeywordAnalyzer
from whoosh.codec.whoosh3 import W3Codec

from litelong import UsageError
from tools.corpus.document import Document
from tools.files import content_hash, ignore
from tools.search.analysis import weighted_words, words
from tools.search.doc_table import DOC_TABLE, DocTableWriter
from tools.search.folder import Manifest, commit, link, read_manifest, writing
from tools.search.hits import Hits
from tools.search.interface import AnyQuery, SearchSettings
from tools.search.whoosh_scoring import TEXT, WhooshScorer

# Chosen by `python -m benchmarks search-whoosh` (docs/search.md): blocks of 2,048 postings are read 10 % faster than
# Whoosh's 128; without compression an index is half as large again and no faster; with 32 MiB to sort in, building takes
# 40 % longer, with 1,024 MiB as long. Positions would make it half as large again, and reading take twice as long.
_BLOCK, _COMPRESSION = 2048, 3
_SORT_MEMORY = 256  # MiB of postings before Whoosh sorts a run onto the disk; runs are merged into the one segment
_WHOOSH_LOCK = "MAIN_WRITELOCK"


class WhooshIndex:
    """A `SearchIndex` in a folder of Whoosh files. One lock around each search makes it thread-safe."""

    backend: ClassVar[str] = "whoosh"

    def __init__(self, path: Path, manifest: Manifest) -> None:
        """Use `open` or `build`."""
        self.path = path
        self.settings = manifest.settings
        self._lock = Lock()
        self._scorer = _scorer(path, manifest)

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
        schema = fields.Schema(**{TEXT: fields.TEXT(analyzer=KeywordAnalyzer(), phrase=False)})
        with writing(path) as data:
            count = _write(index.create_in(str(data), schema), data, documents, settings.analysis, tick)
            _drop_lock(data)
            manifest = commit(path, data, replace(settings, backend=cls.backend), count, chosen)
        return cls(path, manifest)

    @classmethod
    def open(cls, path: Path) -> Self:
        """See `SearchIndex.open`."""
        manifest = read_manifest(path)
        if manifest.backend != cls.backend:
            raise UsageError(f"search index {path}: built with {manifest.backend[:80]!r}, not {cls.backend!r}")
        return cls(path, manifest)

    def add(self, documents: Iterable[Document], tick: Callable[[int], None] = ignore) -> None:
        """See `SearchIndex.add`. Each call adds a segment: add thousands of documents at once rather than one by one."""
        with writing(self.path) as data:
            before = read_manifest(self.path)
            for file in (self.path / before.data).iterdir():
                (copyfile if file.name in DOC_TABLE else link)(file, data / file.name)
            count = _write(index.open_dir(str(data)), data, documents, self.settings.analysis, tick)
            _drop_lock(data)
            manifest = commit(self.path, data, self.settings, count, before.chosen)
        scorer = _scorer(self.path, manifest)
        with self._lock:
            self._scorer.close()
            self._scorer = scorer

    def search(self, query: AnyQuery, k: int) -> Hits:
        """See `SearchIndex.search`."""
        if k < 1:
            raise ValueError(f"k is the number of hits wanted, 1 or more, not {k}")
        terms = weighted_words(query, self.settings.analysis)
        with self._lock:
            return self._scorer.top(terms, k)

    def search_many(self, queries: Sequence[AnyQuery], k: int) -> list[Hits]:
        """See `SearchIndex.search_many`."""
        return [self.search(query, k) for query in queries]

    def document_frequency(self, word: str) -> int:
        """See `SearchIndex.document_frequency`."""
        terms = sorted(set(words(word, self.settings.analysis)))
        with self._lock:
            return self._scorer.document_frequency(terms)

    def document_frequencies(self, terms: Sequence[str]) -> list[int]:
        """See `SearchIndex.document_frequencies`."""
        with self._lock:
            return self._scorer.document_frequencies(terms)

    def __len__(self) -> int:
        return self._scorer.documents

    def close(self) -> None:
        """See `SearchIndex.close`."""
        with self._lock:
            self._scorer.close()


def _scorer(path: Path, manifest: Manifest) -> WhooshScorer:
    try:
        scorer = WhooshScorer(path / manifest.data, manifest.settings)
    except UsageError:
        raise
    except Exception as error:  # Whoosh raises whatever a damaged pickle or a short file makes it stumble over
        raise UsageError(f"search index {path}: Whoosh cannot read it ({error!r:.200}); build it again") from error
    if {scorer.documents, len(scorer.table)} != {manifest.documents}:
        scorer.close()
        raise UsageError(
            f"search index {path}: it holds {scorer.documents} documents, its manifest says {manifest.documents}; build it again"
        )
    return scorer


def _write(
    target: index.FileIndex,
    data: Path,
    documents: Iterable[Document],
    analysis: str,
    tick: Callable[[int], None],
) -> int:
    """Append `documents` to the files in `data`. Returns how many are there now."""
    writer = target.writer(limitmb=_SORT_MEMORY, codec=W3Codec(_BLOCK, _COMPRESSION))
    try:
        with DocTableWriter(data) as table:
            for document in documents:
                table.append(document.doc_id, content_hash(document.text))
                writer.add_document(**{TEXT: words(document.text, analysis)})
                tick(1)
    except BaseException:
        writer.cancel()
        target.close()
        raise
    writer.commit(merge=False)
    target.close()
    return len(table)


def _drop_lock(data: Path) -> None:
    (data / _WHOOSH_LOCK).unlink(missing_ok=True)
