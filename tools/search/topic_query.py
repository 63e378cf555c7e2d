"""How a topic becomes a query, and where its hits stop being about it."""

from collections.abc import Sequence

from tools.search.interface import Hit, Query, QueryPart

TITLE_WEIGHT = 2.0
NAME_WEIGHT = 1.0
ANCESTOR_WEIGHT = 0.25
"""A category's own name says what the topic is seen under; the names above it are mostly common words."""


def topic_query(title: str, category: str) -> Query:
    """The title's words, with the category path (`A / B / C`) as context. Either may be empty."""
    *above, name = category.split(" / ") if category else [""]
    parts = [QueryPart(title, TITLE_WEIGHT), QueryPart(name, NAME_WEIGHT)]
    parts += [QueryPart(segment, ANCESTOR_WEIGHT) for segment in above]
    return Query(tuple(part for part in parts if part.text))


def above_floor(hits: Sequence[Hit], floor: float) -> list[Hit]:
    """The hits whose score is at least `floor` (0 to 1) times the best one's."""
    if not hits:
        return []
    least = floor * hits[0].score
    return [hit for hit in hits if hit.score >= least]
