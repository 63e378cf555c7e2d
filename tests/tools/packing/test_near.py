"""Near-duplicates: the estimate is near the true Jaccard similarity, groups are closed, and order changes nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tools.packing.near import SHINGLE, SLOTS, near_groups, signature, signatures

Ids = NDArray[np.uint32]


def document(seed: int, length: int = 600) -> Ids:
    return np.random.default_rng(seed).integers(0, 100_000, length).astype(np.uint32)


def changed(ids: Ids, places: int) -> Ids:
    """`ids` with some ids in the middle replaced."""
    copy = ids.copy()
    copy[200 : 200 + places] += 1
    return copy


def jaccard(one: Ids, other: Ids) -> float:
    a, b = ({tuple(ids[i : i + SHINGLE].tolist()) for i in range(len(ids) - SHINGLE + 1)} for ids in (one, other))
    return len(a & b) / len(a | b)


@pytest.mark.parametrize("places", [0, 20, 60, 150, 300])
def test_equal_slots_estimate_the_similarity_of_shingle_sets(places: int) -> None:
    errors = []
    for seed in range(20):
        one, other = document(seed), changed(document(seed), places)
        errors.append(float((signature(one) == signature(other)).mean()) - jaccard(one, other))
    assert abs(np.mean(errors)) < 0.03
    assert max(map(abs, errors)) < 5 * np.sqrt(0.25 / SLOTS)


def test_near_copies_are_one_group_and_others_are_not() -> None:
    originals = [document(seed) for seed in range(50)]
    copies = [changed(ids, 10) for ids in originals[:20]]
    copies_of_copies = [changed(ids, 20) for ids in originals[:5]]
    group = near_groups(signatures([*originals, *copies, *copies_of_copies]), 0.8)
    assert group.tolist() == [*range(50), *range(20), *range(5)]


def test_the_threshold_decides() -> None:
    pair = signatures([document(0), changed(document(0), 100)])  # 496 of 700 shingles: 0.71
    assert near_groups(pair, 0.6).tolist() == [0, 0]
    assert near_groups(pair, 0.85).tolist() == [0, 1]


def test_a_chain_of_near_copies_is_one_group() -> None:
    chain = [document(0)]
    for _ in range(6):
        chain.append(np.concatenate([chain[-1][40:], document(len(chain), 40)]))
    one, last = signatures([chain[0], chain[-1]])
    assert (one == last).mean() < 0.6
    assert set(near_groups(signatures(chain), 0.8).tolist()) == {0}


def test_more_copies_than_a_bucket_compares_are_still_one_group() -> None:
    group = near_groups(signatures([changed(document(n % 3), n % 7) for n in range(300)]), 0.8)
    assert group.tolist() == [n % 3 for n in range(300)]


@settings(deadline=None, max_examples=30)
@given(lengths=st.lists(st.integers(0, 2 * SHINGLE), max_size=8), seed=st.integers(0, 9))
def test_a_signature_does_not_depend_on_its_neighbours(lengths: list[int], seed: int) -> None:
    documents = [document(seed + n, length) for n, length in enumerate(lengths)]
    together = signatures(documents)
    assert together.shape == (len(documents), SLOTS)
    assert all((together[n] == signature(ids)).all() for n, ids in enumerate(documents))


def test_short_documents_are_near_only_when_equal_and_empty_ones_never() -> None:
    short, empty = np.array([5, 6], np.uint32), np.empty(0, np.uint32)
    group = near_groups(signatures([short, empty, short, empty, np.array([5, 6, 7], np.uint32)]), 0.8)
    assert group.tolist() == [0, 1, 0, 3, 4]
    assert near_groups(signatures([]), 0.8).tolist() == []


@settings(deadline=None, max_examples=20)
@given(order=st.permutations(range(12)))
def test_groups_do_not_depend_on_the_order_of_rows(order: list[int]) -> None:
    documents = [changed(document(n % 4), n) for n in range(12)]
    group = near_groups(signatures([documents[n] for n in order]), 0.8)
    same = {frozenset(order[i] for i in np.flatnonzero(group == g)) for g in set(group.tolist())}
    assert same == {frozenset(range(n, 12, 4)) for n in range(4)}


def test_ids_of_any_width_give_the_same_signature() -> None:
    ids = document(1) % 60_000
    assert (signature(ids) == signature(ids.astype(np.uint16))).all()


def test_signatures_are_what_they_were_in_the_last_version() -> None:
    """Another sketch would make other plans of the same corpus: a version of litelong that changes it must say so."""
    assert signature(np.arange(100, dtype=np.uint32))[:3].tolist() == GOLDEN


GOLDEN = [252804281, 2754027800, 105913904]
