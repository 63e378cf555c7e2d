"""Golden digests: small runs of every recipe give the samples that they gave when the digests were last written.

Whoever changes a digest changes what users get from the same configuration, and says so in the changelog. Digests are of ids and
segments, not of Parquet's bytes, which may differ between versions of pyarrow. `pytest --snapshot-update` writes them.
"""

from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest
from syrupy.assertion import SnapshotAssertion

from graph.repacking import repack

RECIPES: Mapping[str, Mapping[str, Any]] = {
    "litelong": {"packing.order": "reverse"},
    "litelong, pool and padding": {"packing.remainder": "pool", "packing.padding": True, "packing.context_length": 700},
    "standard": {"packing.recipe": "standard"},
    "standard, one span a document": {"packing.recipe": "standard", "packing.boundaries": "document"},
    "nextlong": {"packing.recipe": "nextlong", "packing.target_tokens": 20_000},
    "litelong+nextlong": {"packing.recipe": "litelong+nextlong"},
    "utk": {"packing.recipe": "utk"},
    "litelong+utk": {"packing.recipe": "litelong+utk"},
}


def digest(path: Path) -> dict[str, Any]:
    """What the samples of a run are, in one line."""
    table = pq.read_table(path / "samples")
    hasher = blake2b(digest_size=16)
    for row, ids in zip(table.drop_columns(["input_ids"]).to_pylist(), table["input_ids"], strict=True):
        hasher.update(ids.values.to_numpy().astype("<u4").tobytes())
        segments = [{**s, "score": float(np.float32(s["score"]).round(3))} for s in row["segments"]]
        hasher.update(orjson.dumps({**row, "segments": segments}, option=orjson.OPT_SORT_KEYS))
    return {"samples": len(table), "digest": hasher.hexdigest()}


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_gives_what_it_gave_whatever_the_workers(
    name: str, finished: Path, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    files = []
    for workers in (1, 2, 4):
        out = tmp_path / str(workers)
        result = repack(finished, out, {**RECIPES[name], "run.workers": workers}).result
        assert result.samples > 0
        written = [*(out / "samples").iterdir(), *(out / "plan").iterdir(), out / "ledger.json"]
        files.append({file.relative_to(out): file.read_bytes() for file in written})
    assert files[0] == files[1] == files[2]
    assert digest(tmp_path / "1") == snapshot


def test_the_run_that_all_are_repacked_from_is_golden_too(finished: Path, snapshot: SnapshotAssertion) -> None:
    assert digest(finished) == snapshot
