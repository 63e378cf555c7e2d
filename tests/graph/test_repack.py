"""`litelong repack`: other samples of the same topics and hits, without a model, proved like any run."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest

from graph import Config, run
from graph.repacking import repack
from graph.stages import mine
from litelong import UsageError

Litelong = Callable[..., Any]


@pytest.fixture
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever debates or asks a model fails the test."""
    from graph.stages import debate

    async def never(*_: object) -> None:
        raise AssertionError("a repack debates")

    monkeypatch.setattr(debate, "_debate_all", never)


@pytest.mark.usefixtures("no_model")
@pytest.mark.parametrize(
    "changes",
    [
        {"packing.context_length": 512},
        {"packing.boundaries": "document"},
        {"packing.recipe": "litelong+utk"},
        {"packing.recipe": "litelong+utk", "packing.back_trace": True, "packing.remainder": "pool"},
        {"packing.recipe": "litelong+nextlong"},
        {"packing.recipe": "standard"},
    ],
    ids=lambda changes: str(next(iter(changes.values()))),
)
def test_a_repacked_run_is_a_valid_run_with_the_same_topics(
    changes: dict[str, Any], finished: Path, tmp_path: Path, litelong: Litelong
) -> None:
    done = repack(finished, tmp_path / "new", changes)
    assert done.result.samples > 0
    answer = litelong("validate", tmp_path / "new")
    assert answer.status == 0, answer.out
    if changes.get("packing.recipe") == "standard":
        assert not (tmp_path / "new" / "topics.jsonl").exists()
    else:
        assert (tmp_path / "new" / "topics.jsonl").read_bytes() == (finished / "topics.jsonl").read_bytes()
        assert pq.read_table(tmp_path / "new" / "hits").equals(pq.read_table(finished / "hits"))
    mines = changes.get("packing.recipe") == "litelong+nextlong"
    assert [what.partition(":")[0] for what in done.searched] == (["negatives"] if mines else [])


@pytest.mark.usefixtures("no_model")
def test_negatives_that_the_run_has_are_not_searched_for_again(
    finished: Path, tmp_path: Path, litelong: Litelong, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"packing.recipe": "litelong+nextlong", "negatives.granularity": 300}
    mined = repack(finished, tmp_path / "mined", settings)
    assert mined.searched
    changes = {"negatives.position": "tail", "packing.remainder": "pool", "packing.padding": True}
    anew = repack(finished, tmp_path / "anew", {**settings, **changes})
    with monkeypatch.context() as no_search:
        no_search.setattr(mine, "_mine", None)
        again = repack(tmp_path / "mined", tmp_path / "again", changes)
    assert again.searched == ()
    assert litelong("validate", tmp_path / "again").status == 0
    for name in ("samples", "plan"):
        files = [sorted((made.result.path / name).iterdir()) for made in (anew, again)]
        assert [file.read_bytes() for file in files[0]] == [file.read_bytes() for file in files[1]]
    ledgers = [(made.result.path / "ledger.json").read_bytes() for made in (anew, again)]
    assert ledgers[0] == ledgers[1]
    other = repack(tmp_path / "mined", tmp_path / "other", {"negatives.words": 8})
    assert [what.partition(":")[0] for what in other.searched] == ["negatives"]


@pytest.mark.usefixtures("no_model")
def test_a_run_is_packed_anew_for_llama_3(
    finished: Path, tmp_path: Path, tokenizer_folder: Callable[[str], Path], litelong: Litelong
) -> None:
    """Its own tokenizer.json and its own BOS; no debate and no search."""
    done = repack(finished, tmp_path / "new", {"tokenizer": str(tokenizer_folder("llama3"))})
    assert done.searched == ()
    answer = litelong("validate", tmp_path / "new")
    assert answer.status == 0, answer.out
    ids = pq.read_table(tmp_path / "new" / "samples")["input_ids"].to_pylist()
    assert {row[0] for row in ids} == {128_000}, "<|begin_of_text|>"
    assert {i for row in ids for i in row if i >= 128_000} == {128_000, 128_001}, "<|end_of_text|> after each document"


