"""An indexed corpus: the documents, the catalogue of where each lies, and the BM25 index over them, in one folder.

    INDEX/index.json                     how the corpus was read, its sources and fingerprint, counts, name of the data folder
    INDEX/data-00001/documents.sqlite    the catalogue
    INDEX/data-00001/blocks/             texts of compressed inputs
    INDEX/data-00001/bm25/               the search index

The folder is built under a temporary name and renamed, so a killed build leaves no index rather than half of one, and is
begun again. What is in a data folder never changes; `tools.growing` makes the next one, and `index.json` then names that.
"""

import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

import orjson

from litelong import UsageError
from tools.corpus import Catalog, CatalogCounts, Corpus, Entry, fetch_texts, open_corpus
from tools.corpus.sources import fingerprint_of
from tools.files import ignore, make_folders, remove_empty, sync, write_atomic
from tools.search import SearchIndex, SearchSettings, build_index, open_index

FORMAT = 2
RECORD = "index.json"
FIRST_DATA = "data-00001"
_DATA = re.compile(r"data-[0-9]{5,9}")
CATALOG, BLOCKS, BM25 = "documents.sqlite", "blocks", "bm25"


@dataclass(frozen=True, slots=True)
class CorpusSpec:
    """How a corpus is read: what `open_corpus` needs, absolute, so that an index can reopen its corpus."""

    paths: tuple[str, ...]
    text_field: str | None = None
    id_field: str | None = None
    name: str = "corpus"
    binary_files: str = "error"
    source_field: str | None = None

    def open(self, blocks: Path | None) -> Corpus:
        """Open the corpus; `blocks` is where texts of compressed inputs lie. Raises `UsageError`."""
        return open_corpus(
            list(self.paths),
            base=Path.cwd(),
            text_field=self.text_field,
            id_field=self.id_field,
            source_field=self.source_field,
            name=self.name,
            blocks=blocks,
            binary_files=self.binary_files,
        )


@dataclass(frozen=True, slots=True)
class Record:
    """What `index.json` says: `sources` are the stamps of the corpus's sources, in order, when they were read."""

    spec: CorpusSpec
    search: SearchSettings
    sources: tuple[str, ...]
    counts: CatalogCounts
    data: str

    @property
    def fingerprint(self) -> str:
        """That of the corpus as it was read."""
        return fingerprint_of(self.sources)

    def write(self, folder: Path) -> None:
        """Replace the `index.json` of a folder, durably and at once: from then on it says what the index consists of."""
        fields = {"format": FORMAT, **asdict(self), "counts": self.counts._asdict(), "fingerprint": self.fingerprint}
        write_atomic(folder / RECORD, orjson.dumps(fields, option=orjson.OPT_INDENT_2))


def read_record(path: Path) -> Record:
    """Raises `UsageError` when there is no index in `path`, a damaged one, or one of another format."""
    try:
        fields: dict[str, Any] = orjson.loads((path / RECORD).read_bytes())
        if fields["format"] != FORMAT:
            raise UsageError(f"{path}: index of format {fields['format']}, this version reads {FORMAT}: build it again")
        spec = fields["spec"]
        return Record(
            CorpusSpec(**{**spec, "paths": tuple(spec["paths"])}),
            SearchSettings(**fields["search"]),
            tuple(map(str, fields["sources"])),
            CatalogCounts(**fields["counts"]),
            _data_name(fields["data"]),
        )
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(
            f"{path}: no index here (no {RECORD}); build one with `litelong index CORPUS --out {path}`"
        ) from None
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, OSError) as error:
        raise UsageError(f"{path}/{RECORD}: damaged ({error}): build the index again") from None


def _data_name(name: object) -> str:
    if not isinstance(name, str) or not _DATA.fullmatch(name):
        raise TypeError(f"no data folder: {name!r:.80}")
    return name


