"""From a topic to its documents: ask, ask again when too little is found, and keep what is about it, fits, and is mixed enough.

Debates (what does the corpus say about this proposal?) and the retrieve stage (what is packed?) come here with the same rules,
so that what was judged is what is used. All is a function of the corpus and the topic: no clock, no thread, no order of arrival.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import NamedTuple

from tools.search.interface import Hit, Query, QueryPart
from tools.search.topic_query import NamedQuery, QueryName, above_floor, topic_queries

MAX_DEPTH = 5_000
"""The most hits that a query looks at."""


class Quota(NamedTuple):
    """At most `share` (0 to 1) of a topic's tokens from sources whose name matches the glob `pattern`."""

    pattern: str
    share: float


@dataclass(frozen=True, slots=True)
class TopicRules:
    """How topics are asked for, and which hits are kept.

    `query` first, then each of `fallback` while less than the topic's samples need is found; if none finds enough, the
    one that found most counts, the earlier of equals. `explanation_weight` above 0 adds the explanation's words to each.
    `floor` is the share of the best score that a hit needs. Lengths are estimated tokens. Of several quotas the first
    whose pattern matches counts; each source has a quota of its own.
    """

    query: QueryName = "context"
    fallback: tuple[QueryName, ...] = ()
    explanation_weight: float = 0.0
    floor: float = 0.4
    min_tokens: int = 0
    max_tokens: int | None = None
    quotas: tuple[Quota, ...] = ()

    @property
    def choosy(self) -> bool:
        """Whether hits above the floor may be left out, so that it is worth looking further down."""
        return bool(self.min_tokens > 1 or self.max_tokens is not None or self.quotas)


@dataclass(frozen=True, slots=True)
class Catalogued:
    """What is known of documents without reading them, as functions of their `doc_id`s, in the order asked."""

    tokens: Callable[[Sequence[str]], Sequence[int]]
    origins: Callable[[Sequence[str]], Sequence[str]]


class Asked(NamedTuple):
    """Which query was used (`tried` were asked), and what became of the hits it looked at."""

    query: QueryName = "context"
    tried: int = 0
    parts: tuple[QueryPart, ...] = ()
    best_score: float = 0.0
    hits: int = 0
    below_floor: int = 0
    wrong_length: int = 0
    over_quota: int = 0


class Found(NamedTuple):
    """A topic's documents, best first, with about how many tokens each holds, and what was asked."""

    hits: tuple[Hit, ...]
    tokens: tuple[int, ...]
    asked: Asked = Asked()

    @property
    def doc_ids(self) -> tuple[str, ...]:
        return tuple(hit.doc_id for hit in self.hits)

    @property
    def total_tokens(self) -> int:
        return sum(self.tokens)


def find_topic(
    search: Callable[[Query, int], Sequence[Hit]],
    catalogued: Catalogued,
    rules: TopicRules,
    *,
    title: str,
    category: str,
    explanation: str = "",
    depth: int,
    target_tokens: int,
) -> Found:
    """At most `depth` documents for a topic. Ranks and scores are those of the search; ranks left out are missing.

    `target_tokens` is what the topic's samples need.
    """
    names = (rules.query, *rules.fallback)
    queries = topic_queries(title, category, names, explanation, rules.explanation_weight)
    found: list[Found] = []
    for query in queries:
        found.append(_ask(search, catalogued, rules, query, depth, target_tokens))
        if found[-1].total_tokens >= target_tokens:
            break
    best = max(found, key=lambda one: one.total_tokens)
    return best._replace(asked=best.asked._replace(tried=len(found)))


def _ask(
    search: Callable[[Query, int], Sequence[Hit]],
    catalogued: Catalogued,
    rules: TopicRules,
    query: NamedQuery,
    depth: int,
    target_tokens: int,
) -> Found:
    """One query. Where rules leave hits out it looks further down, until `depth` are kept or the floor is reached."""
    looked_at = depth
    while True:
        hits = search(query.query, looked_at)
        above = above_floor(hits, rules.floor)
        kept = _kept(above, catalogued, rules, depth, target_tokens)
        done = len(kept.hits) >= depth or len(above) < looked_at or looked_at >= MAX_DEPTH
        if done or not rules.choosy:
            break
        looked_at = min(MAX_DEPTH, 2 * looked_at)
    asked = Asked(
        query.name,
        1,
        query.query.parts,
        hits[0].score if hits else 0.0,
        len(hits),
        len(hits) - len(above),
        kept.wrong_length,
        kept.over_quota,
    )
    return Found(tuple(kept.hits), tuple(kept.tokens), asked)


class _Kept(NamedTuple):
    hits: list[Hit]
    tokens: list[int]
    wrong_length: int
    over_quota: int


def _kept(hits: Sequence[Hit], catalogued: Catalogued, rules: TopicRules, depth: int, target_tokens: int) -> _Kept:
    """The first `depth` hits that have the right length and are within their source's quota."""
    doc_ids = [hit.doc_id for hit in hits]
    lengths = catalogued.tokens(doc_ids)
    origins = catalogued.origins(doc_ids) if rules.quotas else [""] * len(hits)
    kept, tokens, out = list[Hit](), list[int](), Counter[str]()
    taken, total = Counter[str](), 0
    for hit, length, origin in zip(hits, lengths, origins, strict=True):
        if len(kept) == depth:
            break
        if length < rules.min_tokens or (rules.max_tokens is not None and length > rules.max_tokens):
            out["length"] += 1
        elif taken[origin] + length > _allowed(origin, rules.quotas, max(target_tokens, total + length)):
            out["quota"] += 1
        else:
            taken[origin] += length
            total += length
            kept.append(hit)
            tokens.append(length)
    return _Kept(kept, tokens, out["length"], out["quota"])


def _allowed(origin: str, quotas: Sequence[Quota], tokens: int) -> float:
    """Tokens that a source may give of `tokens`. Counted on what is kept so far, so it holds for the best hits alone too."""
    share = next((quota.share for quota in quotas if fnmatchcase(origin, quota.pattern)), 1.0)
    return share * tokens
