"""`python -m benchmarks packing` measures what it says: ours and the bare one write the same ids."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from benchmarks.packing import measure
from benchmarks.packing.measure import Bare, plan_all, rounds, write_all
from benchmarks.packing.warm_store import warm_store
from tools.packing import write as writing

CONTEXT = 16_384


def test_the_bare_one_writes_the_same_documents_ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "PART_TOKENS", 10 * CONTEXT)
    warm = warm_store(tmp_path / "store", 2_000_000, CONTEXT)
    assert warm.store.total_tokens >= 2_000_000
    assert len(set(warm.tables.hashes)) == len(warm.tables)
    plan = plan_all(warm, "litelong", CONTEXT)
    assert len(plan.samples) > 100
    write_all(warm, plan, tmp_path / "ours", CONTEXT, "none")
    bare = Bare(warm, plan, CONTEXT)
    bare.write(tmp_path / "raw", "page cache")
    bare.write(tmp_path / "direct", "past it")
    bare.write(tmp_path / "parquet", "Parquet")
    separator = warm.store.tokenizer.eos_id
    names = ("ours", "raw", "direct", "parquet")
    for ours, raw, direct, parquet in zip(*(sorted((tmp_path / n).iterdir()) for n in names), strict=True):
        ids = pq.read_table(ours)["input_ids"].combine_chunks().values.to_numpy()
        documents = ids != separator
        for other in (
            np.fromfile(raw, np.uint32),
            np.fromfile(direct, np.uint32),
            pq.read_table(parquet)["input_ids"].combine_chunks().values.to_numpy(),
        ):
            assert (ids[documents] == other[documents]).all()


def test_every_kind_of_work_is_timed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "RUNS", 1)
    warm = warm_store(tmp_path / "store", 1_000_000, CONTEXT)
    plan = plan_all(warm, "litelong", CONTEXT)
    (found,), sizes = rounds(warm, plan, tmp_path / "out", CONTEXT)
    assert all(spent.cpu > 0 for spent in found)
    assert sizes["ours"] == sizes["together"] > sizes["bare Parquet"] > sizes["bare"] > sizes["zstd"]
    assert sizes["bare"] == sizes["bare direct"] == sizes["sequential"] == 4 * CONTEXT * len(plan.samples)
    assert list((tmp_path / "out").iterdir()) == []