@dataclass(frozen=True, slots=True)
class IndexedCorpus:
    """A corpus with its catalogue and index; documents are named by `doc_id` everywhere."""

    path: Path
    record: Record
    corpus: Corpus
    catalog: Catalog
    index: SearchIndex

    @property
    def spec(self) -> CorpusSpec:
        return self.record.spec

    @property
    def settings(self) -> SearchSettings:
        return self.record.search

    @property
    def fingerprint(self) -> str:
        return self.record.fingerprint

    def counts(self) -> CatalogCounts:
        return self.catalog.counts()

    def texts(self, doc_ids: Sequence[str]) -> list[str]:
        """The texts of `doc_ids`, in the order asked. Raises `UsageError` when one changed since it was indexed."""
        entries = self.catalog.entries(doc_ids)
        found = {entry.doc_id: text for entry, text in fetch_texts(self.corpus, entries)}
        return [found[entry.doc_id] for entry in entries]

    def titles(self, doc_ids: Sequence[str]) -> list[str]:
        return [entry.title for entry in self.catalog.entries(doc_ids)]

    def characters(self, doc_ids: Sequence[str]) -> list[int]:
        return [entry.n_chars for entry in self.catalog.entries(doc_ids)]

    def origins(self, doc_ids: Sequence[str]) -> list[str]:
        """The part of the corpus that each is from: see `Document.origin`."""
        return [entry.origin for entry in self.catalog.entries(doc_ids)]

    def sample(self, n: int) -> list[str]:
        """The `n` documents that come first by content hash: the same ones however the corpus is laid out in files."""
        return [entry.doc_id for entry in islice(self.catalog.all_entries(), n)]

    def entries(self, doc_ids: Iterable[str] | None = None, scratch: Path | None = None) -> Iterator[Entry]:
        """Catalogue entries in content-hash order, each once: of `doc_ids`, or of every document.

        What very many `doc_ids` take lies in files without a name in `scratch`.
        """
        if doc_ids is None:
            return self.catalog.all_entries()
        return self.catalog.ordered(doc_ids, scratch)

    def check_unchanged(self, advice: str = "") -> None:
        """Raise `UsageError` when the corpus is not what was indexed: something was added, changed or removed since.

        `advice` says what to do, where that is not to bring the index up to date.
        """
        now = self.corpus.stamps()
        if fingerprint_of(now) == self.fingerprint:
            return
        pairs = zip_longest(self.record.sources, now, self.corpus.sources)
        number, source = next(((n, s) for n, (old, new, s) in enumerate(pairs) if old != new), (0, None))
        where = source.label if source else self.record.sources[number].partition(" ")[0]
        advice = (
            advice or f"`litelong index --add --out {self.path}` adds what is new; after other changes build it anew"
        )
        raise UsageError(f"{self.path}: the corpus changed since it was indexed (first difference: {where}); {advice}")

    def close(self) -> None:
        self.index.close()
        self.catalog.close()


def build(spec: CorpusSpec, out: Path, settings: SearchSettings, tick: Callable[[int], None] = ignore) -> IndexedCorpus:
    """Read the corpus once and build `out`. `tick` is called with the number of documents just indexed.

    Raises `UsageError` for a corpus without a document, and where `out` cannot be written; then nothing is left behind.
    """
    temporary = out.absolute().with_name(f".{out.name}.building")
    shutil.rmtree(temporary, ignore_errors=True)
    data = temporary / FIRST_DATA
    try:
        created = make_folders(temporary)
    except OSError as error:
        raise UsageError(f"{out.parent}: cannot be written ({error.strerror}); choose another folder") from None
    try:
        data.mkdir()
        corpus = spec.open(data / BLOCKS)
        stamps = corpus.stamps()
        with Catalog.create(data / CATALOG) as catalog:
            documents = catalog.admit(corpus.read())
            build_index(documents, data / BM25, settings, tick).close()
            counts = catalog.counts()
            if counts.documents == 0:
                rejected = next(iter(catalog.rejects()), None)
                why = f"; first reject: {rejected.where}: {rejected.reason}" if rejected else ""
                raise UsageError(
                    f"corpus {', '.join(spec.paths)}: no document in {counts.read:,} rows read{why}; add texts, or name "
                    "the column with corpus.text_field"
                )
        Record(spec, settings, tuple(stamps), counts, FIRST_DATA).write(temporary)
        temporary.rename(out)
        sync(out.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        remove_empty(created[1:])
    return open_indexed(out)


def open_indexed(path: Path) -> IndexedCorpus:
    """Open a folder that `build` has made. Raises `UsageError` when it is missing, foreign or of another format."""
    record = read_record(path)
    data = path / record.data
    corpus = record.spec.open(data / BLOCKS)
    catalog = Catalog.open(data / CATALOG)
    try:
        return IndexedCorpus(path, record, corpus, catalog, open_index(data / BM25))
    except BaseException:
        catalog.close()
        raise
