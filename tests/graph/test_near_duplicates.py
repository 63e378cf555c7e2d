"""Documents that are nearly the same: never in one sample, counted in the ledger, found again by `validate`."""

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest

from graph import Config, run
from graph.planning import estimate

WORDS = [
    "sea",
    "whale",
    "reef",
    "coral",
    "tide",
    "harbour",
    "lantern",
    "sail",
    "anchor",
    "drift",
    "storm",
    "island",
    "gull",
]


@pytest.fixture(scope="module")
def corpus_of_copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """30 texts, 10 of which come again with two words changed, and 5 exactly as they are."""
    rng = random.Random(3)
    texts = [" ".join(rng.choices(WORDS, k=120)) + f" {n}" for n in range(30)]
    near = [f"Once {text} again" for text in texts[:10]]
    rows = [{"id": f"{n}", "text": text} for n, text in enumerate([*texts, *near, *texts[:5]])]
    path = tmp_path_factory.mktemp("copies") / "rows.jsonl"
    path.write_bytes(b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows))
    return path


@pytest.mark.parametrize("threshold", [0.8, None])
def test_near_duplicates_never_share_a_sample_unless_it_is_asked_for(
    threshold: float | None, corpus_of_copies: Path, config: Callable[..., Config], litelong: Callable[..., Any]
) -> None:
    packing = {"recipe": "standard", "context_length": 1500, "near_duplicates": threshold}
    path = run(config(corpus={"path": str(corpus_of_copies)}, packing=packing)).path
    ledger = orjson.loads((path / "ledger.json").read_bytes())
    shared = 0
    for segments in pq.read_table(path / "samples")["segments"].to_pylist():
        numbers = [int(segment["doc_id"]) for segment in segments]
        shared += len(numbers) - len({n - 30 if n >= 30 else n for n in numbers})
    assert ledger["documents"]["duplicates"] == 5
    assert ledger["documents"]["near_duplicates"] == (10 if threshold else 0)
    assert ledger["tokens"]["duplicate"] > 0
    assert (shared == 0) == (threshold is not None)
    assert litelong("validate", path).status == 0


def test_near_duplicates_are_looked_for_once(
    corpus_of_copies: Path, config: Callable[..., Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    from graph.stages import pack
    from tools.packing import near

    chosen = config(corpus={"path": str(corpus_of_copies)}, packing={"recipe": "standard", "context_length": 1500})
    with monkeypatch.context() as patch:
        patch.setattr(pack, "write_samples", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            run(chosen)
    kept = np.load(chosen.out / "near.npz")["group"].tolist()
    assert len(set(kept)) == 30

    def never(*_: object) -> None:
        raise AssertionError("signatures are made again")

    monkeypatch.setattr(near, "signatures", never)
    assert run(chosen).samples > 0


@pytest.mark.parametrize(("recipe", "threshold"), [("standard", 0.8), ("litelong", 0.8), ("standard", None)])
def test_plan_says_what_the_search_for_them_takes_on_the_disk(
    recipe: str, threshold: float | None, config: Callable[..., Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against what a run of the same configuration reserves: exact where every document is encoded, else a bound."""
    reserved: list[int] = []
    reserve = os.posix_fallocate

    def reserve_and_note(file: int, begin: int, length: int) -> None:
        reserved.append(length)
        reserve(file, begin, length)

    packing = {"recipe": recipe, "near_duplicates": threshold}
    planned = estimate(config(packing=packing)).disk_temporary
    monkeypatch.setattr("tools.packing.near.os.posix_fallocate", reserve_and_note)
    path = run(config(packing=packing)).path
    encoded = orjson.loads((path / "ledger.json").read_bytes())["documents"]["encoded"]
    assert sum(reserved) == (512 * encoded if threshold else 0)
    assert planned == sum(reserved) if recipe == "standard" else planned >= sum(reserved) > 0
