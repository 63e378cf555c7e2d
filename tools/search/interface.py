"""What every search backend promises, so that the rest of litelong never knows which one it is talking to.

The promise that matters most is the order of hits: by score, then by the content hash of the text. An index built from
the same texts in another order, on another day or by more workers gives the same hits, and so do the samples made of them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import ClassVar, NamedTuple, Protocol, Self, runtime_checkable

from litelong import UsageError
from tools.corpus.document import Document
from tools.files import ignore


class Hit(NamedTuple):
    """One document that a query found: `rank` counts from 1, `score` is BM25 rounded to float32."""

    doc_id: str
    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class QueryPart:
    """Plain text whose words count `weight` times each (above 0, at most a million)."""

    text: str
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.weight <= 1e6:
            raise ValueError(f"the weight of a query's part is above 0 and at most 1e6, not {self.weight}")


@dataclass(frozen=True, slots=True)
class Query:
    """Parts of different weight, such as a topic's title and its category's words. A repeated word's weights add up."""

    parts: tuple[QueryPart, ...]


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """Which backend, and BM25's two free parameters. Raises `UsageError` when one is out of range."""

    backend: str = "auto"
    k1: float = 1.2
    b: float = 0.75

    def __post_init__(self) -> None:
        if not (isfinite(self.k1) and self.k1 >= 0):
            raise UsageError(f"search.k1: {self.k1} is no BM25 k1; give a number of 0 or more (1.2 is usual)")
        if not 0 <= self.b <= 1:
            raise UsageError(f"search.b: {self.b} is no BM25 b; give a number from 0 to 1 (0.75 is usual)")


@runtime_checkable
class SearchIndex(Protocol):
    """A BM25 index on disk. Searching is thread-safe; adding is one writer's at a time.

    Hits are ordered by (score descending, content hash ascending) and, for equal texts, by `doc_id`; that order also
    decides which of several equal scores make the cut at `k`.
    """

    backend: ClassVar[str]

    @classmethod
    def build(
        cls, documents: Iterable[Document], path: Path, settings: SearchSettings, tick: Callable[[int], None] = ignore
    ) -> Self:
        """Index `documents` into the folder `path`, in place of an index that is there.

        Raises `UsageError` when `path` holds something else or another process writes there.
        """
        ...

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the index in `path`. Raises `UsageError` when there is none, or not a whole one of this version."""
        ...

    def add(self, documents: Iterable[Document], tick: Callable[[int], None] = ignore) -> None:
        """Index more documents; searches see either none of them or all. Raises `UsageError` when another process writes."""
        ...

    def search(self, query: str | Query, k: int) -> list[Hit]:
        """The best `k` documents that hold any of the query's words. Raises `ValueError` when `k` is below 1."""
        ...

    def search_many(self, queries: Sequence[str | Query], k: int) -> list[list[Hit]]:
        """`search` for each query, in their order."""
        ...

    def document_frequency(self, word: str) -> int:
        """In how many documents `word` stands, in any inflection; of several words, documents that hold all of them."""
        ...

    def __len__(self) -> int:
        """The number of documents."""
        ...

    def close(self) -> None:
        """Give back files and memory. A closed index answers nothing more."""
        ...
