"""`python -m benchmarks packing` measures what it says: ours and the bare one write the same ids."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from benchmarks.packing import measure, mined
from benchmarks.packing.measure import Bare, plan_all, rounds, units_of, write_all
from benchmarks.packing.mined import packing_mined
from benchmarks.packing.mined_store import read_chunks, settings_of, write_mined
from benchmarks.packing.warm_store import warm_store
from tools.packing import write as writing
from tools.packing.negatives_file import read_negatives
from tools.packing.nextlong import roots_of

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


@pytest.mark.parametrize("recipe", mined.RECIPES)
def test_negatives_that_are_dealt_out_keep_the_rules_of_those_mined(recipe: str, tmp_path: Path) -> None:
    warm = warm_store(tmp_path / "store", 2_000_000, CONTEXT)
    tables = replace(warm.tables, chunks=read_chunks(warm))
    chunks = tables.chunks
    assert chunks is not None
    assert np.array_equal(np.bincount(chunks.documents, chunks.lengths), tables.lengths)
    units, settings = units_of(warm, recipe), settings_of(CONTEXT)
    write_mined(tmp_path / "negatives", tables, units, settings)
    found = read_negatives(tmp_path / "negatives", tables, tmp_path)[""]
    roots = np.concatenate([*roots_of(units, tables, settings, 1).values()])
    anchors = [chunk for root in roots.tolist() for chunk in chunks.of(root)]
    assert found.anchors.tolist() == sorted(anchors)
    assert not np.isin(chunks.documents[found.chunks], roots).any()
    for begin, end in zip(found.begins.tolist(), found.ends.tolist(), strict=True):
        assert len(np.unique(found.chunks[begin:end])) == end - begin


def test_the_recipes_that_mine_are_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mined, "RUNS", 1)
    monkeypatch.setattr(mined, "RECIPES", ("nextlong",))
    page = packing_mined(20_000_000, tmp_path)
    assert [line.split("|")[2].strip() for line in page.splitlines()[-2:]] == ["2,000,000", "20,000,000"]
    assert int(page.splitlines()[-1].split("|")[5]) > 100
