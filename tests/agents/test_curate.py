"""Curation: one topic of several that are the same, whichever category and order they came in."""

from collections import Counter
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.curate import Curated, curate, same_title, title_key
from agents.figures import TOP
from agents.messages import Accepted, Evidence
from taxonomy import Provenance, Topic, topic_id

SEA, FARM, SKY = "SCIENCE / Sea", "NATURE / Farm", "SCIENCE / Sky"


def accepted(title: str, category: str = SEA, on_category: float = 0.5, documents: int = 10) -> Accepted:
    key = topic_id(category, title)
    topic = Topic(key, title, f"about {title}", category, Provenance(("proposer-1", "proposer-2"), 1, "kept"))
    return Accepted(topic, Evidence("proposer-1.1.1", documents, 900, on_category, 3.0, 0.1, 800))


def numbered(begin: int, end: int) -> list[str]:
    return [f"d{n}" for n in range(begin, end)]


def curated(topics: Sequence[Accepted], best: Mapping[str, Sequence[str]] | None = None) -> Curated:
    """`best` maps titles to documents; others have their own."""
    asked: Counter[tuple[str, str]] = Counter()

    def find(title: str, category: str) -> Sequence[str]:
        asked[title, category] += 1
        return (best or {}).get(title, [f"{title_key(title)} {n}" for n in range(10)])

    found = curate(topics, find)
    assert asked == Counter((one.topic.title, one.topic.category) for one in topics), "asked once a topic"
    return found


def titles(found: Curated) -> list[tuple[str, str]]:
    return [(one.topic.title, one.topic.category) for one in found.kept]


def test_topics_that_differ_are_all_kept_in_the_order_they_came() -> None:
    topics = [accepted("Kelp", on_category=0.2), accepted("Barns", FARM, 0.9), accepted("Winds", SKY, 0.5)]
    assert curated(topics) == Curated(topics, [])


def test_of_one_title_the_topic_that_fits_its_category_best_is_kept() -> None:
    found = curated([accepted("Kelp Farms", SEA, 0.4), accepted("kelp-farms!", FARM, 0.6)])
    assert titles(found) == [("kelp-farms!", FARM)]
    (rejected,) = found.rejected
    assert (rejected.title, rejected.category, rejected.rejected_by) == ("Kelp Farms", SEA, "curate")
    assert rejected.reason == f"the same title, but for its form, as 'kelp-farms!' of {FARM}, which fits better"
    assert rejected.proposed_by == "proposer-1, proposer-2"
    assert dict(rejected.figures) == {"on_category": 0.4, "documents": 10.0}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (accepted("Kelp", SEA, 0.6, 5), accepted("Kelp", FARM, 0.5, 50)),
        (accepted("Kelp", SEA, 0.5, 50), accepted("Kelp", FARM, 0.5, 5)),
        (accepted("Kelp", FARM), accepted("Kelp", SEA)),
    ],
)
def test_on_category_decides_then_documents_then_the_path(one: Accepted, other: Accepted) -> None:
    assert curated([one, other]).kept == curated([other, one]).kept == [one]


def test_topics_whose_best_documents_are_the_same_are_one() -> None:
    topics = [accepted("Kelp", SEA, 0.9), accepted("Seaweed", FARM, 0.8)]
    for common, kept in ((15, 1), (14, 2)):  # of 20 each: 15 / 25 is 60 %, 14 / 26 is less
        best = {"Kelp": numbered(0, 20), "Seaweed": numbered(20 - common, 40 - common)}
        assert len(curated(topics, best).kept) == kept
    found = curated(topics, {"Kelp": numbered(0, 20), "Seaweed": numbered(5, 25)})
    assert titles(found) == [("Kelp", SEA)]
    assert found.rejected[0].reason == (
        f"near the same as 'Kelp' of {SEA}, which fits better: 60% of their best documents are the same"
    )


def test_only_the_best_documents_are_compared() -> None:
    deep = numbered(0, 500)
    best = {"Kelp": [*numbered(1_000, 1_000 + TOP), *deep], "Seaweed": [*numbered(2_000, 2_000 + TOP), *deep]}
    assert len(curated([accepted("Kelp"), accepted("Seaweed", FARM)], best).kept) == 2


def test_a_topic_falls_only_to_one_that_is_kept() -> None:
    """B is like A, C is like B but not like A: B falls to A, and C stays."""
    topics = [accepted("A", SEA, 0.9), accepted("B", FARM, 0.8), accepted("C", SKY, 0.7)]
    best = {"A": numbered(0, 20), "B": numbered(4, 24), "C": numbered(8, 28)}
    assert titles(curated(topics, best)) == [("A", SEA), ("C", SKY)]


