"""What is mined for each anchor: as many negatives as the formula asks for, whatever the corpus is like."""

from collections import Counter
from collections.abc import Callable
from math import ceil
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest

from graph import Config, run
from graph.stages.mine import SPARE
from graph.validating import validate

WORDS = [
    f"{a}{b}"
    for a in ("har", "ves", "cur", "tim", "lan", "por", "sig")
    for b in ("bour", "sel", "rent", "ber", "tern", "tal")
]
Configure = Callable[..., Config]


def page(rng: Random, sentences: int) -> list[str]:
    return [f"{' '.join(rng.choices(WORDS, k=12)).capitalize()}.\n" for _ in range(sentences)]


def write(folder: Path, texts: dict[str, str]) -> Path:
    folder.mkdir()
    lines = [orjson.dumps({"id": name, "text": text}) for name, text in texts.items()]
    (folder / "corpus.jsonl").write_bytes(b"\n".join(lines))
    return folder


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty pages, and one that stands there fifty times with another last line."""
    rng = Random(1)
    texts = {f"page-{n}": "".join(page(rng, 30)) for n in range(40)}
    mirror = "".join(page(rng, 30))
    texts |= {f"mirror-{n}": mirror + f"Mirror number {n}.\n" for n in range(50)}
    return write(tmp_path_factory.mktemp("mirrored") / "texts", texts)


def mined(path: Path) -> Counter[str]:
    """Chunk -> negatives."""
    return Counter(
        chunk for file in sorted(path.glob("negatives/part-*")) for chunk in pq.read_table(file)["chunk"].to_pylist()
    )


@pytest.mark.parametrize("source", ["bm25", "dense"])
@pytest.mark.parametrize("near_duplicates", [0.8, None])
def test_near_copies_do_not_take_the_places_of_negatives(
    config: Configure, mirrored: Path, near_duplicates: float | None, source: str, tmp_path: Path
) -> None:
    packing = {"recipe": "nextlong", "context_length": 2048, "near_duplicates": near_duplicates}
    negatives = {"granularity": 600, "source": source}
    made = run(config(str(tmp_path / "run"), corpus={"path": str(mirrored)}, packing=packing, negatives=negatives))
    assert validate(made.path).problems == []
    manifest = orjson.loads((made.path / "manifest.json").read_bytes())
    texts = {row["id"]: row["text"] for row in map(orjson.loads, (mirrored / "corpus.jsonl").read_bytes().splitlines())}
    found = mined(made.path)
    mirrors = 0
    for root in pq.read_table(made.path / "negatives" / "roots.parquet")["doc_id"].to_pylist():
        own = [chunk for chunk in found if chunk.rpartition("#")[0] == root]
        wanted = 2048 * manifest["characters_per_token"] * 1.5 - len(texts[root])
        depth = max(1, ceil(wanted / (len(own) * 600)))
        assert {found[chunk] for chunk in own} == {SPARE * depth}
        mirrors += root.startswith("mirror")
    assert mirrors >= 10
    account: dict[str, Any] = orjson.loads((made.path / "ledger.json").read_bytes())["negatives"]
    assert bool(account["near_copies"]) == (near_duplicates is None), (
        "those of near-duplicate documents are not asked for"
    )


def test_documents_nearly_as_long_as_a_sample_leave_some_for_negatives(config: Configure, tmp_path: Path) -> None:
    """Forty documents of about 0.9 samples each: nearly all could be roots, and then there would be no negatives."""
    rng = Random(2)
    folder = write(tmp_path / "texts", {f"page-{n}": "".join(page(rng, 35)) for n in range(40)})
    packing = {"recipe": "nextlong", "context_length": 1024}
    made = run(
        config(str(tmp_path / "run"), corpus={"path": str(folder)}, packing=packing, negatives={"granularity": 400})
    )
    assert validate(made.path).problems == []
    tokens = orjson.loads((made.path / "ledger.json").read_bytes())["tokens"]
    assert 0.6 < made.samples * 1024 / tokens["encoded"] <= 1
    assert tokens["encoded"] / 40 > 0.8 * 1024, "or the documents are too short to show it"
