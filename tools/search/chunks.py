"""Chunk search for hard negatives: which chunks of other documents look most like this one (NExtLong, arXiv 2501.12766).

Meta-chunks are the documents of an ordinary `SearchIndex`, named `DOC_ID#NUMBER`. A chunk of 2,048 characters has about 200
different words and asking for all of them is slow; the few that tell it from other chunks (most often in it, rarest in the
index) find nearly the same ones. How nearly, for each number of words: docs/retrieval.md.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from math import log
from pathlib import Path
from typing import NamedTuple, Self
from unicodedata import normalize

from tools.corpus.document import Document
from tools.files import ignore
from tools.search.analysis import words as analysed
from tools.search.backends import build_index, open_index
from tools.search.interface import Hit, Query, QueryPart, SearchIndex, SearchSettings

TELLING_WORDS = 32
"""Words of a chunk that are asked for unless another number is given (measured: docs/retrieval.md)."""
_BEYOND = 8
"""Hits looked at beyond `k` at first: the chunk itself, its neighbours in its document, a near-copy or two."""
_BATCH = 256
_REMEMBERED = 1 << 20
_SURFACE = re.compile(r"[^\W_]+")


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
    """A word as it stands in a text: its stem (several where the analysis cuts it), and its weight by rarity."""

    stem: str
    idf: float
    shared: bool  # stands in two chunks at least: a word that only the chunk itself has finds nothing


class ChunkIndex:
    """Meta-chunks behind a BM25 index of any backend. Searching is thread-safe."""

    def __init__(self, index: SearchIndex) -> None:
        """Use `build` or `open`; an index that is open already may be given, and is closed with this."""
        self.index = index
        self._known = lru_cache(maxsize=_REMEMBERED)(self._look_up)

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
        self._known.cache_clear()

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

    def query(self, chunk: ChunkText, words: int | None = TELLING_WORDS) -> Query:
        """The query of a chunk: its `words` most telling words, each as often as it stands in it. No words: an empty query.

        A word tells by occurrences x inverse document frequency. Words of no other chunk come last, ties alphabetically.
        """
        if words is not None and words < 1:
            raise ValueError(f"the number of words that a chunk is asked by is 1 or more, not {words}")
        counts: Counter[str] = Counter()
        surfaces: dict[str, tuple[str, _Known]] = {}
        for surface, count in Counter(_surfaces(chunk.text)).items():
            known = self._known(surface)
            if known is not None:
                counts[known.stem] += count
                surfaces.setdefault(known.stem, (surface, known))
        telling = sorted(
            (not surfaces[stem][1].shared, -count * surfaces[stem][1].idf, stem) for stem, count in counts.items()
        )
        return Query(tuple(QueryPart(surfaces[stem][0], counts[stem]) for _, _, stem in telling[:words]))

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

    def _look_up(self, surface: str) -> _Known | None:
        stems = analysed(surface)
        frequency = self.index.document_frequency(surface) if stems else 0
        if not frequency:
            return None
        rarity = log(1 + (len(self.index) - frequency + 0.5) / (frequency + 0.5))
        return _Known(" ".join(stems), rarity, frequency > 1)


def _left(chunk: ChunkText, hits: Iterable[Hit], k: int, excluded: Callable[[ChunkText, str], bool]) -> list[Hit]:
    others = (hit for hit in hits if document_of(hit.doc_id) != chunk.doc_id and not excluded(chunk, hit.doc_id))
    return [hit._replace(rank=rank) for rank, hit in enumerate(islice(others, k), 1)]


def _surfaces(text: str) -> list[str]:
    """The words as they stand, in lower case. Composed, so that an accent does not cut a word in two."""
    return _SURFACE.findall((text if text.isascii() else normalize("NFKC", text)).lower())


def _documents(chunks: Iterable[ChunkText]) -> Iterator[Document]:
    return (Document(chunk.chunk_id, "", chunk.text, 0, chunk.number) for chunk in chunks)
