"""The check finds every kind of damage in a sample, and says where."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tools.packing.check import check_sample
from tools.packing.fill import Slices, lay_out
from tools.packing.gather import Specials, gather
from tools.packing.line import Line
from tools.packing.recipe import Settings
from tools.packing.tables import PlannedSample, Tables, Unit
from tools.packing.write import Boundaries, Shape, spans
from tools.tokens import TokenStore

BOS = 7
LENGTH = 96
Row = dict[str, Any]
Check = Callable[[Row], list[str]]


@pytest.fixture(scope="session")
def marked(specials: Specials) -> Specials:
    """Special ids with a BOS, so that both kinds stand in the sample."""
    return Specials(BOS, specials.separator)


@pytest.fixture(scope="session")
def tokens_of(tables: Tables, store: TokenStore) -> Callable[[str], NDArray[Any] | None]:
    known = dict(zip(tables.doc_ids, tables.hashes, strict=True))
    return lambda doc_id: store.ids(known[doc_id]) if doc_id in known else None


def sample_of(tables: Tables, store: TokenStore, specials: Specials, boundaries: Boundaries) -> Row:
    """A sample of five documents or more, the last of them cut."""
    rows = np.argsort(tables.lengths, kind="stable")[5:]
    layout = specials.layout(LENGTH)
    unit = Unit("t", rows, np.arange(1, len(rows) + 1, dtype=np.int32), np.ones(len(rows), np.float32))
    draft = Line(unit, np.arange(len(rows)), tables, Settings(layout, 1, "rank", None, 0)).next()
    assert draft.ends_with_cut
    placed = lay_out(unit, draft.slices, layout)
    assert len(placed) >= 5
    return as_row(PlannedSample("s", "litelong", unit, placed), tables, store, specials, Shape(LENGTH, boundaries))


def as_row(sample: PlannedSample, tables: Tables, store: TokenStore, specials: Specials, shape: Shape) -> Row:
    """The sample as a row of `samples/*.parquet`."""
    return {
        "input_ids": gather([sample], store.locate(tables.hashes), specials, shape.context_length),
        "n_tokens": shape.context_length - sample.padding,
        "doc_lens": spans(sample, shape),
        "segments": [
            {**s._asdict(), "doc_id": tables.doc_ids[s.document], "role": str(s.role)} for s in sample.segments
        ],
    }


@pytest.fixture
def row(tables: Tables, store: TokenStore, marked: Specials) -> Row:
    return deepcopy(sample_of(tables, store, marked, "sample"))


@pytest.fixture
def check(tokens_of: Callable[[str], NDArray[Any] | None], marked: Specials) -> Check:
    return lambda row: check_sample(row, tokens_of, marked, Shape(LENGTH, "sample"))


def ends(row: Row) -> list[int]:
    return [segment["start"] + segment["length"] for segment in row["segments"]]


def test_an_intact_sample_has_no_problem(row: Row, check: Check) -> None:
    assert check(row) == []


def test_a_flipped_id_is_named_with_the_token_that_belongs_there(row: Row, check: Check, tokens_of: Any) -> None:
    segment = row["segments"][2]
    place = segment["start"] + 1
    right = int(tokens_of(segment["doc_id"])[1])
    row["input_ids"][place] = right + 1
    said = f"id {right + 1} at position {place} should be {right}, token 1 of the document"
    assert check(row) == [f"segment 2 ({segment['doc_id']}): {said}"]
    row["input_ids"][place + 1] += 1
    assert check(row) == [f"segment 2 ({segment['doc_id']}): {said}, and 1 more"]


@pytest.mark.parametrize("which", [0, 1])
def test_a_flipped_separator_is_named(row: Row, check: Check, marked: Specials, which: int) -> None:
    place = ends(row)[which]
    row["input_ids"][place] = 5
    assert check(row) == [f"id 5 at position {place} should be the special id {marked.separator}"]


def test_a_flipped_bos_is_named(row: Row, check: Check) -> None:
    row["input_ids"][0] = 5
    assert check(row) == [f"id 5 at position 0 should be the special id {BOS}"]


@settings(deadline=None, max_examples=200)
@given(data=st.data(), boundaries=st.sampled_from(["sample", "document"]))
def test_any_single_changed_id_is_found_and_its_position_named(
    tables: Tables,
    store: TokenStore,
    marked: Specials,
    tokens_of: Callable[[str], NDArray[Any] | None],
    data: st.DataObject,
    boundaries: Boundaries,
) -> None:
    row = sample_of(tables, store, marked, boundaries)
    place = data.draw(st.integers(0, LENGTH - 1))
    before = int(row["input_ids"][place])
    after = data.draw(st.integers(0, (1 << 32) - 1).filter(lambda new: new != before))
    row["input_ids"][place] = after
    problems = check_sample(row, tokens_of, marked, Shape(LENGTH, boundaries))
    assert len(problems) == 1
    assert f"id {after} at position {place} should be " in problems[0]
    assert str(before) in problems[0]


@pytest.mark.parametrize("doc_lens", [[LENGTH - 1], [LENGTH + 1], [], [LENGTH, LENGTH]])
def test_doc_lens_that_do_not_add_up_are_named(row: Row, check: Check, doc_lens: list[int]) -> None:
    row["doc_lens"] = doc_lens
    assert check(row) == [f"doc_lens add up to {sum(doc_lens)}, not {LENGTH}"]


def test_doc_lens_that_add_up_but_mark_other_spans_are_named(row: Row, check: Check) -> None:
    row["doc_lens"] = [LENGTH - 10, 10]
    assert check(row) == ["doc_lens do not mark the attention spans of boundaries: sample"]


def test_spans_of_documents_must_begin_where_documents_begin(
    tables: Tables, store: TokenStore, marked: Specials, tokens_of: Any
) -> None:
    row = sample_of(tables, store, marked, "document")
    assert check_sample(row, tokens_of, marked, Shape(LENGTH, "document")) == []
    row["doc_lens"][0] += 1
    row["doc_lens"][1] -= 1
    said = ["doc_lens do not mark the attention spans of boundaries: document"]
    assert check_sample(row, tokens_of, marked, Shape(LENGTH, "document")) == said
    assert check_sample({**row, "doc_lens": [LENGTH]}, tokens_of, marked, Shape(LENGTH, "document")) == said


def test_overlapping_segments_are_named(row: Row, check: Check) -> None:
    row["segments"][1]["start"] -= 2
    assert check(row) == [f"segment 1 ({row['segments'][1]['doc_id']}) starts inside the one before it"]


def test_segments_out_of_order_are_named(row: Row, check: Check) -> None:
    row["segments"].reverse()
    assert "starts inside the one before it" in check(row)[0]


@pytest.mark.parametrize("change", [{"start": -1}, {"start": LENGTH}, {"length": 0}, {"length": LENGTH + 1}])
def test_a_segment_outside_the_sample_is_named(row: Row, check: Check, change: dict[str, int]) -> None:
    row["segments"][3].update(change)
    assert check(row) == [f"segment 3 ({row['segments'][3]['doc_id']}) is empty or outside the sample"]


@pytest.mark.parametrize("begin", [-1, 10_000])
def test_a_segment_beyond_its_document_is_named(row: Row, check: Check, tokens_of: Any, begin: int) -> None:
    segment = row["segments"][1]
    segment["doc_start"] = begin
    size = len(tokens_of(segment["doc_id"]))
    problems = check(row)
    assert problems == [
        f"segment 1 ({segment['doc_id']}): tokens {begin} to {begin + segment['length']} of a document of {size}"
    ]


def test_a_segment_that_begins_elsewhere_in_its_document_is_found(row: Row, check: Check) -> None:
    row["segments"][-1]["doc_start"] = 1
    assert check(row)[0].startswith(f"segment {len(row['segments']) - 1} (")


def test_an_unknown_document_is_named(row: Row, check: Check) -> None:
    row["segments"][0]["doc_id"] = "docs/nowhere.txt"
    assert check(row) == ["segment 0 (docs/nowhere.txt): no such document among those encoded"]


def test_another_documents_name_is_found(row: Row, check: Check, tables: Tables, store: TokenStore) -> None:
    longest = tables.doc_ids[int(np.argmax(tables.lengths))]
    row["segments"][0]["doc_id"] = longest
    assert check(row)[0].startswith(f"segment 0 ({longest}): id ")


@pytest.mark.parametrize("n_tokens", [0, LENGTH - 1, LENGTH + 1])
def test_a_wrong_n_tokens_is_named(row: Row, check: Check, n_tokens: int) -> None:
    row["n_tokens"] = n_tokens
    assert check(row) == [f"n_tokens is {n_tokens}, and the last document ends the sample at {LENGTH}"]


@pytest.mark.parametrize("boundaries", ["sample", "document"])
def test_padding_is_checked_to_its_last_id(
    tables: Tables, store: TokenStore, marked: Specials, tokens_of: Any, boundaries: Boundaries
) -> None:
    padded, shape = replace(marked, pad=9), Shape(LENGTH, boundaries)
    unit = Unit("t", np.arange(3), np.arange(1, 4, dtype=np.int32), np.ones(3, np.float32))
    one = tables.lengths[:1]
    placed = lay_out(unit, Slices(np.arange(1), np.zeros(1, np.int64), one, one), padded.layout(LENGTH))
    padding = LENGTH - 1 - int(one[0]) - 1  # behind BOS, the document and its separator
    row = as_row(PlannedSample("s", "litelong", unit, placed, padding), tables, store, padded, shape)
    assert row["doc_lens"] == [LENGTH - padding, padding]
    assert check_sample(row, tokens_of, padded, shape) == []
    for at in (LENGTH - 1, LENGTH - padding):
        wrong = {**row, "input_ids": np.where(np.arange(LENGTH) == at, 5, row["input_ids"])}
        assert check_sample(wrong, tokens_of, padded, shape) == [f"id 5 at position {at} should be padding"]
    assert check_sample({**row, "doc_lens": [LENGTH]}, tokens_of, padded, shape) == [
        f"doc_lens do not mark the attention spans of boundaries: {boundaries}"
    ]


@pytest.mark.parametrize("length", [0, LENGTH - 1, LENGTH + 1])
def test_a_wrong_length_is_named(row: Row, check: Check, length: int) -> None:
    row["input_ids"] = np.resize(row["input_ids"], length)
    assert check(row) == [f"has {length} ids, not {LENGTH}"]


def test_a_missing_segment_leaves_positions_that_belong_to_nobody(row: Row, check: Check) -> None:
    gone = row["segments"].pop(1)
    assert f"position {gone['start']} belongs to no document and no separator" in check(row)


def test_no_segment_at_all_is_named(row: Row, check: Check) -> None:
    row["segments"] = []
    assert check(row) == ["has no segment"]


def test_a_segment_where_a_special_id_belongs_is_named(row: Row, check: Check, tokens_of: Any) -> None:
    """Shorten the last segment's predecessor's gap: the two documents touch, without a separator."""
    last = row["segments"][-1]
    last["start"] -= 1
    last["length"] += 1
    row["input_ids"][last["start"] :] = tokens_of(last["doc_id"])[: last["length"]]
    assert check(row) == [f"position {last['start']} should hold a special id"]


@pytest.mark.parametrize("column", ["n_tokens", "doc_lens", "segments"])
def test_nulls_are_a_problem_and_no_crash(row: Row, check: Check, column: str) -> None:
    said = ["n_tokens, doc_lens or segments hold a null"]
    assert check({**row, column: None}) == said
    if column != "n_tokens":
        assert check({**row, column: [None]}) == said
    row["segments"][0]["length"] = None
    assert check(row) == said
