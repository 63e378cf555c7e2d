"""Documents that are nearly the same: never in one sample, counted in the ledger, found again by `validate`."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest

from graph import Config, run

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
