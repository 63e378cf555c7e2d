"""BM25 by tantivy, made a function of the set of documents alone.

tantivy adds up float32 numbers, and another order of adding gives another last bit in one score of nine (measured); its
source lets the order depend on where documents lie in its segments. With the words in one order no difference was seen in
80,000 scores of indexes built in different steps (0.27), but nothing promises it; and equal scores come in the order of its
own numbers. Either would change samples. So a score is rounded to 11 significant bits (steps of 0.05 to 0.1 %; the rounding
of field lengths to one byte, which tantivy makes anyway, moves it by up to 6 %), and where float32 cannot tell which of two
steps is nearer, the exact sum of the words' scores decides. A sum of n float32 numbers is off by at most n * 2**-24 of
itself, so with 10 words one score in 400 is doubtful. Beyond 64 words too many would be: they are added up in pairs, and
pairs of pairs, which has one order only and takes about eight times as long as tantivy's own way.
"""

from collections.abc import Sequence
from math import fsum
from typing import NamedTuple

import numpy as np
import orjson
import tantivy
from numpy.typing import NDArray

from tools.search.doc_table import Numbers
from tools.search.interface import WeightedWord

TEXT, NUMBER = "text", "number"
_BITS = 11
_PAIRED_FROM = 65
_UNIT = 2.0**-24  # half a float32's last bit, of a number in [0.5, 1)
_WEIGHING = (
    4  # more roundings where words are weighted: a word's score and the explanation of it multiply in another order
)


class Found(NamedTuple):
    """Documents by number with their scores, unordered, all those that tie with the last included."""

    numbers: Numbers
    scores: NDArray[np.float64]


def schema() -> tantivy.Schema:
    """Words with their counts and no positions; each document's number in the table of documents."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field(TEXT, tokenizer_name="words", index_option="freq")
    builder.add_unsigned_field(NUMBER, fast=True)
    return builder.build()


def top(searcher: tantivy.Searcher, terms: Sequence[WeightedWord], k: int) -> Found:
    """At least the best `k` documents (fewer when fewer match), and all that tie with the worst of them."""
    count = searcher.num_docs
    if not terms or not count:
        return Found(np.empty(0, np.int64), np.empty(0))
    query, error = _query(terms)
    wanted = k + 16 + k // 8
    while True:
        limit = min(wanted, count)
        hits = searcher.search(query, limit, count=False).hits
        scores = np.array([score for score, _ in hits])
        complete = len(hits) < limit or limit == count
        if complete or scores[-1] * (1 + 2 * error) < _lower_edge(scores[k - 1] * (1 - 2 * error)):
            break
        wanted *= 4
    addresses = [address for _, address in hits]
    rounded = _rounded(searcher, query, scores, addresses, error)
    if len(rounded) > k:
        kept = np.flatnonzero(rounded >= np.partition(rounded, len(rounded) - k)[len(rounded) - k])
        rounded, addresses = rounded[kept], [addresses[place] for place in kept.tolist()]
    return Found(np.array(searcher.fast_field_values(NUMBER, addresses), np.int64), rounded)


def all_of(words: Sequence[str]) -> tantivy.Query:
    """Documents that hold each of `words`, which are analysed."""
    return tantivy.Query.boolean_query([(tantivy.Occur.Must, _term(word)) for word in words])


def _term(word: str, weight: float = 1.0) -> tantivy.Query:
    query = tantivy.Query.term_query(_SCHEMA, TEXT, word, index_option="freq")
    return query if weight == 1.0 else tantivy.Query.boost_query(query, weight)


def _query(terms: Sequence[WeightedWord]) -> tuple[tantivy.Query, float]:
    """The query, and how far off its scores may be, as a share of themselves."""
    queries = [_term(word, weight) for word, weight in terms]
    if len(queries) < _PAIRED_FROM:
        exact = len(queries) < 3  # x + y is y + x
        roundings = len(queries) + (0 if all(weight == 1.0 for _, weight in terms) else _WEIGHING)
        return _any_of(queries), 0.0 if exact else roundings * _UNIT
    while len(queries) > 1:
        queries = [_any_of(queries[place : place + 2]) for place in range(0, len(queries), 2)]
    return queries[0], 0.0


def _any_of(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    if len(queries) == 1:
        return queries[0]
    return tantivy.Query.boolean_query([(tantivy.Occur.Should, query) for query in queries])


def _rounded(
    searcher: tantivy.Searcher,
    query: tantivy.Query,
    scores: NDArray[np.float64],
    addresses: Sequence[tantivy.DocAddress],
    error: float,
) -> NDArray[np.float64]:
    scaled, exponents = _scaled(scores)
    steps = np.rint(scaled)
    doubtful = np.flatnonzero(np.abs(scaled - np.floor(scaled) - 0.5) <= scaled * error) if error else ()
    for place in (int(found) for found in doubtful):
        explained = orjson.loads(query.explain(searcher, addresses[place]).to_json())
        exact = fsum(part["value"] for part in explained["details"])
        scaled_exact, exponents[place : place + 1] = _scaled(np.array([exact]))
        steps[place] = np.rint(scaled_exact)[0]
    return np.ldexp(steps, exponents)


def _scaled(scores: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """The scores as numbers of `_BITS` bits before the point, and the exponents that bring them back."""
    mantissas, exponents = np.frexp(scores)
    return np.ldexp(mantissas, _BITS), exponents.astype(np.int32) - _BITS


def _lower_edge(score: float) -> float:
    """The least number that may be rounded to what `score` is rounded to."""
    scaled, exponents = _scaled(np.array([score]))
    return float(np.ldexp(np.rint(scaled) - 0.5, exponents)[0])


_SCHEMA = schema()
