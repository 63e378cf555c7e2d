"""A run and its corpus that grows: the run that has begun says how to go on, a new one has what a fresh index would give it."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest

from graph import Config, run
from graph.indexing import add_to_index, index_corpus
from graph.progress import Quiet
from graph.stages.retrieve import QUERIES
from litelong import UsageError


def again_from(path: Path, stage: str) -> None:
    """As if the run had been killed before this stage."""
    manifest = orjson.loads((path / "manifest.json").read_bytes())
    names = list(manifest["stages"])
    for name in names[names.index(stage) :]:
        del manifest["stages"][name]
    (path / "manifest.json").write_bytes(orjson.dumps(manifest))


def test_a_run_whose_corpus_grew(
    corpus: Path, config: Callable[..., Config], two: dict[str, Any], tmp_path: Path
) -> None:
    grown = tmp_path / "texts"
    late = {path.name for path in corpus.rglob("*-1[4-7]?.txt")}
    shutil.copytree(corpus, grown, ignore=lambda _, names: late.intersection(names))
    index = tmp_path / "index"

    def made(name: str, index: Path | None) -> Config:
        # The runs on the index that grows share their tokens, too.
        shared = {"index": str(index)} if index else {}
        section = config(name, corpus={"path": str(grown)}, taxonomy=two, search=shared)
        tokens = str(tmp_path / "tokens") if index else None
        return section.model_copy(update={"run": section.run.model_copy(update={"tokens": tokens})})

    index_corpus(made("any", None), index, Quiet())
    begun = run(made("begun", index)).path
    again_from(begun, "retrieve")
    shutil.copytree(corpus, grown, dirs_exist_ok=True)
    with pytest.raises(
        UsageError, match=rf"^{index}: the corpus changed .*; `litelong index --add --out {index}` adds"
    ):
        run(made("begun", index))
    added = add_to_index(index, [], {}, {}, Quiet())
    assert added.after.documents - added.before.documents == len(late) > 0
    with pytest.raises(UsageError, match=rf"^{index}: was added to since {begun} began; begin a new run with --out"):
        run(made("begun", index))
    (first,) = (tmp_path / "tokens").glob("*/*.ids")
    held = (first.read_bytes(), first.stat().st_mtime_ns)
    one, other = run(made("new", index)).path, run(made("fresh", None)).path
    for name in ("topics.jsonl", "hits/part-00000.parquet", "samples/part-00000.parquet", "ledger.json"):
        assert (one / name).read_bytes() == (other / name).read_bytes()
    assert (first.read_bytes(), first.stat().st_mtime_ns) == held, "what was encoded is not encoded again"
    assert len(list((tmp_path / "tokens").glob("*/*.ids"))) == 2
    assert not list((one / "tokens").glob("*/*.ids"))
    again_from(other, "retrieve")
    (grown / "new.txt").write_text("something new")
    with pytest.raises(UsageError, match=r"the corpus changed .*; begin a new run with --out"):
        run(made("fresh", None))


def test_what_was_asked_and_what_came_back_is_kept(config: Callable[..., Config], two: dict[str, Any]) -> None:
    retrieve = {
        "query": "bare", "fallback": ["name"], "expand": "explanation", "floor": 0.3, "min_tokens": 100, "max_tokens": 400,
        "quotas": {"bread": 0.1},
    }  # fmt: skip
    path = run(config(taxonomy=two, retrieve=retrieve)).path
    topics = [orjson.loads(line) for line in (path / "topics.jsonl").read_bytes().splitlines()]
    asked = pq.read_table(path / "hits" / "queries-00000.parquet")
    assert asked.schema.equals(QUERIES)
    hits = pq.read_table(path / "hits" / "part-00000.parquet").to_pylist()
    for topic, row in zip(topics, asked.to_pylist(), strict=True):
        own = [hit for hit in hits if hit["topic_id"] == topic["topic_id"] == row["topic_id"]]
        assert row["query"] in ("bare", "name")
        assert row["parts"][0] == {"text": topic["title"], "weight": 2.0}
        assert row["parts"][-1] == {"text": topic["explanation"], "weight": 0.25}
        assert row["kept"] == len(own) > 0
        assert row["found"] >= row["kept"] + row["below_floor"] + row["wrong_length"] + row["over_quota"]
        assert row["best_score"] >= own[0]["score"]
        assert min(hit["score"] for hit in own) >= 0.3 * row["best_score"]
    assert any(row["wrong_length"] for row in asked.to_pylist())
    lengths = {e["doc_id"]: e["tokens"] for e in _documents(path)}
    assert all(lengths[hit["doc_id"]] for hit in hits)


def _documents(path: Path) -> list[dict[str, Any]]:
    from tools.indexed import open_indexed

    indexed = open_indexed(path / "index")
    per_token = orjson.loads((path / "manifest.json").read_bytes())["characters_per_token"]
    found = [{"doc_id": e.doc_id, "tokens": 100 <= round(e.n_chars / per_token) <= 400} for e in indexed.entries()]
    indexed.close()
    return found
