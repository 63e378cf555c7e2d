"""How alike the documents of a sample are: a figure that says whether a sample has a topic."""

import itertools
from math import inf, isnan
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litelong import UsageError
from tools.report.similarity import MAX_DOCUMENTS, Similarity, similarity, spread

SEA = ["whale", "reef", "coral", "tide", "harbour", "sailor", "anchor", "plankton", "trench", "lagoon"]
FARM = ["wheat", "tractor", "barn", "harvest", "plough", "orchard", "fertiliser", "pasture", "silo", "dairy"]
ROCKET = ["orbit", "thruster", "payload", "nozzle", "telemetry", "booster", "satellite", "capsule", "gantry", "apogee"]


def about(words: list[str], count: int, seed: int) -> list[str]:
    random = Random(seed)
    return [" ".join(random.choices(words, k=12)) for _ in range(count)]


def test_identical_documents_are_as_alike_as_can_be() -> None:
    found = similarity([["whale reef coral"] * 3], [["wheat barn", "wheat barn"]])
    assert (found.samples, found.baseline) == pytest.approx((1.0, 1.0))
    assert found.ratio == pytest.approx(1.0)


def test_documents_without_a_word_in_common_are_not_alike() -> None:
    found = similarity([["whale reef", "whale reef"]], [["whale reef", "wheat barn", "orbit nozzle"]])
    assert found.samples == pytest.approx(1.0)
    assert found.baseline == 0.0
    assert found.ratio == inf


def test_samples_about_one_topic_are_above_mixed_ones() -> None:
    topics = [about(words, 8, seed) for seed, words in enumerate((SEA, FARM, ROCKET))]
    mixed = [list(group) for group in zip(*topics, strict=True)]
    found = similarity(topics, mixed)
    assert 0 == found.baseline < found.samples < 1
    half = [topics[0][:4] + topics[1][:4], topics[0][4:] + topics[1][4:]]
    found = similarity(topics, half)
    assert 0 < found.baseline < found.samples < 1
    assert found.ratio > 1.5


def test_the_mean_is_over_pairs_and_then_over_samples() -> None:
    # Of three pairs one is alike; the second sample is alike throughout, and counts as much as the first.
    found = similarity([["whale", "whale", "wheat"], ["barn"] * 5], [["orbit", "nozzle"]])
    assert found.samples == pytest.approx((1 / 3 + 1) / 2)


def test_a_sample_with_one_document_does_not_count() -> None:
    found = similarity([["whale"], ["reef", "reef"]], [["barn"]])
    assert found.samples == pytest.approx(1.0)
    assert found.baseline == 0.0


def test_common_words_alone_make_nothing_alike() -> None:
    assert similarity([["the whale and the", "the barn and the"]], []).samples == pytest.approx(0.0)


def test_a_document_without_words_is_like_no_other() -> None:
    assert similarity([["", "", "whale"]], []).samples == 0.0


@pytest.mark.parametrize("samples", [[], [[]], [["the", "and of"]]])
def test_nothing_to_compare_is_said(samples: list[list[str]]) -> None:
    with pytest.raises(UsageError, match=r"^similarity: nothing to compare in \d+ documents [^\n]+$"):
        similarity(samples, [])


def test_the_ratio_over_nothing_is_no_number() -> None:
    assert Similarity(0.3, 0.0).ratio == inf
    assert isnan(Similarity(0.0, 0.0).ratio)
    assert Similarity(0.3, 0.2).ratio == pytest.approx(1.5)


@given(count=st.integers(0, 3_000), most=st.integers(1, 500))
def test_a_spread_is_bounded_even_and_in_order(count: int, most: int) -> None:
    chosen = [int(item) for item in spread([str(n) for n in range(count)], most)]
    assert len(chosen) == min(count, most)
    assert chosen == sorted(set(chosen))
    gaps = {other - one for one, other in itertools.pairwise(chosen)}
    assert not gaps or max(gaps) - min(gaps) <= 1
    if chosen:
        assert chosen[0] == 0
        assert count - chosen[-1] <= -(-count // most)


def test_a_spread_of_few_is_all_of_them() -> None:
    assert spread(["a", "b"]) == ["a", "b"]
    assert len(spread(["x"] * (MAX_DOCUMENTS + 1))) == MAX_DOCUMENTS
