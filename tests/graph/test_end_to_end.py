"""The main job: a corpus goes in, samples of exactly `context_length` ids come out, and `validate` proves them."""

import gzip
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest

from graph import Config, arun, load_config, run
from tools.packing.schema import SAMPLES

Deterministic = ("samples", "topics.jsonl", "rejected.jsonl", "ledger.json", "hits", "plan")


def content(path: Path, names: Sequence[str] = Deterministic) -> dict[str, bytes]:
    """The bytes of a run's files by relative name."""
    files = [file for name in names for file in ([path / name] if (path / name).is_file() else (path / name).iterdir())]
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in files}


def ids(path: Path) -> list[list[int]]:
    return [
        row for file in sorted((path / "samples").iterdir()) for row in pq.read_table(file)["input_ids"].to_pylist()
    ]


def test_every_sample_has_exactly_context_length_ids(finished: Path) -> None:
    samples = ids(finished)
    assert len(samples) >= 5
    assert {len(sample) for sample in samples} == {1024}


def test_samples_have_the_documented_columns(finished: Path) -> None:
    for file in (finished / "samples").iterdir():
        assert pq.read_schema(file).equals(SAMPLES)


def test_a_sample_is_made_of_documents_of_its_own_topic(finished: Path, categories: Sequence[str]) -> None:
    topics = {row["topic_id"]: row for row in map(orjson.loads, (finished / "topics.jsonl").read_bytes().splitlines())}
    table = pq.read_table(finished / "samples")
    for row in table.drop_columns(["input_ids"]).to_pylist():
        assert row["topic"] == topics[row["topic_id"]]["title"]
        assert row["category"] in categories
        assert len(row["segments"]) > 1


def test_a_finished_run_holds_what_the_design_says(finished: Path) -> None:
    assert {entry.name for entry in finished.iterdir()} >= {
        *("config.yaml", "manifest.json", "checkpoints.sqlite", "ledger.json", "usage.json"),
        *("topics.jsonl", "rejected.jsonl", "debates", "hits", "plan", "samples"),
    }
    assert list((finished / "debates").glob("events-*.jsonl"))


def test_nothing_temporary_is_left(finished: Path) -> None:
    assert not [file for file in finished.rglob("*") if file.name.endswith((".tmp", ".building", "-wal", "-shm"))]


def test_the_manifest_says_what_made_the_run(finished: Path) -> None:
    manifest = orjson.loads((finished / "manifest.json").read_bytes())
    assert list(manifest["stages"]) == ["index", "debate", "curate", "retrieve", "encode", "pack", "report"]
    assert manifest["seed"] == 0
    assert manifest["tokenizer"]["name"] == "cl100k_base"
    assert manifest["versions"]["langgraph"]
    assert manifest["corpus_fingerprint"]


def test_debates_leave_no_checkpoint_behind(finished: Path) -> None:
    import sqlite3

    database = sqlite3.connect(finished / "checkpoints.sqlite")
    rows = [database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("checkpoints", "writes")]
    database.close()
    assert rows == [0, 0]


def test_every_turn_is_recorded(finished: Path, categories: Sequence[str]) -> None:
    lines = (finished / "debates" / "events-00000.jsonl").read_bytes().splitlines()
    events = [orjson.loads(line) for line in lines]
    assert {event["category"] for event in events} == set(categories)
    assert {event["kind"] for event in events} == {"proposer", "critic", "judge"}
    assert set(events[0]) == {
        *("run", "category", "round", "agent", "role", "kind", "model", "shown", "positions"),
        *("prompt_tokens", "reply_tokens", "latency_s", "cached", "repairs"),
        *("step", "names", "lineage", "scores", "unused", "counts", "lookups", "problem"),
    }


def test_validate_proves_the_run(finished: Path, litelong: Callable[..., Any]) -> None:
    answer = litelong("validate", finished)
    assert (answer.status, answer.err) == (0, "")
    assert answer.out.startswith("valid: ")


def test_running_again_changes_nothing(finished: Path, settings: Callable[..., dict[str, Any]]) -> None:
    before = content(finished, (*Deterministic, "manifest.json", "usage.json", "config.yaml", "debates"))
    run(load_config(settings(finished)))
    assert content(finished, (*Deterministic, "manifest.json", "usage.json", "config.yaml", "debates")) == before


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_two_runs_write_the_same_bytes_whatever_the_workers(
    workers: int, finished: Path, config: Callable[..., Config]
) -> None:
    result = run(config(run={"workers": workers}))
    assert content(result.path) == content(finished)


async def _within_a_loop(config: Config) -> int:
    return run(config).samples


def test_run_works_where_an_event_loop_is_running(config: Callable[..., Config], two: dict[str, Any]) -> None:
    """As in a notebook."""
    import asyncio

    assert asyncio.run(_within_a_loop(config(taxonomy=two))) > 0


