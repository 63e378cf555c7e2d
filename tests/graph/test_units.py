"""Hits become units: each topic's documents by rank, whatever the parts and batches in which the hits are read."""

from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.packing import read_units
from graph.stages.retrieve import HITS
from litelong import UsageError
from tools.columns import Hashes, Names
from tools.files import content_hash
from tools.packing.tables import Tables

LENGTHS = np.array([5, 0, 7, 300, 0, 1], np.int64)
TABLES = Tables(Names(f"d{n}" for n in range(6)), Hashes(content_hash(str(n)) for n in range(6)), LENGTHS)
Row = tuple[str, str, int, float]


def read(folder: Path, parts: list[list[Row]], topics: list[str]) -> Any:
    """The units of a run that has these hits and topics."""
    (folder / "hits").mkdir()
    for number, rows in enumerate(parts):
        columns = [pa.array([row[i] for row in rows], field.type) for i, field in enumerate(HITS)]
        pq.write_table(pa.table(columns, schema=HITS), folder / "hits" / f"part-{number:05d}.parquet")
    evidence = {"on_category": 1.0, "coverage": 1.0}
    lines = [{"topic_id": t, "title": t, "category": "A", "category_code": "", "evidence": evidence} for t in topics]
    (folder / "topics.jsonl").write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    context: Any = SimpleNamespace(
        path=folder, scratch=folder, parts=SimpleNamespace(recipe=SimpleNamespace(unit="topic"))
    )
    return read_units(context, TABLES)


hits = st.lists(st.lists(st.integers(0, 5), unique=True, max_size=6), max_size=6)


@settings(deadline=None, max_examples=60)
@given(hits, st.integers(1, 12))
def test_a_units_documents_are_the_hits_of_its_topic_that_have_a_token(documents: list[list[int]], size: int) -> None:
    rows = [(f"t{t}", f"d{d}", rank, 1 / rank) for t, own in enumerate(documents) for rank, d in enumerate(own, 1)]
    parts = [rows[begin : begin + size] for begin in range(0, len(rows), size)]
    with TemporaryDirectory() as folder:
        units = read(Path(folder), parts, [f"t{t}" for t in range(len(documents))])
    found = {unit.unit_id: list(zip(unit.documents.tolist(), unit.ranks.tolist(), strict=True)) for unit in units}
    assert found == {
        f"t{t}": [(d, rank) for rank, d in enumerate(own, 1) if LENGTHS[d]] for t, own in enumerate(documents)
    }
    scores = {unit.unit_id: unit.scores.tolist() for unit in units}
    assert scores == {name: [float(np.float32(1 / rank)) for _, rank in own] for name, own in found.items()}


def test_hits_of_one_topic_that_stand_apart_are_refused(tmp_path: Path) -> None:
    rows: list[Row] = [("a", "d0", 1, 1.0), ("b", "d0", 1, 1.0), ("a", "d2", 2, 0.5)]
    with pytest.raises(UsageError, match=r"hits: the hits of topic a stand apart; remove the run and make it again"):
        read(tmp_path, [rows[:2], rows[2:]], ["a", "b"])
