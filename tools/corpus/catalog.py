"""Where every document lies, in one SQLite file made for 200 million of them.

A row is appended and never moved (integer key in order of admission), and two narrow unique indexes do the rest: content
hash to row (16 bytes: exact duplicates, and the order in which everything is read) and doc_id to row. A table clustered by
hash would move whole rows at random; so only 16-byte keys are. While it is built there is no journal and no fsync: it is
built under a temporary name, and a broken build is thrown away. So is one that grows: it is a copy of the one that it follows.
"""

import sqlite3
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from litelong import UsageError
from tools.columns import Column, Hashes
from tools.corpus.admission import WAITING, Admission, expect
from tools.corpus.document import Document, Reject
from tools.files import sync
from tools.lookup import by_beginning

_APPLICATION = 0x4C4C4341  # "LLCA"
_FORMAT = 2
_INCOMPLETE = 0
_COMMIT_EVERY = 20_000
_ASK_AT_ONCE = 1000

_WRITING = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -262144;
"""
_SCHEMA = f"""
PRAGMA page_size = 8192;
{_WRITING}
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {_INCOMPLETE};
CREATE TABLE documents (
    number INTEGER PRIMARY KEY, doc_id TEXT NOT NULL, title TEXT NOT NULL, n_chars INTEGER NOT NULL,
    content_hash BLOB NOT NULL, source INTEGER NOT NULL, position INTEGER NOT NULL, origin INTEGER NOT NULL
);
CREATE TABLE origins (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE UNIQUE INDEX by_content_hash ON documents (content_hash);
CREATE UNIQUE INDEX by_doc_id ON documents (doc_id);
CREATE TABLE duplicates (
    number INTEGER PRIMARY KEY, doc_id TEXT NOT NULL, of INTEGER NOT NULL, source INTEGER NOT NULL
);
CREATE TABLE rejects (
    number INTEGER PRIMARY KEY, place TEXT NOT NULL, position INTEGER NOT NULL, reason TEXT NOT NULL, source INTEGER NOT NULL
);
CREATE TABLE counts (documents INTEGER, duplicates INTEGER, rejected INTEGER, characters INTEGER);
INSERT INTO counts VALUES (0, 0, 0, 0);
"""
_ENTRY = (
    "SELECT doc_id, title, n_chars, content_hash, source, position, "
    "(SELECT name FROM origins WHERE origins.number = origin) FROM documents"
)


T = TypeVar("T")


class Entry(NamedTuple):
    """What is known of a document without its text: `n_chars` characters, a 16-byte hash, where it lies and is from."""

    doc_id: str
    title: str
    n_chars: int
    content_hash: bytes
    source: int
    position: int
    origin: str = ""


class Duplicate(NamedTuple):
    """A document that was dropped because its text is exactly that of the document `of`."""

    doc_id: str
    of: str


class Lost(NamedTuple):
    """How many documents are lost, and the first doc_id of them."""

    documents: int
    first: str


class CatalogCounts(NamedTuple):
    """`read` = `documents` + `duplicates` + `rejected`; `characters` are those of the documents."""

    read: int
    documents: int
    duplicates: int
    rejected: int
    characters: int


class Catalog:
    """The catalogue file. Make one with `create` or `open`; a context manager; reads may come from several threads."""

    def __init__(self, path: Path, connection: sqlite3.Connection, *, writable: bool) -> None:
        self._path = path
        self._writable = writable
        self._local = threading.local()
        self._local.connection = connection
        self._lock = threading.Lock()
        self._connections = [connection]

    @classmethod
    def create(cls, path: Path) -> Self:
        """A new, empty catalogue at `path`; a file left there by a broken build is replaced."""
        path.unlink(missing_ok=True)
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.executescript(_SCHEMA)
        return cls(path, connection, writable=True)

    @classmethod
    def open(cls, path: Path) -> Self:
        """A finished catalogue, to be read only. Raises `UsageError` for a missing, foreign, older or unfinished file."""
        if not path.is_file():
            raise UsageError(f"{path}: no catalogue there: build the index first")
        connection = _connect(path)
        try:
            _check(path, connection)
        except UsageError:
            connection.close()
            raise
        return cls(path, connection, writable=False)

    @classmethod
    def grow(cls, path: Path, places: Mapping[int, int]) -> Self:
        """A finished catalogue to which a grown corpus is admitted. `path` is a copy: broken off, it is of no more use.

        `places` maps the number of each source that is as it was to the number that it has now. The documents of the other
        sources are to be admitted again; `lost` says which were not.
        """
        cls.open(path).close()
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.executescript(f"{_WRITING} PRAGMA user_version = {_INCOMPLETE};")
        expect(connection, places)
        return cls(path, connection, writable=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection, those of other threads too."""
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()

    def __len__(self) -> int:
        return self.counts().documents

    def admit(self, items: Iterable[Document | Reject]) -> Iterator[Document]:
        """Record every item and yield the documents that are new, under a doc_id that no other has.

        Of exact duplicates the first stays. Of two texts with one doc_id the later becomes `doc_id#` and the first 8 hex
        digits of its content hash. The file counts as finished once `items` are used up; only for a catalogue that was
        created or grows. A grown one yields what it did not have.
        """
        if not self._writable:
            raise ValueError("a catalogue that was opened is read only")
        connection = self._connection()
        admission = Admission(connection)
        connection.execute(f"PRAGMA user_version = {_INCOMPLETE}")
        connection.execute("BEGIN")
        for count, item in enumerate(items, 1):
            admitted = admission.admit(item)
            if count % _COMMIT_EVERY == 0:
                connection.execute("COMMIT")
                connection.execute("BEGIN")
            if admitted is not None:
                yield admitted
        admission.save_counts()
        connection.execute("COMMIT")
        connection.execute(f"PRAGMA user_version = {_FORMAT}")
        sync(self._path)

    def lost(self) -> Lost:
        """The documents that a grown corpus did not show again: gone, changed, or under another doc_id."""
        query = "SELECT count(*), coalesce(min(doc_id), '') FROM documents WHERE source = ?"
        return Lost(*self._connection().execute(query, (WAITING,)).fetchone())

    def counts(self) -> CatalogCounts:
        """Items read and what became of them, as of the last finished `admit`."""
        documents, duplicates, rejected, characters = self._connection().execute("SELECT * FROM counts").fetchone()
        return CatalogCounts(documents + duplicates + rejected, documents, duplicates, rejected, characters)

    def rejects(self) -> Iterator[Reject]:
        """All rejects in the order read."""
        for row in self._connection().execute("SELECT place, position, reason, source FROM rejects ORDER BY number"):
            yield Reject(*row)

    def duplicates(self) -> Iterator[Duplicate]:
        """All dropped duplicates in the order read."""
        query = "SELECT u.doc_id, d.doc_id FROM duplicates u JOIN documents d ON d.number = u.of ORDER BY u.number"
        for row in self._connection().execute(query):
            yield Duplicate(*row)

    def entry(self, doc_id: str) -> Entry:
        """The entry of one document. Raises `KeyError`."""
        return self.entries([doc_id])[0]

    def entries(self, doc_ids: Sequence[str]) -> list[Entry]:
        """Entries in the order asked. Raises `KeyError` naming the first doc_id that is not there."""
        found: dict[str, Entry] = {}
        connection = self._connection()
        asked = list(dict.fromkeys(doc_ids))
        for some in _some(asked):
            for row in connection.execute(f"{_ENTRY} WHERE doc_id IN ({_marks(some)})", some):
                found[row[0]] = Entry(*row)
        return [found[doc_id] for doc_id in doc_ids]

    def ordered(self, doc_ids: Iterable[str], scratch: Path | None = None) -> Iterator[Entry]:
        """Entries of `doc_ids`, each once, ordered by content hash. Raises `KeyError` naming the first that is not there.

        Looked up twice, so that what is held is 24 bytes for each that is asked for, in files without a name in `scratch`
        (`tools.columns.Column`; None: the system's temporary folder), and not its entry.
        """
        folder = scratch or Path(tempfile.gettempdir())
        first, second, numbers = (Column(dtype, folder) for dtype in (np.uint64, np.uint64, np.int64))
        for some in _some(doc_ids):
            query = f"SELECT doc_id, content_hash, number FROM documents WHERE doc_id IN ({_marks(some)})"
            found = {row[0]: row[1:] for row in self._connection().execute(query, some)}
            halves = Hashes(found[doc_id][0] for doc_id in some).halves()
            for column, half in zip((first, second), halves, strict=True):
                column.append(half)
            numbers.append(np.array([found[doc_id][1] for doc_id in some]))
        for ordered in _by_hash(first.array(), second.array(), numbers.array()):
            for some_numbers in _some(ordered.tolist()):
                query = f"{_ENTRY} WHERE number IN ({_marks(some_numbers)}) ORDER BY content_hash"
                for row in self._connection().execute(query, some_numbers):
                    yield Entry(*row)

    def all_entries(self) -> Iterator[Entry]:
        """Every entry, ordered by content hash; nothing is sorted, the index is walked."""
        for row in self._connection().execute(f"{_ENTRY} ORDER BY content_hash"):
            yield Entry(*row)

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = _connect(self._path)
            with self._lock:
                self._connections.append(connection)
        return connection


def _by_hash(
    first: NDArray[np.uint64], second: NDArray[np.uint64], numbers: NDArray[np.int64]
) -> Iterator[NDArray[np.int64]]:
    """The numbers of documents, each once, by the two halves of their content hashes, a range of hashes at a time."""
    for rows in by_beginning(first):
        found = numbers[rows[np.lexsort((second[rows], first[rows]))]]
        # A document has a content hash of its own, so what was asked for twice stands side by side.
        yield found[np.diff(found, prepend=-1) != 0]


def _some(items: Iterable[T]) -> Iterator[list[T]]:
    """As many at a time as one question names."""
    rest = iter(items)
    while some := list(islice(rest, _ASK_AT_ONCE)):
        yield some


def _marks(items: Sequence[object]) -> str:
    return ",".join("?" * len(items))


def _connect(path: Path) -> sqlite3.Connection:
    address = f"{path.resolve().as_uri()}?mode=ro"
    return sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)


def _check(path: Path, connection: sqlite3.Connection) -> None:
    try:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.DatabaseError:
        application = version = None
    if application != _APPLICATION:
        raise UsageError(f"{path}: not a catalogue of litelong: build the index again")
    if version == _INCOMPLETE:
        raise UsageError(f"{path}: the catalogue was never finished: build the index again")
    if version != _FORMAT:
        raise UsageError(f"{path}: a catalogue of another version of litelong: build the index again")
