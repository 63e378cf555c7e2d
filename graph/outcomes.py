"""Finished debates, a row each, in `debates/outcomes.sqlite`: the marker that a category is done, or dead with its reason.

One transaction a debate, so after a kill a category is either wholly here or will be debated again.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter

from agents.messages import Outcome
from litelong import UsageError

_OUTCOME = TypeAdapter(Outcome)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS outcome (
    category TEXT PRIMARY KEY,
    failed TEXT,
    body BLOB
) WITHOUT ROWID
"""


class DeadLetter(NamedTuple):
    """A category whose debate failed, and why. It is debated again when the run is resumed."""

    category: str
    reason: str


class DeadLettersError(UsageError):
    """Categories failed, and the run waits. Unlike for other faults of the user, what is done is kept: it is retried."""


class Outcomes:
    """The store of one run."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute(_SCHEMA)

    def record(self, outcome: Outcome) -> None:
        """A debate has finished."""
        self._put(outcome.category, None, _OUTCOME.dump_json(outcome))

    def fail(self, letter: DeadLetter) -> None:
        """A debate has failed."""
        self._put(letter.category, letter.reason, None)

    def done(self) -> set[str]:
        """Categories whose debate has finished."""
        return {row[0] for row in self._db.execute("SELECT category FROM outcome WHERE failed IS NULL")}

    def dead(self) -> list[DeadLetter]:
        """Categories whose last debate failed, by path."""
        rows = self._db.execute("SELECT category, failed FROM outcome WHERE failed IS NOT NULL ORDER BY category")
        return [DeadLetter(*row) for row in rows]

    def read(self, categories: Iterator[str] | list[str]) -> Iterator[Outcome]:
        """Outcomes of `categories` in that order, one in memory at a time; those without one are passed over."""
        for category in categories:
            row = self._db.execute(
                "SELECT body FROM outcome WHERE category = ? AND body NOT NULL", (category,)
            ).fetchone()
            if row:
                yield _OUTCOME.validate_json(row[0])

    def close(self) -> None:
        """Close, leaving one file (the write-ahead log is folded in)."""
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._db.close()

    def _put(self, category: str, failed: str | None, body: bytes | None) -> None:
        self._db.execute("INSERT OR REPLACE INTO outcome VALUES (?, ?, ?)", (category, failed, body))