def test_run_can_be_awaited(config: Callable[..., Config], two: dict[str, Any]) -> None:
    import asyncio

    result = asyncio.run(arun(config(taxonomy=two)))
    assert result.tokens == result.samples * 1024


def _jsonl(path: Path, texts: Sequence[Any]) -> None:
    lines = b"".join(orjson.dumps({"id": t.name, "text": t.text}, option=orjson.OPT_APPEND_NEWLINE) for t in texts)
    path.write_bytes(gzip.compress(lines) if path.suffix == ".gz" else lines)


@pytest.mark.parametrize("name", ["texts.jsonl", "shuffled.jsonl", "texts.jsonl.gz", "shuffled.parquet"])
def test_the_same_texts_give_the_same_samples_in_any_format_and_order(
    name: str,
    finished: Path,
    texts: Sequence[Any],
    tmp_path: Path,
    config: Callable[..., Config],
    write_parquet: Callable[[Path, Sequence[Any]], None],
) -> None:
    rows = list(texts)
    if name.startswith("shuffled"):
        random.Random(7).shuffle(rows)
    write = write_parquet if name.endswith(".parquet") else _jsonl
    write(tmp_path / name, rows)
    result = run(config(corpus={"path": str(tmp_path / name)}))
    assert ids(result.path) == ids(finished)
    assert content(result.path) == content(finished)


def test_ids_do_not_decide_what_is_packed(
    finished: Path, texts: Sequence[Any], tmp_path: Path, config: Callable[..., Config]
) -> None:
    """Rows without an id are named by their place, and the samples are the same all the same."""
    (tmp_path / "rows.jsonl").write_bytes(
        b"".join(orjson.dumps({"text": t.text}, option=orjson.OPT_APPEND_NEWLINE) for t in reversed(texts))
    )
    result = run(config(corpus={"path": str(tmp_path / "rows.jsonl")}))
    assert ids(result.path) == ids(finished)


def test_duplicates_and_rejects_are_counted_and_change_nothing(
    finished: Path, texts: Sequence[Any], tmp_path: Path, config: Callable[..., Config]
) -> None:
    rows = [{"id": t.name, "text": t.text} for t in texts]
    rows += [{"id": "copy", "text": texts[0].text}, {"id": "blank", "text": "  "}, {"id": "none", "text": None}]
    (tmp_path / "rows.jsonl").write_bytes(b"".join(orjson.dumps(r, option=orjson.OPT_APPEND_NEWLINE) for r in rows))
    result = run(config(corpus={"path": str(tmp_path / "rows.jsonl")}))
    documents = orjson.loads((result.path / "ledger.json").read_bytes())["documents"]
    assert (documents["read"], documents["indexed"], documents["duplicates"], documents["rejected"]) == (183, 180, 1, 2)
    assert ids(result.path) == ids(finished)


def test_an_engine_that_errs_is_found_out_and_changes_nothing(
    config: Callable[..., Config], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from graph.stages import encode
    from tools.tokens import Encoded, Tokenizer, fast
    from tools.tokens.engines import engines_for

    class Liar:
        name = "liar"

        def __init__(self, tokenizer: Tokenizer) -> None:
            self._inner = dict(engines_for(tokenizer))["gigatoken"]()

        def encode(self, texts: list[str]) -> Encoded:
            encoded = self._inner.encode(texts)
            return Encoded(encoded.ids + np.uint32(len(texts) == 1 and "tawny owl" in texts[0]), encoded.offsets)

    monkeypatch.setattr(encode, "WORTH_PROVING", 0)
    monkeypatch.setattr(encode, "PROVED_ON", 3)
    monkeypatch.setattr(fast, "CHECKED", 1)
    monkeypatch.setattr("tools.tokens.store._BATCH_DOCUMENTS", 1)
    honest = run(config("honest", packing={"recipe": "standard"}))
    assert orjson.loads((honest.path / "manifest.json").read_bytes())["token_engine"]["engine"].startswith("gigatoken")
    plain = run(config("plain", run={"encoder": "plain"}, packing={"recipe": "standard"}))
    assert orjson.loads((plain.path / "manifest.json").read_bytes())["token_engine"] == {
        "engine": "tiktoken",
        "left_out": {},
    }
    assert content(plain.path, ("samples",)) == content(honest.path, ("samples",))
    monkeypatch.setattr(fast, "engines_for", lambda t: [("liar", lambda: Liar(t))])
    with caplog.at_level("WARNING", "litelong"):
        found_out = run(config("found-out", packing={"recipe": "standard"}))
    assert "liar gives other ids than cl100k_base" in caplog.text
    engine = orjson.loads((found_out.path / "manifest.json").read_bytes())["token_engine"]
    assert engine["engine"] == "tiktoken"
    assert "other ids" in engine["left_out"]["liar"]
    assert content(honest.path, ("samples",)) == content(found_out.path, ("samples",))
