"""The library: what an agent can look up about the corpus. It searches, reads and estimates, and never writes.

Searching and reading block, so agents call it through `Library.ask`, which runs the call on the library's own threads;
results are cached by topic, because proposer, critics and judge ask for the same ones.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import NamedTuple, ParamSpec, TypeVar

from tools.search import Hit, SearchIndex
from tools.search.topic_query import above_floor, topic_query

P = ParamSpec("P")
R = TypeVar("R")


class Found(NamedTuple):
    """Documents found for a query, best first, with about how many tokens each holds."""

    hits: tuple[Hit, ...]
    tokens: tuple[int, ...]

    @property
    def doc_ids(self) -> tuple[str, ...]:
        return tuple(hit.doc_id for hit in self.hits)

    @property
    def total_tokens(self) -> int:
        return sum(self.tokens)


@dataclass(frozen=True, slots=True)
class Shelf:
    """How the library reaches the corpus: functions, so that the library knows no files.

    `characters(doc_ids)` gives lengths in characters, `texts(doc_ids)` the texts, both in the order asked;
    `sample(n)` the ids of n documents chosen by content hash (the same ones whatever the files' layout).
    """

    characters: Callable[[Sequence[str]], Sequence[int]]
    texts: Callable[[Sequence[str]], Sequence[str]]
    titles: Callable[[Sequence[str]], Sequence[str]]
    sample: Callable[[int], Sequence[str]]


class Library:
    """Search with the relevance floor applied, texts, and token estimates.

    `target_tokens` is what one topic must be able to fill (context length x samples a topic); `floor` the share of the
    best hit's score that a document must reach; `depth` the most hits looked at.
    """

    def __init__(
        self,
        index: SearchIndex,
        shelf: Shelf,
        *,
        characters_per_token: float,
        target_tokens: int,
        floor: float,
        depth: int,
        threads: int = 1,
    ) -> None:
        self.index = index
        self.shelf = shelf
        self.characters_per_token = characters_per_token
        self.target_tokens = target_tokens
        self.floor = floor
        self.depth = depth
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="library")
        # A debate touches a few dozen topics, each asked for by several agents; a few debates run side by side.
        self.topic = lru_cache(maxsize=512)(self._topic)

    async def ask(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a blocking call on the library's threads."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(call, *args, **kwargs))

    def _topic(self, title: str, category: str) -> Found:
        """Documents above the floor for a topic of a category. An empty category searches the bare title."""
        return self._found(self.index.search(topic_query(title, category), self.depth))

    def category(self, category: str) -> Found:
        """Documents above the floor for the category's own words."""
        return self.topic("", category)

    def texts(self, doc_ids: Sequence[str]) -> Sequence[str]:
        return self.shelf.texts(doc_ids)

    def titles(self, doc_ids: Sequence[str]) -> Sequence[str]:
        return self.shelf.titles(doc_ids)

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _found(self, hits: Sequence[Hit]) -> Found:
        kept = above_floor(hits, self.floor)
        characters = self.shelf.characters([hit.doc_id for hit in kept])
        return Found(tuple(kept), tuple(max(1, round(n / self.characters_per_token)) for n in characters))
