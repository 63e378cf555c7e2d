"""Adding to an indexed corpus: what is new is read and indexed, what is known stays where it is, nothing is built again.

Sources that are as they were (their stamp says so: a file of rows, or the text files of one path) are not read. Those that are
new or changed are read to their end, because only that shows which texts are new: an old text is met again and gets its
new place. An addition deletes nothing: when a document is gone or has another text, it is refused, and the index stays as
it was.

The next data folder is made beside the current one: a copy of the catalogue, hard links to the blocks and the BM25 index, and
what is added. Replacing `index.json` is the commit. A kill before it leaves a folder that is not named, which the next
addition removes; the folder before is kept until then too, for those who have it open.

Equal to building anew: the documents, their hits and scores. So where `auto` would now take another backend, the search index
(and it alone) is built anew; that happens once in the life of an index, and reads the corpus once more. Not always equal:
which of several doc_ids a text that is there several times goes by (the one that was indexed first keeps it).
"""

import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from errno import EACCES, EPERM, EROFS
from itertools import chain
from pathlib import Path

from filelock import FileLock, Timeout

from litelong import UsageError
from tools.corpus import Catalog, CatalogCounts, Corpus, Document, fetch_texts
from tools.files import ignore, sync
from tools.indexed import BLOCKS, BM25, CATALOG, CorpusSpec, Record, read_record
from tools.search import build_index, open_index
from tools.search.backends import unless_outgrown

_LOCK = "write.lock"


def add(
    path: Path, paths: Sequence[str] = (), tick: Callable[[int], None] = ignore
) -> tuple[CatalogCounts, CatalogCounts]:
    """Add to the index in `path` what its corpus has gained, and the corpus at `paths` (absolute).

    Returns the counts before and after. `tick` is called with the number of documents just indexed. Raises `UsageError`
    when there is no index, when a document that it holds is gone or changed, when another process writes there, and where
    it cannot be written; the index is then as it was.
    """
    read_record(path)  # before a lock file is written into a folder that is no index
    with _writing(path):
        record = read_record(path)
        merged = (*record.spec.paths, *(p for p in dict.fromkeys(paths) if p not in record.spec.paths))
        data = _next_data(path, record.data)
        try:
            grown = _grow(path, data, record, replace(record.spec, paths=merged), tick)
            grown.write(path)
        finally:
            if read_record(path).data != data.name:
                shutil.rmtree(data, ignore_errors=True)
    return record.counts, grown.counts


def _grow(path: Path, data: Path, record: Record, spec: CorpusSpec, tick: Callable[[int], None]) -> Record:
    """The record of the index with what is new, which lies in `data`; the same data as before where nothing is new."""
    corpus = spec.open(data / BLOCKS)
    stamps = tuple(corpus.stamps())
    if stamps == record.sources:
        return replace(record, spec=spec)
    places = _same_sources(record.sources, stamps)
    before = path / record.data
    shutil.copyfile(before / CATALOG, data / CATALOG)
    _link_tree(before / BM25, data / BM25)
    _link_blocks(before / BLOCKS, data / BLOCKS, places)
    with Catalog.grow(data / CATALOG, places) as catalog:
        changed = set(range(len(stamps))) - set(places.values())
        fresh = catalog.admit(corpus.read(changed))
        counts = record.counts
        documents = unless_outgrown(data / BM25, fresh, counts.documents, counts.characters)
        if documents is not None:
            _add(data / BM25, iter(documents), tick)
        _refuse_lost(path, catalog)
        counts = catalog.counts()
        if documents is None:
            shutil.rmtree(data / BM25)
            build_index(_all_documents(corpus, catalog), data / BM25, record.search, tick).close()
    for folder in (data, *(f for f in data.rglob("*") if f.is_dir())):
        sync(folder)
    return replace(record, spec=spec, sources=stamps, counts=counts, data=data.name)


def _add(bm25: Path, documents: Iterator[Document], tick: Callable[[int], None]) -> None:
    # An addition of nothing would cost the index a segment.
    for first in documents:
        index = open_index(bm25)
        try:
            index.add(chain([first], documents), tick)
        finally:
            index.close()


def _all_documents(corpus: Corpus, catalog: Catalog) -> Iterator[Document]:
    for entry, text in fetch_texts(corpus, catalog.all_entries()):
        yield Document(entry.doc_id, entry.title, text, entry.source, entry.position, entry.origin)


def _refuse_lost(path: Path, catalog: Catalog) -> None:
    lost = catalog.lost()
    if lost.documents:
        raise UsageError(
            f"{path}: {lost.documents:,} of its documents gone or changed since they were indexed, the first {lost.first!r}; "
            "--add deletes nothing: put back what it was, or build the index anew with another --out"
        )


def _same_sources(before: Sequence[str], now: Sequence[str]) -> dict[int, int]:
    """Old number to new number of each source whose stamp is there still."""
    where = defaultdict[str, list[int]](list)
    for number, stamp in reversed(list(enumerate(now))):
        where[stamp].append(number)
    return {old: where[stamp].pop() for old, stamp in enumerate(before) if where[stamp]}


def _link_blocks(before: Path, now: Path, places: dict[int, int]) -> None:
    """The block stores of sources that are as they were, under their new numbers."""
    from tools.corpus.compressed import block_file

    for old, new in places.items():
        if (file := block_file(before, old)).exists():
            _link(file, block_file(now, new))


def _link_tree(before: Path, now: Path) -> None:
    shutil.copytree(before, now, copy_function=_link)


def _link(source: str | Path, target: str | Path) -> None:
    Path(target).parent.mkdir(exist_ok=True)
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links
        shutil.copy2(source, target)


def _next_data(path: Path, current: str) -> Path:
    """A fresh data folder; those that `index.json` does not name are removed."""
    for entry in path.glob("data-*"):
        if entry.name != current:
            shutil.rmtree(entry)
    data = path / f"data-{int(current.removeprefix('data-')) + 1:05}"
    data.mkdir()
    return data


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        with FileLock(path / _LOCK, timeout=0):
            yield
    except Timeout:
        raise UsageError(f"{path}: another process is adding to it; wait for it to end") from None
    except OSError as error:
        if error.errno not in (EACCES, EPERM, EROFS):
            raise
        raise UsageError(f"{path}: cannot be written ({error.strerror}); the index is as it was") from None
