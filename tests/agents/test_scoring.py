"""Scores: probabilities from a few figures; and the yardstick that some figures come from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.evidence import ALIKE_FROM
from agents.outline import generality, heading, outline, spoken
from agents.roles import LEXICAL as FAMILY_NAMES
from agents.scoring import FAMILIES, FIGURES, Score

ANY = st.floats(-1e9, 1e9)


@given(weight=ANY, figure=ANY, intercept=ANY)
def test_a_score_is_a_probability_whatever_the_figures(weight: float, figure: float, intercept: float) -> None:
    assert 0.0 <= Score({"one": weight}, intercept).of({"one": figure, "unused": 1.0}) <= 1.0


@given(one=st.floats(-50, 50), other=st.floats(-50, 50))
def test_a_score_grows_with_what_speaks_for_it(one: float, other: float) -> None:
    score = Score({"lift": 2.0}, -1.0)
    low, high = sorted((one, other))
    assert score.of({"lift": low}) <= score.of({"lift": high})


def test_even_is_one_half() -> None:
    assert Score({"lift": 2.0}, -1.0).of({"lift": 0.5}) == 0.5


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_every_family_has_the_weights_that_the_benchmark_fits(family: str) -> None:
    scores = FAMILIES[family]
    for name, figures in FIGURES[family].items():
        assert tuple(getattr(scores, name).weights) == figures
    assert scores.thresholds.max_alike > ALIKE_FROM, "likeness that decides is recorded"


def test_the_outline_has_subjects_and_fields_and_they_differ() -> None:
    known = outline()
    assert "NATURE / Wildlife / Mammals" in known.subjects
    assert {"Nature", "Wildlife", "Language Arts"} <= {*known.fields}
    assert not set(known.fields) & {path.rsplit(" / ", 1)[-1] for path in known.subjects}


def test_words_of_fields_are_general_and_a_title_of_more_words_less_so() -> None:
    field, subject = generality("Science and Nature"), generality("Bicameral legislatures")
    assert field["of_fields"] == 1.0
    assert field["named"] > subject["named"]
    assert generality("Origins of country names")["words"] == 3.0
    assert set(generality("of the").values()) == {0.0}


def test_capitals_become_a_heading_and_other_names_stay() -> None:
    assert heading("LANGUAGE ARTS & DISCIPLINES") == "Language Arts & Disciplines"
    assert heading("Fish and Sharks") == "Fish and Sharks"


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("Geographic Coordinates", "Geographic coordinates"),
        ("Origins of Country Names", "Origins of country names"),
        ("Geographic coordinates", "Geographic coordinates"),
        ("RISC and SQL", "RISC and SQL"),
        ("Vowels", "Vowels"),
    ],
)
def test_a_heading_is_embedded_as_it_stands_in_a_sentence(title: str, said: str) -> None:
    assert spoken(title) == said
