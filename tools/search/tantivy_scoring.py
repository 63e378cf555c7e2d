"""BM25 by tantivy, made a function of the set of documents alone.

tantivy adds up float32 numbers, and another order of adding gives another last bit in one score of nine (measured); its
source lets the order depend on where documents lie in its segments. With the words in one order no difference was seen in
80,000 scores of indexes built in different steps (0.27), but nothing promises it; and equal scores come in the order of its
own numbers. Either would change samples. So a score is rounded to 11 significant bits (steps of 0.05 to 0.1 %; the rounding
of field lengths to one byte, which tantivy makes anyway, moves it by up to 6 %), and where float32 cannot tell which of two
steps is nearer, the exact sum of the words' scores decides. A sum of n float32 numbers is off by at most n - 1 halves of
its last bit, so with 10 words one score in 900 is doubtful. Beyond 64 words too many would be: they are added up in pairs, and
pairs of pairs, which has one order only and takes about eight times as long as tantivy's own way.
"""

from bisect import bisect_right
from collections.abc import Sequence
from math import fsum
from operator import itemgetter
from typing import NamedTuple

import numpy as np
import orjson
import tantivy

from tools.search.doc_table import Numbers
from tools.search.interface import WeightedWord
from tools.search.rounding import Steps, doubtful, least_of_step, steps_of

TEXT, NUMBER, BOUND = "text", "number", "bound"
ONE_ORDER_UP_TO = 2  # words: x + y is y + x
PAIRED_FROM = 65
# Roundings more where words are weighted: a word's score and the explanation of it multiply by the weight in another order,
# which makes four roundings of products, and one of those moves the sum by up to two halves of its last bit.
_WEIGHING = 8


class Found(NamedTuple):
    """Documents by number with their scores' steps, unordered, all those that tie with the last included."""

    numbers: Numbers
    steps: Steps


def schema(bounded: bool = False) -> tantivy.Schema:
    """Words with their counts and no positions; each document's number in the table of documents, and its bound (`rescoring`)."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field(TEXT, tokenizer_name="words", index_option="freq")
    builder.add_unsigned_field(NUMBER, fast=True)
    if bounded:
        builder.add_float_field(BOUND, fast=True)
    return builder.build()


class Fetched(NamedTuple):
    """The best `k` documents of a query, best first, and all that may tie with the worst of them, as tantivy gave them."""

    searcher: tantivy.Searcher
    query: tantivy.Query
    roundings: int  # by which scores may be off (`rounding.doubtful`)
    hits: Sequence[tuple[float, tantivy.DocAddress]]

    def found(self) -> Found:
        """Their numbers, and their scores' steps, which no order of adding changes."""
        scores = np.fromiter(map(_SCORE, self.hits), np.float64, len(self.hits))
        addresses = list(map(_ADDRESS, self.hits))
        numbers = np.array(self.searcher.fast_field_values(NUMBER, addresses), np.int64)
        steps = steps_of(scores)
        for place in doubtful(scores, self.roundings).tolist():
            explained = orjson.loads(self.query.explain(self.searcher, addresses[place]).to_json())
            exact = fsum(part["value"] for part in explained["details"])
            steps[place : place + 1] = steps_of(np.array([exact]))
        return Found(numbers, steps)


def fetch(searcher: tantivy.Searcher, terms: Sequence[WeightedWord], k: int) -> Fetched:
    """At least the best `k` documents (fewer when fewer match), and all that tie with the worst of them."""
    count = searcher.num_docs
    if not terms or not count:
        return Fetched(searcher, tantivy.Query.empty_query(), 0, ())
    query, roundings = _query(terms)
    wanted = k + 16 + k // 8
    while True:
        limit = min(wanted, count)
        hits = searcher.search(query, limit, count=False).hits
        kept = _reaching(hits, k, roundings)
        if kept < limit or limit == count:
            del hits[kept:]
            return Fetched(searcher, query, roundings, hits)
        wanted *= 4


def _reaching(hits: Sequence[tuple[float, tantivy.DocAddress]], k: int, roundings: int) -> int:
    """How many of `hits`, whose scores fall, may have the step of the `k`-th best or a higher one."""
    if len(hits) <= k:
        return len(hits)
    least = least_of_step(hits[k - 1][0], roundings)
    return bisect_right(hits, -least, lo=k, key=lambda hit: -hit[0])


def any_of(terms: Sequence[WeightedWord]) -> tantivy.Query:
    """Documents that hold any of `terms`, scored by those that they hold, added up in any order."""
    return _any_of([_term(word, weight) for word, weight in terms])


def all_of(words: Sequence[str]) -> tantivy.Query:
    """Documents that hold each of `words`, which are analysed."""
    return tantivy.Query.boolean_query([(tantivy.Occur.Must, _term(word)) for word in words])


def _term(word: str, weight: float = 1.0) -> tantivy.Query:
    query = tantivy.Query.term_query(_SCHEMA, TEXT, word, index_option="freq")
    return query if weight == 1.0 else tantivy.Query.boost_query(query, weight)


def _query(terms: Sequence[WeightedWord]) -> tuple[tantivy.Query, int]:
    """The query, and by how many roundings its scores may be off (`rounding.doubtful`)."""
    queries = [_term(word, weight) for word, weight in terms]
    if len(queries) < PAIRED_FROM:
        exact = len(queries) <= ONE_ORDER_UP_TO
        weighing = 0 if all(weight == 1.0 for _, weight in terms) else _WEIGHING
        return _any_of(queries), 0 if exact else len(queries) - 1 + weighing
    while len(queries) > 1:
        queries = [_any_of(queries[place : place + 2]) for place in range(0, len(queries), 2)]
    return queries[0], 0


def _any_of(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    if len(queries) == 1:
        return queries[0]
    return tantivy.Query.boolean_query([(tantivy.Occur.Should, query) for query in queries])


_SCORE, _ADDRESS = itemgetter(0), itemgetter(1)
_SCHEMA = schema()