@pytest.mark.usefixtures("no_model")
def test_another_tokenizer_gives_the_run_that_it_would_have_given(
    finished: Path, tmp_path: Path, tokenizer_file: Path, litelong: Litelong
) -> None:
    """Its tokens are longer or shorter, and the documents and their order are the same; so with marks in its words."""
    traced = {"packing.recipe": "litelong+utk", "packing.back_trace": True}
    repack(finished, tmp_path / "traced", {"tokenizer": str(tokenizer_file), **traced})
    assert litelong("validate", tmp_path / "traced").status == 0
    repack(finished, tmp_path / "new", {"tokenizer": str(tokenizer_file)})
    assert litelong("validate", tmp_path / "new").status == 0
    manifest = orjson.loads((tmp_path / "new" / "manifest.json").read_bytes())
    assert manifest["tokenizer"]["name"] == str(tokenizer_file)
    ids = pq.read_table(tmp_path / "new" / "samples")["input_ids"].to_pylist()
    assert {row[0] for row in ids} == {0}, "the new tokenizer has a BOS"
    assert max(map(max, ids)) < 600


@pytest.mark.usefixtures("no_model")
def test_a_longer_context_searches_for_more_hits_and_says_so(
    finished: Path, tmp_path: Path, litelong: Litelong
) -> None:
    answer = litelong("repack", finished, "--context-length", 1400, "--out", tmp_path / "new")
    assert answer.status == 0
    assert "searched for hits: a topic needs 1,400 tokens now, and was searched for 1,024" in answer.out
    assert litelong("validate", tmp_path / "new").status == 0


def test_a_repack_gives_what_a_run_of_that_configuration_gives(
    finished: Path, config: Callable[..., Config], tmp_path: Path
) -> None:
    repack(finished, tmp_path / "new", {"packing.order": "shuffle"})
    anew = run(config("anew", packing={"order": "shuffle"})).path
    for name in ("samples", "plan", "hits"):
        for file in (anew / name).iterdir():
            assert file.read_bytes() == (tmp_path / "new" / name / file.name).read_bytes()


@pytest.mark.usefixtures("no_model")
def test_a_repack_that_was_stopped_goes_on_and_a_second_call_changes_nothing(finished: Path, tmp_path: Path) -> None:
    import graph.stages.pack as stage

    change = {"packing.context_length": 600}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, "write_samples", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            repack(finished, tmp_path / "new", change)
    repack(finished, tmp_path / "new", change)
    before = {f.name: f.read_bytes() for f in (tmp_path / "new" / "samples").iterdir()}
    repack(finished, tmp_path / "new", change)
    assert {f.name: f.read_bytes() for f in (tmp_path / "new" / "samples").iterdir()} == before


def test_a_corpus_that_changed_is_refused_and_nothing_is_left(config: Callable[..., Config], tmp_path: Path) -> None:
    corpus = tmp_path / "rows.jsonl"
    rows = [{"text": f"A passage about bread number {n}. " * 20} for n in range(40)]
    corpus.write_bytes(b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows))
    path = run(config(corpus={"path": str(corpus)}, packing={"recipe": "standard"})).path
    corpus.write_bytes(corpus.read_bytes() + b'{"text": "one more"}\n')
    with pytest.raises(UsageError, match="the corpus changed since it was indexed"):
        repack(path, tmp_path / "new", {"packing.context_length": 512})
    assert not (tmp_path / "new").exists()


def test_a_repack_that_cannot_be_is_refused_in_one_line(
    finished: Path, config: Callable[..., Config], tmp_path: Path, litelong: Litelong, refused: Callable[..., None]
) -> None:
    standard = run(config("standard", packing={"recipe": "standard"})).path
    new = tmp_path / "new"
    for path, arguments, words in (
        (standard, ["--recipe", "litelong"], "never asks a model"),
        (finished, [], "nothing would change"),
        (finished, ["--set", "search.k1=2"], "search.k1: a repack cannot change it"),
        (finished, ["--recipe", "knitting"], "unknown recipe"),
        (finished, ["--context-length", "9000000"], "packing.context_length"),
        (finished, ["--set", "packing.context_length=20000"], "none of"),
        (finished, ["--recipe", "litelong+nextlong", "--context-length", "32"], "raise packing.context_length"),
        (tmp_path, ["--context-length", "512"], "not a run directory"),
    ):
        refused(litelong("repack", path, *arguments, "--out", new), words)
        assert not new.exists()
    refused(litelong("repack", finished, "--context-length", 512, "--out", standard), "holds another run")


def test_a_repacked_run_needs_the_first_one_only_for_its_index(
    finished: Path, tmp_path: Path, litelong: Litelong
) -> None:
    first = Path(shutil.copytree(finished, tmp_path / "first"))
    repack(first, tmp_path / "new", {"packing.context_length": 512})
    for name in ("samples", "tokens", "hits", "plan", "topics.jsonl"):
        entry = first / name
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    assert litelong("validate", tmp_path / "new").status == 0