def test_one_title_for_two_subjects_is_kept_twice_and_each_names_the_other() -> None:
    """Bats that fly, and bats that hit: what decides is whether their best documents meet."""
    one, other = accepted("Bats", SEA, 0.9), accepted("bats", FARM, 0.8)
    for common, kept in ((1, 2), (2, 1)):  # of 10 each: 1 / 19 is 5 %, 2 / 18 is 11 %
        best = {"Bats": numbered(0, 10), "bats": numbered(10 - common, 20 - common)}
        found = curated([one, other], best)
        assert len(found.kept) == kept
    found = curated([one, other], {"Bats": numbered(0, 10), "bats": numbered(9, 19)})
    for mine, its in ((one, other), (other, one)):
        (shared,) = found.shared[mine.topic.topic_id]
        assert (shared.topic_id, shared.how, shared.decision) == (its.topic.topic_id, "normalised", "kept")
        assert shared.documents == 0.053


def test_within_a_category_one_title_is_one_topic_whatever_its_documents() -> None:
    best = {"Bat": numbered(0, 10), "Bats": numbered(20, 30)}
    assert titles(curated([accepted("Bats", SEA, 0.9), accepted("Bat", SEA)], best)) == [("Bats", SEA)]


def test_what_is_merged_is_named_by_the_topic_that_is_kept() -> None:
    topics = [accepted("Kelp", SEA, 0.9), accepted("Kelp", FARM, 0.8), accepted("Seaweed", SKY, 0.7)]
    best = {"Kelp": numbered(0, 20), "Seaweed": numbered(2, 22)}
    found = curated(topics, best)
    assert [(s.title, s.category, s.how, s.decision) for s in found.shared[topics[0].topic.topic_id]] == [
        ("Kelp", FARM, "exact", "merged"),
        ("Seaweed", SKY, "near", "merged"),
    ]
    assert set(found.shared) == {topics[0].topic.topic_id}


def test_topics_without_documents_are_not_alike() -> None:
    assert len(curated([accepted("A"), accepted("B")], {"A": [], "B": []}).kept) == 2


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Coral Reefs", "  coral  REEFS. ", True),
        ("Fish & Chips", "fish and chips", True),
        ("Black-Footed Cats", "black footed cats", True),
        ("Caf\u00e9", "Cafe\u0301", True),
        ("Coral Reef", "Coral Reefs", True),
        ("The Art of War", "Art of War", True),
        ("Of the", "And", False),
        ("C++", "C#", False),
        ("C", "C++", False),
        ("!!!", "???", False),
        ("कि", "का", False),
        ("Coral", "Coral Reefs", False),
    ],
)
def test_which_titles_are_the_same(one: str, other: str, same: bool) -> None:
    assert (title_key(one) == title_key(other)) == same
    assert len(curated([accepted(one, SEA), accepted(other, FARM)]).kept) == 2 - same


@st.composite
def topics(draw: st.DrawFn) -> list[Accepted]:
    return draw(
        st.lists(
            st.builds(
                accepted,
                st.sampled_from(["Kelp", "kelp.", "Reefs", "Tides", "Winds", "Barns"]),
                st.sampled_from([SEA, FARM, SKY]),
                st.sampled_from([0.2, 0.5]),
                st.sampled_from([5, 6]),
            ),
            unique_by=lambda one: one.topic.topic_id,
            max_size=12,
        )
    )


@settings(deadline=None)
@given(given_=topics(), data=st.data())
def test_whatever_the_order_the_same_topics_are_kept_and_each_is_accounted_for_once(
    given_: list[Accepted], data: st.DataObject
) -> None:
    documents = st.lists(st.sampled_from(numbered(0, 8)), unique=True, min_size=1)
    best = {one.topic.title: data.draw(documents) for one in given_}
    found, again = curated(given_, best), curated(data.draw(st.permutations(given_)), best)
    assert set(found.kept) == set(again.kept)
    assert set(found.rejected) == set(again.rejected)
    ends = [(one.topic.title, one.topic.category) for one in found.kept]
    ends += [(one.title, one.category) for one in found.rejected]
    assert sorted(ends) == sorted((one.topic.title, one.topic.category) for one in given_)
    assert found.kept == [one for one in given_ if one in found.kept], "in the order given"
    pairs = [(same_title(one.topic.title), one.topic.category) for one in found.kept]
    assert len(set(pairs)) == len(pairs)
    merged = [shared.topic_id for some in found.shared.values() for shared in some if shared.decision == "merged"]
    assert len(merged) == len(found.rejected), "each rejected topic is named by one that is kept"
