"""Into the catalogue: what becomes of each item that the corpus yields, in a new corpus and in one that has grown.

In a grown corpus the documents of files that changed wait until they are met again, at their new place; a text that is not
known is new; and what still waits at the end is gone or changed, which an addition refuses: it deletes nothing.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import replace

from litelong import UsageError
from tools.corpus.document import Document, Reject
from tools.files import content_hash

WAITING = -1
"""The source of a document that has not been met again."""
_ORIGINS_AT_HAND = 10_000
_INSERT = "INSERT OR IGNORE INTO documents VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)"


def expect(connection: sqlite3.Connection, places: Mapping[int, int]) -> None:
    """Sources that are as they were get their new numbers; documents of the others wait.

    Rejects and duplicates of the others are forgotten: they will be met again.
    """
    connection.execute("CREATE TEMP TABLE places (old INTEGER PRIMARY KEY, new INTEGER NOT NULL)")
    connection.executemany("INSERT INTO places VALUES (?, ?)", places.items())
    moved = "source NOT IN (SELECT old FROM places WHERE old = new)"
    to = f"SET source = coalesce((SELECT new FROM places WHERE old = source), {WAITING})"
    connection.execute("BEGIN")
    connection.execute(f"UPDATE documents {to} WHERE {moved}")
    for table in ("duplicates", "rejects"):
        connection.execute(f"DELETE FROM {table} WHERE source NOT IN (SELECT old FROM places)")
        connection.execute(f"UPDATE {table} {to} WHERE {moved}")
    counted = "duplicates = (SELECT count(*) FROM duplicates), rejected = (SELECT count(*) FROM rejects)"
    connection.execute(f"UPDATE counts SET {counted}")
    connection.execute("COMMIT")


class Admission:
    """Admits items one by one, and counts. The caller begins and ends transactions."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        counts = connection.execute("SELECT documents, duplicates, rejected, characters FROM counts").fetchone()
        self._documents, self._duplicates, self._rejected, self._characters = counts
        self._origins: dict[str, int] = {}

    def admit(self, item: Document | Reject) -> Document | None:
        """The document if it is new, under a doc_id that no other has."""
        if isinstance(item, Reject):
            row = (item.where, item.position, item.reason, item.source)
            self._connection.execute("INSERT INTO rejects VALUES (NULL, ?, ?, ?, ?)", row)
            self._rejected += 1
            return None
        digest = content_hash(item.text)
        if not self._insert(item, digest):
            if self._met_before(item, digest):
                return None
            item = self._renamed(item, digest)
        self._documents += 1
        self._characters += len(item.text)
        return item

    def save_counts(self) -> None:
        row = (self._documents, self._duplicates, self._rejected, self._characters)
        self._connection.execute("UPDATE counts SET documents = ?, duplicates = ?, rejected = ?, characters = ?", row)

    def _met_before(self, item: Document, digest: bytes) -> bool:
        """Whether the text is known: then it is the document that waits under this doc_id, or a duplicate."""
        query = "SELECT number, doc_id, source FROM documents WHERE content_hash = ?"
        known = self._connection.execute(query, (digest,)).fetchone()
        if known is None:
            return False
        number, doc_id, source = known
        if source == WAITING and doc_id in (item.doc_id, *_other_ids(item.doc_id, digest)):
            place = (item.title, item.source, item.position, self._origin(item.origin), number)
            self._connection.execute(
                "UPDATE documents SET title = ?, source = ?, position = ?, origin = ? WHERE number = ?", place
            )
        else:
            self._connection.execute(
                "INSERT INTO duplicates VALUES (NULL, ?, ?, ?)", (item.doc_id, number, item.source)
            )
            self._duplicates += 1
        return True

    def _renamed(self, item: Document, digest: bytes) -> Document:
        for doc_id in _other_ids(item.doc_id, digest):
            other = replace(item, doc_id=doc_id)
            if self._insert(other, digest):
                return other
        raise UsageError(f"{item.doc_id}: more texts have this doc_id than can be told apart: set corpus.id_field")

    def _insert(self, item: Document, digest: bytes) -> bool:
        origin = self._origin(item.origin)
        row = (item.doc_id, item.title, len(item.text), digest, item.source, item.position, origin)
        return self._connection.execute(_INSERT, row).rowcount == 1

    def _origin(self, name: str) -> int:
        number = self._origins.get(name)
        if number is None:
            self._connection.execute("INSERT OR IGNORE INTO origins VALUES (NULL, ?)", (name,))
            (number,) = self._connection.execute("SELECT number FROM origins WHERE name = ?", (name,)).fetchone()
            if len(self._origins) >= _ORIGINS_AT_HAND:
                self._origins.clear()
            self._origins[name] = number
        return number


def _other_ids(doc_id: str, digest: bytes) -> list[str]:
    # The long form is for a corpus that itself holds a doc_id ending in just these 8 digits.
    return [f"{doc_id}#{digest.hex()[:digits]}" for digits in (8, 32)]
