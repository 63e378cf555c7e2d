"""How a topic becomes a query, and where its hits stop being about it."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

from tools.search.interface import Hit, Query, QueryPart

TITLE_WEIGHT = 2.0
NAME_WEIGHT = 1.0
ANCESTOR_WEIGHT = 0.25
"""A category's own name says what the topic is seen under; the names above it are mostly common words."""

QueryName = Literal["context", "bare", "name"]
"""`context`: the title within its category path; `bare`: the title alone (arXiv 2509.15568); `name`: the title and the
category's own name."""
QUERY_NAMES: tuple[QueryName, ...] = get_args(QueryName)


class NamedQuery(NamedTuple):
    """A query and which of the ways to ask it is."""

    name: QueryName
    query: Query


def topic_query(
    title: str, category: str, name: QueryName = "context", explanation: str = "", weight: float = 0.0
) -> Query:
    """The title's words, with the category path (`A / B / C`) as context. Either may be empty.

    Without a title the category itself is asked for, in every way by its whole path.

    With a `weight` above 0 the explanation's words count so much each.
    """
    name = name if title else "context"
    *above, own = category.split(" / ") if category and name != "bare" else [""]
    parts = [QueryPart(title, TITLE_WEIGHT), QueryPart(own, NAME_WEIGHT)]
    if name == "context":
        parts += [QueryPart(segment, ANCESTOR_WEIGHT) for segment in above]
    if weight > 0:
        parts.append(QueryPart(explanation, weight))
    return Query(tuple(part for part in parts if part.text))


def topic_queries(
    title: str, category: str, names: Sequence[QueryName], explanation: str = "", weight: float = 0.0
) -> list[NamedQuery]:
    """The queries to ask in turn; one that is the same as an earlier one (a topic of no category) is left out."""
    queries: dict[Query, QueryName] = {}
    for name in names:
        queries.setdefault(topic_query(title, category, name, explanation, weight), name)
    return [NamedQuery(name, query) for query, name in queries.items()]


def above_floor(hits: Sequence[Hit], floor: float) -> Sequence[Hit]:
    """Of hits whose scores fall, those with at least `floor` (0 to 1) times the best one's."""
    if not hits:
        return hits
    least = floor * hits[0].score
    return hits[: bisect_right(hits, -least, key=lambda hit: -hit.score)]
