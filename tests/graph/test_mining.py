"""What is mined for each anchor: as many negatives as the formula asks for, whatever the corpus is like."""

from collections import Counter
from collections.abc import Callable, Sequence
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


def paragraph(rng: Random, words: Sequence[str] = WORDS) -> str:
    """A line that makes a chunk of 340 characters at most."""
    return f"{' '.join(rng.choices(words, k=48)).capitalize()}.\n"


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


def test_a_paragraph_that_every_page_repeats_stands_once_in_a_sample(config: Configure, tmp_path: Path) -> None:
    """No two pages are alike, and a chunk of each is: where another chunk has its words, its copies are the best negatives."""
    rng = Random(3)
    words = [f"{word}ish" for word in WORDS[:12]]
    notice = paragraph(rng, words)
    texts = {f"page-{n}": f"{paragraph(rng)}{notice}{paragraph(rng, words)}{paragraph(rng)}" for n in range(60)}
    folder = write(tmp_path / "texts", texts)
    repeated = {}
    for guard in (0.8, None):
        packing = {"recipe": "nextlong", "context_length": 4096}
        negatives = {"granularity": 340, "near_copies": guard}
        out = str(tmp_path / str(guard))
        made = run(config(out, corpus={"path": str(folder)}, packing=packing, negatives=negatives))
        assert made.samples >= 2
        assert validate(made.path).problems == []
        repeated[guard] = 0
        for row in pq.read_table(made.path / "samples").to_pylist():
            ids = Counter(tuple(row["input_ids"][s["start"] :][: s["length"]]) for s in row["segments"])
            repeated[guard] += sum(ids.values()) - len(ids)
        account = orjson.loads((made.path / "ledger.json").read_bytes())["negatives"]
        assert bool(account["near_copies_refused"]) == (guard is not None)
    assert repeated[0.8] == 0
    assert repeated[None] > 20
