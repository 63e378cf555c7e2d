"""The library: what an agent can look up about the corpus. It searches, reads and estimates, and never writes.

Searching and reading block, so agents call it through `Library.ask`, which runs the call on the library's own threads;
results are cached by topic, because proposer, critics and judge ask for the same ones.
"""

import asyncio
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from threading import Lock
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import numpy as np

from agents.meaning import Meaning, Vectors
from agents.messages import Seat
from agents.outline import spoken
from agents.reading import SPEAKS, coverage, facets, near, units, word_weights
from agents.scoring import FAMILIES, Scores
from litelong import UsageError
from taxonomy.names import SEPARATOR
from tools.once import once
from tools.search import SearchIndex, words
from tools.search.snippets import snippet
from tools.search.topic_search import Catalogued, Found, TopicRules, find_topic

if TYPE_CHECKING:
    from agents.chat.call import ChatModel

P = ParamSpec("P")
R = TypeVar("R")


NEAR = 100
"""A topic is on its category when their best so many documents meet."""
USUAL_RULES = TopicRules()
REMEMBERED = 4_000
"""Documents whose words are kept at hand (about 4 kB each)."""
AT_HAND = 8_000_000
"""Characters of texts that are kept at hand: the same few documents are read for one topic after another."""
PASSAGES, PASSAGE_WIDTH = 12, 400
"""A title's best documents, and the characters of each around its words, that say what the title means here."""
SAID_WIDTH, SAID_NEAREST = 120, 5
"""The same for a sentence model, which takes its time: fewer characters, and of the passages the nearest to the title."""
OF_CATEGORY = 40
"""Documents whose beginnings say what a category's documents speak of."""
COMMON = 200
"""Documents, by content hash, that say what passages of this corpus have in common."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """How the library reaches the corpus: functions, so that the library knows no files.

    `characters(doc_ids)` gives lengths in characters, `texts(doc_ids)` the texts, `origins(doc_ids)` the part of the corpus
    that each is from, all in the order asked; `sample(n)` the ids of n documents chosen by content hash (the same ones whatever
    the files' layout).
    """

    characters: Callable[[Sequence[str]], Sequence[int]]
    texts: Callable[[Sequence[str]], Sequence[str]]
    titles: Callable[[Sequence[str]], Sequence[str]]
    sample: Callable[[int], Sequence[str]]
    origins: Callable[[Sequence[str]], Sequence[str]] = lambda doc_ids: [""] * len(doc_ids)


class Library:
    """Search with the relevance floor applied, texts, and token estimates.

    `target_tokens` is what one topic must be able to fill (context length x samples a topic); `rules` say how topics are
    asked for; `depth` is the most documents that one may have. `scores` go with `meaning`: weights for what is known.
    """

    def __init__(
        self,
        index: SearchIndex,
        shelf: Shelf,
        *,
        characters_per_token: float,
        target_tokens: int,
        depth: int,
        rules: TopicRules = USUAL_RULES,
        threads: int = 1,
        meaning: Meaning | None = None,
        scores: Scores = FAMILIES["lexical"],
        chats: "Callable[[Seat], ChatModel] | None" = None,
    ) -> None:
        self.index = index
        self.shelf = shelf
        self.characters_per_token = characters_per_token
        self.target_tokens = target_tokens
        self.rules = rules
        self.depth = depth
        self.meaning = meaning
        self.scores = scores
        self.chats = chats
        self._lock = Lock()
        self._words: dict[str, tuple[str, ...]] = {}
        self._texts: dict[str, str] = {}
        self._characters = 0
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="library")
        # A debate touches a few dozen topics, each asked for by several agents; a few debates run side by side.
        self._remembered = lru_cache(maxsize=512)(self._topic)
        self.category_documents = lru_cache(maxsize=128)(self._category_documents)
        self.passage_vector = lru_cache(maxsize=2_048)(self._passage_vector)
        self.said = lru_cache(maxsize=2_048)(self._said)
        self.category_vector = lru_cache(maxsize=128)(self._category_vector)

    def chat(self, seat: Seat) -> "ChatModel":
        """The language model of a seat. Raises `UsageError` where there are none (a library of a `lexical` panel)."""
        if self.chats is None:
            raise UsageError(f"{seat.name}: role '{seat.role}' needs a chat model, and {seat.model!r} is none")
        return self.chats(seat)

    async def ask(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a blocking call on the library's threads."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(call, *args, **kwargs))

    def topic(self, title: str, category: str, explanation: str = "") -> Found:
        """Documents for a topic of a category. An empty category searches the bare title.

        The explanation is asked with where `rules` say so, and makes no difference elsewhere.
        """
        return self._remembered(title, category, explanation if self.rules.explanation_weight else "")

    def _topic(self, title: str, category: str, explanation: str) -> Found:
        return find_topic(
            self.index.search,
            Catalogued(self._tokens, self.shelf.origins),
            self.rules,
            title=title,
            category=category,
            explanation=explanation,
            depth=self.depth,
            target_tokens=self.target_tokens,
        )

    def _category_documents(self, category: str) -> tuple[str, ...]:
        """Among the best `NEAR` documents for a category's words, those that really speak of one of its facets."""
        return self._speaking(category, self.topic("", category).doc_ids[:NEAR])

    def mentions(self, category: str, depth: int) -> tuple[str, ...]:
        """Of the best `depth` documents for a category's name, however weak, those that speak of one of its facets."""
        name = category.rsplit(SEPARATOR, 1)[-1]
        return self._speaking(category, [hit.doc_id for hit in self.index.search(name, depth)])

    def _speaking(self, category: str, doc_ids: Sequence[str]) -> tuple[str, ...]:
        weights = self._facet_weights(category)
        read = zip(doc_ids, self.words(doc_ids), strict=True)
        return tuple(doc_id for doc_id, found in read if max(coverage(w, found) for w in weights) >= SPEAKS)

    def passages(self, category: str, doc_ids: Sequence[str]) -> list[list[str]]:
        """What each document says near a mention of the category's facets: pieces of text, in the order they stand."""
        weights = self._facet_weights(category)
        found = []
        for text in self.texts(doc_ids):
            pieces = units(text)
            scores = [max(coverage(w, words(piece)) for w in weights) for piece in pieces]
            found.append([pieces[place] for place in near(scores, SPEAKS)])
        return found

    def _facet_weights(self, category: str) -> list[dict[str, float]]:
        name = category.rsplit(SEPARATOR, 1)[-1]
        return [word_weights(facet, self.index.document_frequency, len(self.index)) for facet in facets(name) or [name]]

    def words(self, doc_ids: Sequence[str]) -> list[tuple[str, ...]]:
        """The analysed words of documents, in the order asked; the last few thousand documents are remembered."""
        with self._lock:
            missing = [doc_id for doc_id in dict.fromkeys(doc_ids) if doc_id not in self._words]
            for doc_id, text in zip(missing, self._read(missing), strict=True):
                self._words[doc_id] = tuple(map(sys.intern, words(text)))
            found = [self._words[doc_id] for doc_id in doc_ids]
            for doc_id in list(self._words)[: max(0, len(self._words) - REMEMBERED)]:
                del self._words[doc_id]
        return found

    def covered(self, title: str, doc_ids: Sequence[str]) -> list[float]:
        """How much of a title (0 to 1, by weight of its words) stands close together in each document.

        Of a title that lists things ("Salmon and trout") a document need speak of one.
        """
        weights = self._facet_weights(title)
        return [max(coverage(w, read) for w in weights) for read in self.words(doc_ids)]

    def _passage_vector(self, title: str) -> Vectors:
        """The mean of what the title's best documents say around its words, float32 [dimensions]; zeros without documents.

        Only where there are embeddings. A document's own title is part of what it says: a dictionary's entry begins with it.
        """
        assert self.meaning is not None
        doc_ids, around = self._around(title, PASSAGE_WIDTH)
        said = [f"{name}: {text}" for name, text in zip(self.titles(doc_ids), around, strict=True)]
        return self.meaning.vectors(said).mean(axis=0) if said else np.zeros_like(self.common_vector)

    def _said(self, title: str) -> float:
        """How near in meaning to a title its best documents are around its words: mean cosine of the nearest, 0 without.

        Only where there is a closer embedding. It tells documents about "office hours" from those with offices and hours.
        """
        assert self.meaning is not None
        assert self.meaning.closer is not None
        closer = self.meaning.closer
        _, around = self._around(title, SAID_WIDTH)
        if not around:
            return 0.0
        cosines = closer.vectors(around) @ closer.vectors([spoken(title)])[0]
        return float(np.sort(cosines)[-SAID_NEAREST:].mean())

    def _around(self, title: str, width: int) -> tuple[Sequence[str], list[str]]:
        """A title's best documents, and `width` characters of each around its words."""
        doc_ids = self.topic(title, "").doc_ids[:PASSAGES]
        weights = {word: weight for facet in self._facet_weights(title) for word, weight in facet.items()}
        weigh = lambda word: weights.get(word, 0.0)  # noqa: E731
        return doc_ids, [snippet(text, title, weigh, width=width).text for text in self.texts(doc_ids)]

    def _category_vector(self, category: str) -> Vectors:
        """The mean of the beginnings of the category's documents, float32 [dimensions]; what is common without any."""
        doc_ids = self.category_documents(category)[:OF_CATEGORY]
        return self._beginnings(doc_ids) if doc_ids else self.common_vector

    @once
    def common_vector(self) -> Vectors:
        """What passages of this corpus have in common: the mean over a sample's beginnings, float32 [dimensions]."""
        return self._beginnings(self.shelf.sample(COMMON))

    def _beginnings(self, doc_ids: Sequence[str]) -> Vectors:
        assert self.meaning is not None
        beginnings = [
            f"{name}: {text[:PASSAGE_WIDTH]}"
            for name, text in zip(self.titles(doc_ids), self.texts(doc_ids), strict=True)
        ]
        return np.asarray(self.meaning.vectors(beginnings).mean(axis=0), dtype=np.float32)

    def texts(self, doc_ids: Sequence[str]) -> list[str]:
        """The texts of documents, in the order asked; those read last are remembered."""
        with self._lock:
            return self._read(doc_ids)

    def _read(self, doc_ids: Sequence[str]) -> list[str]:
        missing = [doc_id for doc_id in dict.fromkeys(doc_ids) if doc_id not in self._texts]
        fetched = dict(zip(missing, self.shelf.texts(missing), strict=True)) if missing else {}
        found = [fetched[doc_id] if doc_id in fetched else self._texts[doc_id] for doc_id in doc_ids]
        self._texts.update(fetched)
        self._characters += sum(map(len, fetched.values()))
        while self._characters > AT_HAND:
            self._characters -= len(self._texts.pop(next(iter(self._texts))))
        return found

    def titles(self, doc_ids: Sequence[str]) -> Sequence[str]:
        return self.shelf.titles(doc_ids)

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _tokens(self, doc_ids: Sequence[str]) -> list[int]:
        return [max(1, round(n / self.characters_per_token)) for n in self.shelf.characters(doc_ids)]
