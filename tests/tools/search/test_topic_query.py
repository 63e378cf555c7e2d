"""How a topic is asked for, and where its hits stop being about it."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.search import Hit, Query, QueryPart
from tools.search.topic_query import ANCESTOR_WEIGHT, NAME_WEIGHT, TITLE_WEIGHT, above_floor, topic_query


def test_the_title_counts_most_then_the_category_then_what_stands_above_it() -> None:
    assert topic_query("Coral Bleaching", "SCIENCE / Life Sciences / Marine Biology") == Query(
        (
            QueryPart("Coral Bleaching", 2.0),
            QueryPart("Marine Biology", 1.0),
            QueryPart("SCIENCE", 0.25),
            QueryPart("Life Sciences", 0.25),
        )
    )
    assert TITLE_WEIGHT > NAME_WEIGHT > ANCESTOR_WEIGHT > 0


@pytest.mark.parametrize(
    ("title", "category", "parts"),
    [
        ("Tides", "", (QueryPart("Tides", 2.0),)),
        ("", "SCIENCE", (QueryPart("SCIENCE", 1.0),)),
        ("", "SCIENCE / Oceans", (QueryPart("Oceans", 1.0), QueryPart("SCIENCE", 0.25))),
        ("", "", ()),
        ("AND * / OR", "A", (QueryPart("AND * / OR", 2.0), QueryPart("A", 1.0))),
    ],
)
def test_either_part_may_be_missing_and_no_title_is_parsed(
    title: str, category: str, parts: tuple[QueryPart, ...]
) -> None:
    assert topic_query(title, category) == Query(parts)


def hits(scores: list[float]) -> list[Hit]:
    return [Hit(f"d{n}", n, score) for n, score in enumerate(sorted(scores, reverse=True), 1)]


@given(scores=st.lists(st.floats(0.001, 100), max_size=30), floor=st.floats(0, 1))
def test_hits_above_the_floor_are_the_first_ones_and_all_that_reach_it(scores: list[float], floor: float) -> None:
    found = hits(scores)
    kept = above_floor(found, floor)
    assert kept == found[: len(kept)]
    assert all(hit.score >= floor * found[0].score for hit in kept)
    assert all(hit.score < floor * found[0].score for hit in found[len(kept) :])
    assert bool(kept) == bool(found), "the best hit is always above its own floor"


def test_a_floor_of_none_keeps_all_and_a_floor_of_one_only_the_best() -> None:
    random = Random(0)
    found = hits([random.random() for _ in range(20)] + [2.0, 2.0])
    assert above_floor(found, 0.0) == found
    assert above_floor(found, 1.0) == found[:2]
    assert above_floor([], 0.5) == []
