"""Recorded replies: every reply that was paid for, in `replies.sqlite`, durable before the debate goes on with it.

The key is a digest of the prompt, the model and its settings, the shape asked for, and the seat, category, round, step and
attempt: two seats with one model have two replies, and a killed run asks only for what it does not have. There are no
keys, headers or prompts in the file.

langchain-community's SQLiteCache is not used: that package is being sunset and warns on import, it stores whole prompts,
loads LangChain objects back from JSON that models wrote, knows no seat or category for the ledger, and has no write-ahead
log. It is one table, so it is `sqlite3` with the columns that the ledger and `usage.json` are added up from.
"""

import asyncio
import sqlite3
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from pydantic import BaseModel

from agents.chat.call import Ask
from agents.chat.settings import ModelSettings

_SCHEMA = """
CREATE TABLE IF NOT EXISTS reply (
    key BLOB PRIMARY KEY,
    seat TEXT NOT NULL, model TEXT NOT NULL, category TEXT NOT NULL, round INTEGER NOT NULL, step TEXT NOT NULL,
    attempt INTEGER NOT NULL, text TEXT NOT NULL, prompt_tokens INTEGER NOT NULL, reply_tokens INTEGER NOT NULL,
    latency_s REAL NOT NULL, problem TEXT, paid INTEGER NOT NULL
)
"""
_UNREADABLE = """
SELECT one.rowid FROM reply AS one JOIN reply AS last USING (seat, category, round, step)
WHERE one.category = ? AND last.attempt = 1 AND last.problem NOT NULL AND length(one.key) = 32 AND length(last.key) = 32
"""
# Nothing is looked up under a key of more than 32 bytes.
_SET_ASIDE = "UPDATE reply SET key = key || CAST(rowid AS TEXT) WHERE rowid = ?"
_COLUMNS = "seat, model, category, round, step, attempt, text, prompt_tokens, reply_tokens, latency_s, problem, paid"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One reply. `attempt` is 1 for the repair turn; `paid` is false for one taken over from another run's file."""

    seat: str
    model: str
    category: str
    round: int
    step: str
    attempt: int
    text: str
    prompt_tokens: int
    reply_tokens: int
    latency_s: float
    problem: str | None
    paid: bool = True


class Spent(NamedTuple):
    """Sums over recorded replies of one seat."""

    seat: str
    model: str
    calls: int
    prompt_tokens: int
    reply_tokens: int
    latency_s: float
    repairs: int
    unreadable: int


def reply_key(ask: Ask[Any], user: str, settings: ModelSettings, attempt: int) -> bytes:
    """The digest that a reply is recorded under. `user` is the prompt of this attempt."""
    seat = ask.seat
    content = [
        [ask.system, user],
        [seat.model, seat.temperature, seat.top_p, settings.max_tokens, settings.structured],
        _shape(ask.schema),  # type: ignore[arg-type]  # a class is hashable
        [seat.name, ask.category, ask.round, ask.step, attempt],
    ]
    return sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()


@lru_cache(maxsize=256)
def _shape(schema: type[BaseModel]) -> dict[str, Any]:
    """Its JSON schema, made once: it takes as long as all else that a call costs here."""
    return schema.model_json_schema()


class Replies:
    """The store of one run. Reads happen on the caller's thread, writes on one of their own: a commit waits for the disk."""

    def __init__(self, path: Path, other: Path | None = None) -> None:
        """Open or create `path`. What is not there is looked up in `other`, a file of the same kind, and copied."""
        self._write = _connect(path)
        self._write.execute("PRAGMA journal_mode=WAL")
        self._write.execute("PRAGMA synchronous=FULL")
        self._write.execute(_SCHEMA)
        self._read = _connect(path)
        self._other = _connect(other, read_only=True) if other else None
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="replies")

    async def find(self, key: bytes) -> Recorded | None:
        """The reply recorded under a key, or None."""
        found = _find(self._read, key)
        if found is None and self._other is not None:
            found = _find(self._other, key)
            if found is not None:
                found = replace(found, paid=False)
                await self.record(key, found)
        return found

    async def record(self, key: bytes, reply: Recorded) -> None:
        """Returns when the reply is on the disk. A key that is there already keeps its reply."""
        await asyncio.get_running_loop().run_in_executor(self._pool, self._put, key, reply)

    def set_aside_unreadable(self, categories: Collection[str]) -> None:
        """Have the turns about `categories` that could not be read asked anew, with the repair; the account keeps the replies.

        Called where debates that failed are held again: a reply that nobody can read would fail them again for ever.
        """
        for category in categories:
            turns = self._write.execute(_UNREADABLE, (category,)).fetchall()
            self._write.executemany(_SET_ASIDE, turns)

    def spent(self, *, categories: set[str] | None = None, paid_only: bool = False) -> list[Spent]:
        """Sums by seat and model, in the order of their names; over `categories` alone when given."""
        return spent(self._read, categories=categories, paid_only=paid_only)

    def close(self) -> None:
        """Finish writing and close, leaving one file."""
        self._pool.shutdown(wait=True)
        self._read.close()
        self._write.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._write.close()
        if self._other is not None:
            self._other.close()

    def _put(self, key: bytes, reply: Recorded) -> None:
        marks = ", ".join("?" * 13)
        self._write.execute(f"INSERT OR IGNORE INTO reply (key, {_COLUMNS}) VALUES ({marks})", (key, *astuple(reply)))


def spent(db: sqlite3.Connection, *, categories: set[str] | None = None, paid_only: bool = False) -> list[Spent]:
    """Sums by seat and model over the replies of a file."""
    return list(_sums(db, categories, paid_only))


def _sums(db: sqlite3.Connection, categories: set[str] | None, paid_only: bool) -> Iterator[Spent]:
    db.execute("CREATE TEMP TABLE IF NOT EXISTS chosen (category TEXT PRIMARY KEY)")
    db.execute("DELETE FROM chosen")
    db.executemany("INSERT INTO chosen VALUES (?)", ((category,) for category in categories or ()))
    rows = db.execute(
        "SELECT seat, model, count(*), sum(prompt_tokens), sum(reply_tokens), sum(latency_s), sum(attempt), "
        "sum(attempt = 1 AND problem NOT NULL) FROM reply WHERE (? OR category IN chosen) AND (paid OR NOT ?) "
        "GROUP BY seat, model ORDER BY seat, model",
        (categories is None, paid_only),
    )
    yield from (Spent(*row) for row in rows)


def _connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    mode = "ro" if read_only else "rwc"
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False, timeout=60
    )


def _find(db: sqlite3.Connection, key: bytes) -> Recorded | None:
    row = db.execute(f"SELECT {_COLUMNS} FROM reply WHERE key = ?", (key,)).fetchone()
    return Recorded(*row) if row else None
