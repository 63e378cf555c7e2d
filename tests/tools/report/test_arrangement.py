"""What stands in which sample, counted from columns alone; and lists that stay as short as the page has room for."""

import itertools
from collections import Counter

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from tools.packing.schema import SEGMENT
from tools.report.arrangement import MOST_BINS, Arrangement, placed
from tools.report.contents import bounded
from tools.report.page import stack
from tools.report.text import one_line

SAMPLES = st.lists(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5000)), max_size=12), max_size=30)


def column(samples: list[list[tuple[int, int]]]) -> pa.ListArray:
    """The column `segments` of samples, each a list of documents and lengths."""
    rows = [[{"doc_id": f"d{document}", "length": length} for document, length in sample] for sample in samples]
    return pa.array(rows, pa.list_(SEGMENT))


@given(SAMPLES)
def test_every_pair_of_a_sample_and_a_document_is_counted_once(samples: list[list[tuple[int, int]]]) -> None:
    found = placed(column(samples))
    expected = Counter[tuple[int, str]]()
    for number, sample in enumerate(samples):
        for document, length in sample:
            expected[number, f"d{document}"] += length
    pairs = zip(found.sample.tolist(), (found.doc_ids[d] for d in found.document.tolist()), strict=True)
    assert dict(zip(pairs, found.tokens.tolist(), strict=True)) == expected
    assert found.segments.tolist() == [len(sample) for sample in samples]
    assert found.documents.tolist() == [len({document for document, _ in sample}) for sample in samples]


@given(SAMPLES.filter(any), st.integers(1, 7))
def test_the_sums_are_the_same_however_the_plan_is_read(samples: list[list[tuple[int, int]]], size: int) -> None:
    def counted(at_once: int) -> Arrangement:
        arrangement = Arrangement()
        for begin in range(0, len(samples), at_once):
            block = placed(column(samples[begin : begin + at_once]))
            arrangement.add(block, [f"source {int(doc_id[1:]) % 3}" for doc_id in block.doc_ids])
        return arrangement

    one, other = counted(len(samples)), counted(size)
    assert one.by_source == other.by_source
    assert one.by_source.total() == sum(length for sample in samples for _, length in sample)
    assert one.histograms() == other.histograms()
    documents, tokens = one.histograms()
    assert sum(bar.count for bar in documents.bins) == len(samples)
    assert len(documents.bins) <= MOST_BINS
    assert sum(bar.count for bar in tokens.bins) == sum(len({d for d, _ in sample}) for sample in samples)


@given(st.lists(st.text(max_size=40), max_size=30), st.integers(0, 400), st.integers(0, 5))
def test_what_is_shown_has_room_and_what_is_not_is_counted(rows: list[str], most: int, more: int) -> None:
    shown = bounded(rows, lambda row: [row], most, more)
    assert list(shown.rows) == rows[: len(shown.rows)]
    assert len(shown.rows) + shown.left_out == len(rows) + more
    assert sum(len(row.encode()) for row in shown.rows) <= most


@given(st.text(), st.integers(2, 60))
def test_one_line_is_one_line_of_that_length_and_says_that_it_was_cut(text: str, most: int) -> None:
    line = one_line(text, most)
    assert len(line) <= most
    assert len(line.splitlines()) <= 1
    assert line == " ".join(text.split()) or line.endswith("…")


@given(st.lists(st.integers(0, 1_000_000), max_size=8))
def test_a_bar_is_as_wide_as_its_parts(counts: list[int]) -> None:
    boxes = stack([(f"part {n}", count) for n, count in enumerate(counts)], sum(counts))
    assert [box.kind for box in boxes] == [f"part {n}" for n, count in enumerate(counts) if count]
    assert abs(sum(box.width for box in boxes) - (1000 if sum(counts) else 0)) < 0.1
    for left, right in itertools.pairwise(boxes):
        assert abs(left.x + left.width - right.x) < 0.03
