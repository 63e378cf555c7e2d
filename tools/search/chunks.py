"""Chunk search for hard negatives: which chunks of other documents look most like this one (NExtLong, arXiv 2501.12766).

Meta-chunks are the documents of an ordinary `SearchIndex`, named `DOC_ID#NUMBER`. A chunk of 2,048 characters has about 200
different words and asking for all of them is slow; the few that tell it from other chunks (most often in it, rarest in the
index) find nearly the same ones. How nearly, for each number of words: docs/retrieval.md.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import islice
from math import log
from pathlib import Path
from typing import NamedTuple, Self

from tools.corpus.document import Document
from tools.files import ignore
from tools.search.analysis import words as analysed
from tools.search.backends import build_index, open_index
from tools.search.interface import Hit, SearchIndex, SearchSettings, Terms, WeightedWord

TELLING_WORDS = 32
"""Words of a chunk that are asked for unless another number is given (measured: docs/retrieval.md)."""
_BEYOND = 8
"""Hits looked at beyond `k` at first: the chunk itself, its neighbours in its document, a near-copy or two."""
_BATCH = 256
_REMEMBERED = 1 << 20


@dataclass(frozen=True, slots=True)
class ChunkText:
    """A meta-chunk with its text. `chunk_id` is `DOC_ID#NUMBER`; `number` counts a document's chunks from 0."""

    chunk_id: str
    doc_id: str
    number: int
    text: str

    @classmethod
    def of(cls, doc_id: str, number: int, text: str) -> Self:
        """The chunk with the id that belongs to it."""
        return cls(f"{doc_id}#{number}", doc_id, number, text)


def document_of(chunk_id: str) -> str:
    """The `doc_id` in a `chunk_id`. A doc_id may hold `#` itself."""
    return chunk_id.rpartition("#")[0]


class _Known(NamedTuple):
    """How rare a word is, and whether two chunks have it at least: one that only the chunk itself has finds nothing."""

    idf: float
    shared: bool


class ChunkIndex:
    """Meta-chunks behind a BM25 index of any backend. Searching is thread-safe."""

    def __init__(self, index: SearchIndex) -> None:
        """Use `build` or `open`; an index that is open already may be given, and is closed with this."""
        self.index = index
        self._known: dict[str, _Known] = {}

    @classmethod
    def build(
        cls, chunks: Iterable[ChunkText], path: Path, settings: SearchSettings, tick: Callable[[int], None] = ignore
    ) -> Self:
        """Index `chunks` into the folder `path`; `tick` gets the number just indexed. Raises `UsageError` as `build_index`."""
        return cls(build_index(_documents(chunks), path, settings, tick))

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open what `build` made. Raises `UsageError` when it is missing, foreign or damaged."""
        return cls(open_index(path))

    def add(self, chunks: Iterable[ChunkText], tick: Callable[[int], None] = ignore) -> None:
        """Index more chunks. Rarity, and so the words asked for, is from then on that of the whole."""
        self.index.add(_documents(chunks), tick)
        self._known.clear()

    def __len__(self) -> int:
        """The number of chunks."""
        return len(self.index)

    def close(self) -> None:
        self.index.close()

    def negatives(
        self, chunk: ChunkText, k: int, *, words: int | None = TELLING_WORDS, excluded: Callable[[str], bool]
    ) -> list[Hit]:
        """The best `k` chunks for `chunk`'s `words` most telling words (None: all), ranked from 1 among those left.

        Left out are chunks of its own document and those whose `chunk_id` is `excluded`; the search looks deeper until `k`
        are left or no chunk has any of the words. Raises `ValueError` for `k` or `words` below 1.
        """
        return self.negatives_many([chunk], k, words=words, excluded=lambda _, found: excluded(found))[0]

    def negatives_many(
        self,
        chunks: Sequence[ChunkText],
        k: int,
        *,
        words: int | None = TELLING_WORDS,
        excluded: Callable[[ChunkText, str], bool],
    ) -> list[list[Hit]]:
        """`negatives` for each chunk, in their order; `excluded` gets the chunk and the `chunk_id` found for it."""
        found: list[list[Hit]] = []
        remaining = iter(chunks)
        while batch := list(islice(remaining, _BATCH)):
            found += self._batch(batch, k, words, excluded)
        return found

    def query(self, chunk: ChunkText, words: int | None = TELLING_WORDS) -> Terms:
        """The query of a chunk: its `words` most telling words, each as often as it stands in it. May be empty.

        A word tells by occurrences x inverse document frequency. Words of no other chunk come last, ties alphabetically.
        """
        if words is not None and words < 1:
            raise ValueError(f"the number of words that a chunk is asked by is 1 or more, not {words}")
        counts = Counter(analysed(chunk.text, self.index.settings.analysis))
        known = self._look_up(counts)
        telling = [(not known[word].shared, -count * known[word].idf, word) for word, count in counts.items()]
        chosen = sorted(telling) if words is None else nsmallest(words, telling)
        return Terms(tuple(WeightedWord(word, counts[word]) for _, _, word in chosen))

    def _batch(
        self,
        chunks: Sequence[ChunkText],
        k: int,
        words: int | None,
        excluded: Callable[[ChunkText, str], bool],
    ) -> list[list[Hit]]:
        queries = [self.query(chunk, words) for chunk in chunks]
        found: list[list[Hit]] = [[] for _ in chunks]
        asked, depth = list(range(len(chunks))), k + _BEYOND
        while asked:
            hits = self.index.search_many([queries[place] for place in asked], depth)
            short = []
            for place, all_hits in zip(asked, hits, strict=True):
                found[place] = _left(chunks[place], all_hits, k, excluded)
                if len(found[place]) < k and len(all_hits) == depth:
                    short.append(place)
            asked, depth = short, 2 * depth
        return found

    def _look_up(self, words: Iterable[str]) -> Mapping[str, _Known]:
        """Rarity of each word; what was looked up before is remembered, because every chunk asks for some words anew."""
        found = {word: self._known.get(word) for word in words}
        missing = [word for word, known in found.items() if known is None]
        size = len(self.index)
        looked_up = {
            word: _Known(log(1 + (size - frequency + 0.5) / (frequency + 0.5)), frequency > 1)
            for word, frequency in zip(missing, self.index.document_frequencies(missing), strict=True)
        }
        if len(self._known) > _REMEMBERED:
            self._known.clear()
        self._known.update(looked_up)
        return {word: known or looked_up[word] for word, known in found.items()}


def _left(chunk: ChunkText, hits: Iterable[Hit], k: int, excluded: Callable[[ChunkText, str], bool]) -> list[Hit]:
    others = (hit for hit in hits if document_of(hit.doc_id) != chunk.doc_id and not excluded(chunk, hit.doc_id))
    return [hit._replace(rank=rank) for rank, hit in enumerate(islice(others, k), 1)]


def _documents(chunks: Iterable[ChunkText]) -> Iterator[Document]:
    return (Document(chunk.chunk_id, "", chunk.text, 0, chunk.number) for chunk in chunks)
