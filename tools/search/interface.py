"""What every search backend promises, so that the rest of litelong never knows which one it is talking to.

The promise that matters most is the order of hits: by score, then by the content hash of the text. An index built from
the same texts in another order, on another day or by more workers gives the same hits, and so do the samples made of them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol, Self, runtime_checkable

from litelong import UsageError
from tools.corpus.document import Document
from tools.files import ignore

if TYPE_CHECKING:
    from tools.search.hits import Hits

ANALYSES = ("english", "none")
TANTIVY_K1, TANTIVY_B = 1.2, 0.75
"""Constants of tantivy's, in its source; with others it costs more (docs/search.md)."""


class Hit(NamedTuple):
    """One document that a query found: `rank` counts from 1, `score` is BM25 (float32, or coarser: the backend's)."""

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


class WeightedWord(NamedTuple):
    """An analysed word (a stem) and how much it counts in a query."""

    word: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Terms:
    """A query of words that `analysis.words` has made, such as a chunk's most telling ones. They are not analysed again."""

    words: tuple[WeightedWord, ...]


AnyQuery = str | Query | Terms


GREATEST_K1 = 1_000_000


class Constants(NamedTuple):
    """BM25's two free parameters."""

    k1: float
    b: float


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """Which backend, BM25's two free parameters, and how text becomes words. Raises `UsageError` when one is out of range.

    `analysis` is `english` (no accents, no stopwords, stems) or `none` (words in lower case, for other languages).
    """

    backend: str = "auto"
    k1: float = TANTIVY_K1
    b: float = TANTIVY_B
    analysis: str = "english"

    def __post_init__(self) -> None:
        if self.analysis not in ANALYSES:
            raise UsageError(f"search.analysis: there is no {self.analysis[:80]!r}, only {', '.join(ANALYSES)}")
        if not 0 <= self.k1 <= GREATEST_K1:
            raise UsageError(
                f"search.k1: {self.k1} is no BM25 k1; give a number from 0 to {GREATEST_K1:,} (1.2 is usual)"
            )
        if not 0 <= self.b <= 1:
            raise UsageError(f"search.b: {self.b} is no BM25 b; give a number from 0 to 1 (0.75 is usual)")

    @property
    def constants(self) -> Constants:
        """k1 and b."""
        return Constants(self.k1, self.b)


@runtime_checkable
class SearchIndex(Protocol):
    """A BM25 index on disk. Searching is thread-safe; adding is one writer's at a time.

    Hits are ordered by (score descending, content hash ascending) and, for equal texts, by `doc_id`; that order also
    decides which of several equal scores make the cut at `k`. Every backend scores by the same formula: for each word of
    the query, `weight * ln(1 + (N - n + 0.5) / (n + 0.5)) * tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / mean length))`
    with N documents, n of them with the word.
    """

    backend: ClassVar[str]

    @property
    def path(self) -> Path:
        """Its folder."""
        ...

    @property
    def settings(self) -> SearchSettings:
        """What it was built with; `backend` is the one in use, never `auto`."""
        ...

    @classmethod
    def build(
        cls,
        documents: Iterable[Document],
        path: Path,
        settings: SearchSettings,
        tick: Callable[[int], None] = ignore,
        chosen: str = "by name",
    ) -> Self:
        """Index `documents` into the folder `path`, in place of an index that is there. `chosen`: why with this backend.

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

    def search(self, query: AnyQuery, k: int) -> "Hits":
        """The best `k` documents that hold any of the query's words. Raises `ValueError` when `k` is below 1."""
        ...

    def search_many(self, queries: Sequence[AnyQuery], k: int) -> "list[Hits]":
        """`search` for each query, in their order."""
        ...

    def document_frequency(self, word: str) -> int:
        """In how many documents `word` stands, in any inflection; of several words, documents that hold all of them."""
        ...

    def document_frequencies(self, terms: Sequence[str]) -> list[int]:
        """In how many documents each of `terms` stands; they are analysed words, taken as they are."""
        ...

    def __len__(self) -> int:
        """The number of documents."""
        ...

    def close(self) -> None:
        """Give back files and memory. A closed index answers nothing more."""
        ...
