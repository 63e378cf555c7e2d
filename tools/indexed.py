"""An indexed corpus: the documents, the catalogue of where each lies, and the BM25 index over them, in one folder.

    INDEX/index.json         how the corpus was read, its fingerprint, counts (written last: a folder without it is no index)
    INDEX/documents.sqlite   the catalogue          INDEX/blocks/    texts of compressed inputs
    INDEX/bm25/              the search index

The folder is built under a temporary name and renamed, so a killed build leaves no index rather than half of one.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import orjson

from litelong import UsageError
from tools.corpus import Catalog, CatalogCounts, Corpus, Entry, fetch_texts, open_corpus
from tools.files import ignore, make_folders, remove_empty, sync, write_atomic
from tools.search import SearchIndex, SearchSettings, build_index, open_index

FORMAT = 1


@dataclass(frozen=True, slots=True)
class CorpusSpec:
    """How a corpus is read: what `open_corpus` needs, absolute, so that an index can reopen its corpus."""

    paths: tuple[str, ...]
    text_field: str | None = None
    id_field: str | None = None
    name: str = "corpus"
    binary_files: str = "error"

    def open(self, blocks: Path | None) -> Corpus:
        """Open the corpus; `blocks` is where texts of compressed inputs lie. Raises `UsageError`."""
        return open_corpus(
            list(self.paths),
            base=Path.cwd(),
            text_field=self.text_field,
            id_field=self.id_field,
            name=self.name,
            blocks=blocks,
            binary_files=self.binary_files,
        )


@dataclass(frozen=True, slots=True)
class IndexedCorpus:
    """A corpus with its catalogue and index; documents are named by `doc_id` everywhere."""

    path: Path
    spec: CorpusSpec
    corpus: Corpus
    catalog: Catalog
    index: SearchIndex
    settings: SearchSettings
    fingerprint: str

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

    def sample(self, n: int) -> list[str]:
        """The `n` documents that come first by content hash: the same ones however the corpus is laid out in files."""
        return [entry.doc_id for entry in islice(self.catalog.all_entries(), n)]

    def entries(self, doc_ids: Iterable[str] | None = None) -> Iterator[Entry]:
        """Catalogue entries in content-hash order: of `doc_ids`, or of every document."""
        if doc_ids is None:
            return self.catalog.all_entries()
        return iter(sorted(self.catalog.entries(list(doc_ids)), key=lambda entry: entry.content_hash))

    def close(self) -> None:
        self.index.close()
        self.catalog.close()


def build(spec: CorpusSpec, out: Path, settings: SearchSettings, tick: Callable[[int], None] = ignore) -> IndexedCorpus:
    """Read the corpus once and build `out`. `tick` is called with the number of documents just indexed.

    Raises `UsageError` for a corpus without a document, and where `out` cannot be written; then nothing is left behind.
    """
    temporary = out.absolute().with_name(f".{out.name}.building")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        created = make_folders(temporary)
    except OSError as error:
        raise UsageError(f"{out.parent}: cannot be written ({error.strerror}); choose another folder") from None
    try:
        corpus = spec.open(temporary / "blocks")
        fingerprint = corpus.fingerprint()
        with Catalog.create(temporary / "documents.sqlite") as catalog:
            documents = catalog.admit(corpus.read())
            build_index(documents, temporary / "bm25", settings, tick).close()
            counts = catalog.counts()
            if counts.documents == 0:
                rejected = next(iter(catalog.rejects()), None)
                why = f"; first reject: {rejected.where}: {rejected.reason}" if rejected else ""
                raise UsageError(
                    f"corpus {', '.join(spec.paths)}: no document in {counts.read:,} rows read{why}; add texts, or name "
                    "the column with corpus.text_field"
                )
        record = {
            "format": FORMAT,
            "spec": asdict(spec),
            "fingerprint": fingerprint,
            "search": asdict(settings),
            "counts": counts._asdict(),
        }
        write_atomic(temporary / "index.json", orjson.dumps(record, option=orjson.OPT_INDENT_2))
        temporary.rename(out)
        sync(out.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        remove_empty(created[1:])
    return open_indexed(out)


def open_indexed(path: Path) -> IndexedCorpus:
    """Open a folder that `build` has made. Raises `UsageError` when it is missing, foreign or of another format."""
    try:
        record = orjson.loads((path / "index.json").read_bytes())
        if record["format"] != FORMAT:
            raise UsageError(f"{path}: index of format {record['format']}, this version reads {FORMAT}: build it again")
        fields = record["spec"]
        spec = CorpusSpec(**{**fields, "paths": tuple(fields["paths"])})
        settings, fingerprint = SearchSettings(**record["search"]), str(record["fingerprint"])
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(
            f"{path}: no index here (no index.json); build one with `litelong index CORPUS --out {path}`"
        ) from None
    except (orjson.JSONDecodeError, KeyError, TypeError, OSError) as error:
        raise UsageError(f"{path}/index.json: damaged ({error}): build the index again") from None
    corpus = spec.open(path / "blocks")
    catalog = Catalog.open(path / "documents.sqlite")
    return IndexedCorpus(path, spec, corpus, catalog, open_index(path / "bm25"), settings, fingerprint)
