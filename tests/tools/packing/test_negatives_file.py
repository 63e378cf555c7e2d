"""Mined negatives as they are read for planning: by pool and anchor, ranks in order, whatever parts and batches they come in."""

from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litelong import UsageError
from tools.columns import Hashes, Names
from tools.files import content_hash
from tools.packing.chunks import Chunks
from tools.packing.negatives_file import NegativeRow, read_negatives, write_negatives
from tools.packing.tables import Tables

# Names that end like chunk ids do, and one that begins like another.
NAMES = ["a", "a#1", "b\nc", "#7"]
COUNTS = np.array([3, 1, 2, 4])
OFFSETS = np.cumsum([0, *COUNTS])
CHUNKS = Chunks(OFFSETS, np.arange(10), np.ones(10, np.int64), np.repeat(np.arange(4), COUNTS), COUNTS)
TABLES = Tables(Names(NAMES), Hashes(map(content_hash, NAMES)), COUNTS, chunks=CHUNKS)
CHUNK_IDS = [f"{name}#{number}" for name, count in zip(NAMES, COUNTS, strict=True) for number in range(count)]

chunks = st.integers(0, len(CHUNK_IDS) - 1)
mined = st.dictionaries(st.tuples(st.sampled_from(["", "t1", "t2"]), chunks), st.lists(chunks, min_size=1, max_size=9))


@settings(deadline=None, max_examples=80)
@given(mined, st.integers(1, 20), st.integers(1, 7))
def test_an_anchor_has_what_was_mined_for_it(mined: dict[tuple[str, int], list[int]], part: int, batch: int) -> None:
    rows = [
        NegativeRow(unit_id, CHUNK_IDS[anchor], CHUNK_IDS[negative], rank, 1 / rank)
        for (unit_id, anchor), own in mined.items()
        for rank, negative in enumerate(own, 1)
    ]
    batches = pq.ParquetFile.iter_batches
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(pq.ParquetFile, "iter_batches", lambda file: batches(file, batch_size=batch))
        for number, begin in enumerate(range(0, max(1, len(rows)), part)):
            write_negatives(Path(folder) / f"part-{number:05d}.parquet", rows[begin : begin + part], 0)
        found = read_negatives(Path(folder), TABLES, Path(folder))
    expected: dict[str, dict[int, list[int]]] = defaultdict(dict)
    for (unit_id, anchor), own in mined.items():
        expected[unit_id][anchor] = own
    assert found.keys() == expected.keys()
    for unit_id, by_anchor in expected.items():
        candidates = found[unit_id].of(range(len(CHUNK_IDS)))
        assert candidates.anchors.tolist() == [a for a, own in sorted(by_anchor.items()) for _ in own]
        assert candidates.chunks.tolist() == [c for _, own in sorted(by_anchor.items()) for c in own]
        assert candidates.ranks.tolist() == [r for _, own in sorted(by_anchor.items()) for r in range(1, len(own) + 1)]
        assert np.array_equal(candidates.scores, (1 / candidates.ranks).astype(np.float32))
        for anchor in range(len(CHUNK_IDS)):
            assert found[unit_id].of(range(anchor, anchor + 1)).chunks.tolist() == by_anchor.get(anchor, [])


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("a#0", "b\nc#0"), ("a#1", "b\nc#0"), ("a#0", "b\nc#1")], "the negatives of a chunk stand apart"),
        ([("a#0", "z#0")], "a chunk of a document that was not encoded"),
        ([("z#0", "a#0")], "a chunk of a document that was not encoded"),
        ([("a#0", "b\nc#2")], "a chunk that its document has not"),
    ],
)
def test_what_the_tables_do_not_know_is_refused(tmp_path: Path, rows: list[tuple[str, str]], said: str) -> None:
    named = [NegativeRow("", chunk, negative, 1, 1.0) for chunk, negative in rows]
    write_negatives(tmp_path / "part-00000.parquet", named, 0)
    with pytest.raises(UsageError, match=said):
        read_negatives(tmp_path, TABLES, tmp_path)
