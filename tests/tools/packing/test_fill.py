"""Filling one sample: every id is accounted for, at most one document is cut, and nothing that fits is left out."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tools.packing.fill import Filled, Slices, first_fit, lay_out
from tools.packing.tables import Layout, Segments, Unit

LENGTHS = st.lists(st.one_of(st.integers(1, 40), st.integers(1, 200_000)), max_size=40)
CONTEXTS = st.one_of(st.integers(16, 200), st.sampled_from([512, 4096, 131_072]))
LAYOUTS = st.builds(Layout, CONTEXTS, bos=st.booleans(), separator=st.booleans())


def slices(filled: Filled, lengths: NDArray[np.int64]) -> Slices:
    """What of the documents the sample takes, the one cut last."""
    places = filled.whole if filled.cut is None else np.append(filled.whole, filled.cut)
    taken = lengths[places]
    if filled.cut is not None:
        taken[-1] = filled.room
    return Slices(places, np.zeros_like(places), taken, taken)


def filled_and_laid_out(lengths: list[int], layout: Layout) -> tuple[Filled, Segments]:
    array = np.array(lengths, np.int64)
    filled = first_fit(array, layout)
    ranks = np.arange(1, len(lengths) + 1, dtype=np.int32)
    unit = Unit("u", np.arange(len(lengths), dtype=np.int64), ranks, np.linspace(9, 1, len(lengths), dtype=np.float32))
    return filled, lay_out(unit, slices(filled, array), layout)


def specials(segments: Segments, layout: Layout) -> list[int]:
    """The positions that special ids take, by the words of `Layout`."""
    ends = [segment.start + segment.length for segment in segments]
    return [0] * layout.bos + [end for end in ends if layout.separator and end < layout.context_length]


@settings(deadline=None, max_examples=300)
@given(lengths=LENGTHS, layout=LAYOUTS)
def test_a_full_sample_holds_every_position_exactly_once(lengths: list[int], layout: Layout) -> None:
    filled, segments = filled_and_laid_out(lengths, layout)
    taken = [position for s in segments for position in (s.start, s.start + s.length - 1)]
    assert taken == sorted(taken)
    assert all(one.start + one.length <= other.start for one, other in itertools.pairwise(segments))
    assert all(s.length >= 1 for s in segments)
    if filled.full:
        covered = np.zeros(layout.context_length, np.int64)
        for s in segments:
            covered[s.start : s.start + s.length] += 1
        covered[specials(segments, layout)] += 1
        assert (covered == 1).all()
        assert filled.tokens == layout.capacity


@settings(deadline=None, max_examples=300)
@given(lengths=LENGTHS, layout=LAYOUTS)
def test_at_most_the_last_document_is_cut_and_only_its_tail_is_missing(lengths: list[int], layout: Layout) -> None:
    filled, segments = filled_and_laid_out(lengths, layout)
    assert [s.document for s in segments] == slices(filled, np.array(lengths)).places.tolist()
    assert filled.whole.tolist() == sorted(filled.whole), "documents stand in the order of preference"
    assert all(s.doc_start == 0 and s.length <= lengths[s.document] for s in segments)
    cut = [number for number, s in enumerate(segments) if s.length < lengths[s.document]]
    assert cut == ([] if filled.cut is None else [len(segments) - 1])
    assert not cut or segments[-1].start + segments[-1].length == layout.context_length


@settings(deadline=None, max_examples=300)
@given(lengths=LENGTHS, layout=LAYOUTS)
def test_a_document_is_passed_over_only_when_it_does_not_fit_in_its_turn(lengths: list[int], layout: Layout) -> None:
    filled, _ = filled_and_laid_out(lengths, layout)
    looked_at = sorted([*filled.whole, *filled.passed_over, *([] if filled.cut is None else [filled.cut])])
    assert looked_at == list(range(len(looked_at))), "nobody is skipped without a word, nobody is chosen twice"
    room, number = layout.capacity, 0
    for place in looked_at:
        need = lengths[place] + (layout.separator and number > 0)
        if place in filled.whole:
            assert need <= room
            room, number = room - need, number + 1
        else:
            assert need > room
    if filled.cut is not None and len(filled.passed_over):
        assert filled.cut < min(filled.passed_over), "the best of those that did not fit is the one that is cut"


@settings(deadline=None, max_examples=300)
@given(lengths=LENGTHS, layout=LAYOUTS)
def test_a_sample_is_full_unless_all_documents_together_are_too_short(lengths: list[int], layout: Layout) -> None:
    filled, _ = filled_and_laid_out(lengths, layout)
    joined = sum(lengths) + layout.separator * max(0, len(lengths) - 1)
    closing = bool(layout.separator and lengths)  # the separator after the last document, where one id is left
    assert filled.full == (joined + closing >= layout.capacity)
    if not filled.full:
        assert filled.tokens == joined
        assert (filled.whole.tolist(), filled.passed_over.tolist()) == (list(range(len(lengths))), [])
        assert filled.cut is None


@pytest.mark.parametrize(
    ("lengths", "whole", "cut", "passed_over"),
    [
        ([4, 3, 1], [0, 1, 2], None, []),  # 4 + 1 + 3 + 1 + 1: exactly ten
        ([10], [0], None, []),
        ([9, 5], [0], None, []),  # one id is left, and it is the separator's
        ([8, 5, 2], [0], 1, [2]),  # the second does not fit, nor does the third; the second gives its first id
        ([6, 9, 3], [0, 2], None, [1]),  # the second is passed over for the third, which fits to the last id
        ([30, 2, 40], [1], 0, [2]),
        ([11], [], 0, []),
    ],
)
def test_examples_with_ten_ids_and_separators(
    lengths: list[int], whole: list[int], cut: int | None, passed_over: list[int]
) -> None:
    filled, _ = filled_and_laid_out(lengths, Layout(10, bos=False, separator=True))
    assert (filled.whole.tolist(), filled.cut, filled.passed_over.tolist()) == (whole, cut, passed_over)
    assert filled.full


def test_segments_carry_rank_and_score_of_their_document() -> None:
    unit = Unit("u", np.array([7, 3]), np.array([1, 4], np.int32), np.array([2.5, 1.25], np.float32))
    taken = np.array([5, 9])
    one, other = lay_out(
        unit, Slices(np.array([0, 1]), np.array([20, 0]), taken, taken), Layout(16, bos=True, separator=True)
    )
    assert one == (7, one.role, 1, 2.5, -1, 1, 5, 20)
    assert other == (3, other.role, 4, 1.25, -1, 7, 9, 0)
    assert one.role == other.role == "document"
