"""Golden digests: small runs of every recipe give the samples that they gave when the digests were last written.

Whoever changes a digest changes what users get from the same configuration, and says so in the changelog. Digests are of ids and
segments, not of Parquet's bytes, which may differ between versions of pyarrow. `pytest --snapshot-update` writes them.
"""

import shutil
from collections.abc import Mapping, Sequence
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
    "litelong, tails carried on": {"packing.samples_per_topic": 4, "packing.context_length": 256},
    "standard": {"packing.recipe": "standard"},
    "standard, tails cut": {"packing.recipe": "standard", "packing.tails": "cut"},
    "standard, one span a document": {"packing.recipe": "standard", "packing.boundaries": "document"},
    "nextlong": {"packing.recipe": "nextlong", "packing.target_tokens": 20_000},
    "litelong+nextlong": {"packing.recipe": "litelong+nextlong"},
    "litelong+nextlong, pool": {
        "packing.recipe": "litelong+nextlong",
        "packing.remainder": "pool",
        "packing.padding": True,
    },
    "utk": {"packing.recipe": "utk"},
    "litelong+utk": {"packing.recipe": "litelong+utk"},
    "utk, traced back": {"packing.recipe": "utk", "packing.back_trace": True},
    "litelong+utk, traced back": {
        "packing.recipe": "litelong+utk",
        "packing.back_trace": True,
        "packing.remainder": "pool",
        "packing.samples_per_topic": 2,
    },
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


@pytest.fixture(scope="module")
def with_topics(finished: Path, themes: Sequence[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose topics are the corpus's own themes, and whose hits are yet to be searched: no panel has a say in it."""
    path = Path(shutil.copytree(finished, tmp_path_factory.mktemp("themes") / "run"))
    evidence = {"on_category": 1.0, "coverage": 1.0}
    rows = [
        {"topic_id": f"t-{n:02d}", "title": theme, "explanation": "", "category": category, "category_code": ""}
        for n, (category, theme) in enumerate(themes)
    ]
    lines = (orjson.dumps({**row, "evidence": evidence}, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
    (path / "topics.jsonl").write_bytes(b"".join(lines))
    shutil.rmtree(path / "hits")
    manifest = orjson.loads((path / "manifest.json").read_bytes())
    del manifest["stages"]["retrieve"]
    (path / "manifest.json").write_bytes(orjson.dumps(manifest))
    return path


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_gives_what_it_gave_whatever_the_workers(
    name: str, with_topics: Path, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    files = []
    for workers in (1, 2, 4):
        out = tmp_path / str(workers)
        result = repack(with_topics, out, {**RECIPES[name], "run.workers": workers}).result
        assert result.samples > 0
        written = [*(out / "samples").iterdir(), *(out / "plan").iterdir(), out / "ledger.json"]
        files.append({file.relative_to(out): file.read_bytes() for file in written})
    assert files[0] == files[1] == files[2]
    assert digest(tmp_path / "1") == snapshot
