"""Whether a text speaks of a title."""

from hypothesis import given
from hypothesis import strategies as st

from agents.reading import coverage, facets, near, overlap, to_read, units, word_weights

WORDS = st.lists(st.sampled_from("abcdefgh"), max_size=120)


def test_words_far_apart_do_not_count_together() -> None:
    weights = {"coral": 1.0, "reef": 1.0}
    assert coverage(weights, ["coral", "reef"]) == 1.0
    assert coverage(weights, ["coral", *["x"] * 40, "reef"]) == 0.5


def test_a_rare_word_carries_more_of_a_title() -> None:
    weights = word_weights("Coral Waters", {"Coral": 2, "Waters": 900}.__getitem__, 1000)
    assert coverage(weights, ["coral"]) > 0.8 > 0.2 > coverage(weights, ["water"])


def test_words_are_counted_as_they_are_written_and_matched_by_their_stems() -> None:
    """A stem asked for would be stemmed once more: "conifer" of "coniferous" is another word."""
    asked: list[str] = []

    def frequency(word: str) -> int:
        asked.append(word)
        return 1

    assert list(word_weights("The Coniferous Trees", frequency, 10)) == ["conifer", "tree"]
    assert asked == ["Coniferous", "Trees"], "and nobody asks for a stopword"


@given(one=st.sets(st.integers(0, 9)), other=st.sets(st.integers(0, 9)))
def test_overlap_is_symmetric_bounded_and_whole_only_for_equals(one: set[int], other: set[int]) -> None:
    assert 0.0 <= overlap(one, other) == overlap(other, one) <= 1.0
    assert (overlap(one, other) == 1.0) == (one == other != set())


@given(WORDS, st.integers(1, 40))
def test_coverage_is_that_of_the_best_window(text: list[str], window: int) -> None:
    weights = {"a": 1.0, "b": 2.0, "c": 4.0}
    windows = [set(text[i : i + window]) for i in range(len(text))] or [set()]
    best = max(sum(weights[w] for w in seen & weights.keys()) for seen in windows)
    assert abs(coverage(weights, text, window) - best / 7.0) < 1e-9


def test_a_name_that_lists_things_has_facets() -> None:
    assert facets("Rivers, Lakes and Wetlands") == ["Rivers", "Lakes", "Wetlands"]
    assert facets("Sandstone") == ["Sandstone"]


@given(st.text(alphabet="ab .\n", max_size=400))
def test_units_lose_no_word(text: str) -> None:
    assert " ".join(units(text)).split() == text.split()


def test_what_stands_beside_a_mention_belongs_to_it() -> None:
    assert near([0.0, 0.0, 0.9, 0.0, 0.0], 0.5) == [1, 2, 3]


@given(st.integers(0, 500), st.integers(1, 20), st.integers(1, 20))
def test_documents_to_read_are_distinct_and_bounded(count: int, best: int, spread: int) -> None:
    head, rest = to_read(count, best, spread)
    places = head + rest
    assert len(set(places)) == len(places) == min(count, best + spread)
    assert all(0 <= place < count for place in places)
