"""Noun phrases and their contrast with the rest of the corpus."""

import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.lexical.phrases import Mined, Phrase, contrast, distinct, document_counts, mine, singular

RACE = """
import sys
sys.setswitchinterval(1e-5)
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from agents.lexical.phrases import distinct

texts = ["Strong container ships unload heavy cargo near narrow harbors.", "Old bakers knead sour dough for warm rye bread."]
start = Barrier(2)


def work(text):
    start.wait()
    return distinct([text])


with ThreadPoolExecutor(2) as pool:
    found = list(pool.map(work, texts))
sys.exit(found != [distinct([text]) for text in texts])
"""


def keys(text: str) -> list[str]:
    return [phrase.key for phrase in distinct([text])]


def test_adjectives_and_nouns_that_end_in_a_noun() -> None:
    assert "renewable energy source" in keys("The renewable energy sources on the islands are growing.")
    assert "offshore" not in keys("They drill offshore.")


def test_what_is_counted_together_is_said_alike() -> None:
    assert keys("Coral reefs.")[-1] == keys("A coral reef.")[-1] == "coral reef"


def test_a_lone_word_is_a_noun_and_no_name() -> None:
    assert "airport" in keys("The airports are busy.")
    assert "melody" in keys("They sing the melody.")
    assert "national" not in keys("The national process.")
    assert not keys("They met Robert.")


@pytest.mark.parametrize("said", ["several", "small", "various", "other"])
def test_what_a_writer_says_of_a_thing_does_not_begin_a_subject(said: str) -> None:
    assert keys(f"They saw {said} sharks.") == ["shark"]


def test_what_stands_before_of_is_half_a_name() -> None:
    assert keys("The national coat of arms shows lions.") == ["lion"]


def test_a_general_word_is_a_subject_only_with_a_noun_that_says_of_what() -> None:
    assert keys("The high rate and the birth rate fell.") == ["birth rate"]


def test_a_person_with_a_surname_in_capitals_is_no_subject() -> None:
    assert not [key for key in keys("The islands were sighted by Explorer James COOK.") if "cook" in key]


def test_a_lone_word_is_shown_in_the_plural_where_that_is_usual() -> None:
    _, forms = document_counts(
        [distinct([text]) for text in ["The vowel is long.", "The vowel sounds.", "Two vowels."]]
    )
    assert forms["vowel"].surface == "vowels"
    _, forms = document_counts([distinct([f"The {word} tree grows."]) for word in ("oak", "oak", "elm")])
    assert forms["oak tree"].surface == "oak tree"


def test_a_phrase_stays_within_its_line() -> None:
    assert "river bank" not in keys("river\nbank")


@pytest.mark.parametrize(
    ("plural", "expected"),
    [
        ("reefs", "reef"),
        ("countries", "country"),
        ("classes", "class"),
        ("boxes", "box"),
        ("gas", "gas"),
        ("crisis", "crisis"),
    ],
)
def test_regular_plurals(plural: str, expected: str) -> None:
    assert singular(plural) == expected


def test_threads_that_begin_together_tag_like_one(tmp_path: object) -> None:
    """The tagger's lexicon is read at first use; a thread that tags meanwhile must not see half of it."""
    for _ in range(3):
        assert subprocess.run([sys.executable, "-c", RACE], check=False, timeout=60).returncode == 0


@given(support=st.integers(1, 60), background=st.integers(0, 1000))
def test_contrast_is_positive_just_where_a_phrase_is_more_common(support: int, background: int) -> None:
    score = contrast(support, 60, background, 1000)
    assert (score > 0.0) == (support * 1000 > background * 60)


def phrase(key: str) -> Phrase:
    return Phrase(key, key, False)


def mined(*documents: tuple[str, ...], background: dict[str, int] | None = None) -> list[Mined]:
    return mine([[phrase(key) for key in document] for document in documents], Counter(background or {}), 1000, 3)


def test_support_in_three_documents_at_least() -> None:
    assert mined(("coral reef",), ("coral reef",)) == []
    assert [m.phrase.key for m in mined(("coral reef",), ("coral reef",), ("coral reef",))] == ["coral reef"]


def test_what_stands_everywhere_does_not_stand_out() -> None:
    found = mined(*[("coral reef", "other text")] * 3, background={"other text": 1000, "coral reef": 5})
    assert [m.phrase.key for m in found] == ["coral reef"]


def test_a_phrase_inside_a_longer_one_with_its_support_is_left_to_it() -> None:
    assert [m.phrase.key for m in mined(*[("coral reef", "great coral reef")] * 3)] == ["great coral reef"]
    found = mined(*[("coral reef", "great coral reef")] * 3, *[("coral reef",)] * 3)
    assert {m.phrase.key for m in found} == {"coral reef", "great coral reef"}
