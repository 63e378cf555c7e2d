"""Bad input: one line on stderr that says what, where and what to do, exit status 2, and nothing half-written."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from graph import Config, run
from graph.parts import check_apart
from graph.rundir import FORMAT, RunDir
from litelong import UsageError

Litelong = Callable[..., Any]
ConfigFile = Callable[..., Path]
Refused = Callable[..., None]
Tree = Callable[[Path], dict[str, bytes | None]]


def test_a_missing_corpus(refuses: Callable[..., None], tmp_path: Path) -> None:
    refuses({"corpus.path": "not/there"}, "corpus.path", str(tmp_path / "not/there"), "is not there")


def test_an_empty_corpus_folder(refuses: Callable[..., None], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    refuses({"corpus.path": "empty"}, "no readable file in", "readable are .txt, .md")


def test_a_glob_that_matches_nothing(refuses: Callable[..., None]) -> None:
    refuses({"corpus.path": "data/*.jsonl"}, "nothing matches", "data/*.jsonl")


def test_an_empty_path_is_not_the_current_folder(refuses: Callable[..., None]) -> None:
    refuses({"corpus.path": ""}, "corpus.path.0", "at least 1 character")


def test_a_corpus_of_empty_files(refuses: Callable[..., None], tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    for name in ("a.txt", "b.txt"):
        (tmp_path / "texts" / name).write_text(" \n")
    refuses({"corpus.path": "texts"}, "no document in 2 rows read", "a.txt: empty text")


def test_a_corpus_too_small_for_one_sample(refuses: Callable[..., None], corpus: Path) -> None:
    refuses({"packing.context_length": 100_000}, str(corpus), "less than one sample of 100,000", "add documents")


def test_a_corpus_too_small_by_one_token(refuses: Callable[..., None], litelong: Litelong, tmp_path: Path) -> None:
    """Near the line tokens are counted, not estimated: 63 and a separator are a sample, 62 and one are not."""
    (tmp_path / "one.txt").write_text(" a" * 62)
    settings = {"corpus.path": "one.txt", "packing.recipe": "standard", "packing.context_length": 64}
    refuses(settings, "one.txt", "holds 62 tokens", "less than one sample of 64")
    (tmp_path / "one.txt").write_text(" a" * 63)
    answer = litelong("run", tmp_path / "config.yaml", *(f"--set={key}={value}" for key, value in settings.items()))
    assert (answer.status, answer.err) == (0, "")
    assert answer.out.startswith("1 samples of exactly 64 ids")


def test_no_topic_that_fills_a_sample(refuses: Callable[..., None]) -> None:
    """The reasons are in the message, as the run directory is removed again."""
    refuses({"packing.context_length": 20_000}, "no topic was accepted", "cannot be filled", "packing.context_length")


def test_a_binary_file_among_the_texts(refuses: Callable[..., None], tmp_path: Path, texts: Any) -> None:
    (tmp_path / "texts").mkdir()
    for number in range(20):
        (tmp_path / "texts" / f"{number:02d}.txt").write_text(texts[number].text)
    (tmp_path / "texts" / "10-photo.txt").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    refuses({"corpus.path": "texts"}, "10-photo.txt", "binary file among the texts", "corpus.binary_files: reject")


def test_a_folder_that_cannot_be_made(refuses: Callable[..., None], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    refuses({}, "file/below/run: cannot be written", "choose another folder with --out", out="file/below/run")
    refuses({}, "file: cannot be written", "choose another folder with --out", out="file")
    refuses({}, "cannot be written", "File name too long", out="parent/" + "x" * 300 + "/run")
    refuses({}, "--out: is empty", out="")


def test_a_folder_that_is_not_a_run(refuses: Callable[..., None], tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep me")
    (tmp_path / "mine" / ".lock").write_text("and this, too")
    refuses({}, "mine: is not empty and not a run directory (it holds 'notes.txt')", "--out", out="mine")


def test_a_folder_that_holds_only_the_users_config(refuses: Callable[..., None], tmp_path: Path) -> None:
    """A config.yaml of the user's own is not taken for a run's, nor overwritten."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "config.yaml").write_text("corpus: {path: docs}\n")
    refuses({}, "it holds 'config.yaml'", out="mine")


def test_a_folder_inside_the_corpus(
    refuses: Callable[..., None], litelong: Litelong, tmp_path: Path, texts: Any, refused: Refused
) -> None:
    """What the run writes would be part of its own corpus; hidden folders are not read, and so are allowed."""
    (tmp_path / "docs").mkdir()
    for number, text in enumerate(texts):
        (tmp_path / "docs" / f"{number:03d}.txt").write_text(text.text)
    refuses({"corpus.path": "docs"}, "docs/runs/one: lies inside the corpus", "--out", out="docs/runs/one")
    refuses({"corpus.path": "."}, "lies inside the corpus", out="runs/one")
    refused(litelong("index", tmp_path / "docs", "--out", tmp_path / "docs" / "index"), "lies inside the corpus")
    settings = ("--set", "corpus.path=docs", "--set", "packing.recipe=standard")
    answer = litelong("run", tmp_path / "config.yaml", *settings, "--out", "docs/.runs/one")
    assert (answer.status, answer.err) == (0, "")


def test_a_folder_that_is_called_as_the_demo_corpus_is_not_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "demo").mkdir()
    monkeypatch.chdir(tmp_path)
    check_apart(tmp_path / "demo" / "run", ["demo"])
    with pytest.raises(UsageError, match="lies inside the corpus"):
        check_apart(tmp_path / "demo" / "run", ["./demo"])


def test_an_empty_folder_stays_empty_when_the_run_is_refused(refuses: Callable[..., None], tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    refuses({"packing.context_length": 100_000}, "less than one sample", out="there")


def test_a_folder_of_another_run(
    finished: Path, litelong: Litelong, config_file: ConfigFile, refused: Refused, tree: Tree
) -> None:
    before = tree(finished)
    answer = litelong("run", config_file(finished, packing={"order": "reverse"}, run={"seed": 3}))
    refused(answer, str(finished), "holds another run (it differs in run.seed, packing.order)", "--out")
    assert tree(finished) == before


def test_a_run_of_another_format(copied: Path, litelong: Litelong, config_file: ConfigFile, refused: Refused) -> None:
    manifest = orjson.loads((copied / "manifest.json").read_bytes())
    (copied / "manifest.json").write_bytes(orjson.dumps({**manifest, "format": 99}))
    refused(litelong("run", config_file(copied)), f"a run of format 99, this version reads {FORMAT}")
    refused(litelong("validate", copied), "a run of format 99")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"stages": 1}'])
def test_a_damaged_manifest(
    content: bytes, copied: Path, litelong: Litelong, config_file: ConfigFile, refused: Refused, tree: Tree
) -> None:
    (copied / "manifest.json").write_bytes(content)
    for command in ("validate", "inspect"):
        refused(litelong(command, copied), "manifest.json")
    (copied / ".lock").unlink()
    before = tree(copied)
    refused(litelong("run", config_file(copied)), "manifest.json")
    assert tree(copied) == before


def test_a_run_that_another_process_is_working_in(
    config: Callable[..., Config],
    two: dict[str, Any],
    config_file: ConfigFile,
    litelong: Litelong,
    refused: Refused,
    tree: Tree,
) -> None:
    result = run(config(taxonomy=two))
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from graph import load_config; from graph.rundir import RunDir\n"
            "run = RunDir.claim(load_config(sys.argv[1])); print('held', flush=True); sys.stdin.read()",
            str(result.path / "config.yaml"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdin
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    before = tree(result.path)
    refused(litelong("run", config_file(taxonomy=two)), str(result.path), "another litelong process", "wait for it")
    assert tree(result.path) == before
    holder.communicate("")
    assert litelong("run", config_file(taxonomy=two)).status == 0


def test_a_lock_can_be_taken_again_after_it_was_given_back(config: Callable[..., Config]) -> None:
    first = RunDir.claim(config())
    first.release()
    second = RunDir.claim(config())
    second.release()
    first.release()


@pytest.mark.parametrize("name", ["empty", "missing", "file"])
def test_commands_on_what_is_no_run_and_no_index(
    name: str, litelong: Litelong, tmp_path: Path, refused: Refused
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    path = tmp_path / name
    refused(litelong("inspect", path), str(path), "not a run directory")
    refused(litelong("validate", path), str(path), "not a run directory")
    refused(litelong("search", path, "bread"), f"{path}: no index here", "litelong index CORPUS --out")


def test_an_index_that_is_damaged(indexed: Path, litelong: Litelong, tmp_path: Path, refused: Refused) -> None:
    import shutil

    broken = Path(shutil.copytree(indexed, tmp_path / "broken"))
    record = orjson.loads((broken / "index.json").read_bytes())
    for wrong, words in (
        ({"data": "../x"}, "no data folder"),
        ({"format": 1}, "index of format 1, this version reads"),
    ):
        (broken / "index.json").write_bytes(orjson.dumps({**record, **wrong}))
        refused(litelong("search", broken, "bread"), words, "build")
        refused(litelong("index", "--add", "--out", broken), words, "build")
    (broken / "index.json").write_text("{}")
    refused(litelong("search", broken, "bread"), "index.json: damaged", "build the index again")
    (broken / "index.json").write_bytes((indexed / "index.json").read_bytes())
    (broken / "data-00001" / "documents.sqlite").write_bytes(b"nothing")
    refused(litelong("search", broken, "bread"), "documents.sqlite", "build the index again")


def test_an_empty_query(indexed: Path, litelong: Litelong, refused: Refused) -> None:
    refused(litelong("search", indexed, "  "), "QUERY is empty")
    refused(litelong("search", indexed, "and the"), "QUERY 'and the': has only words that are in nearly every text")
    refused(litelong("search", indexed, '*?"'), "has only signs and no word")


def test_an_index_that_cannot_be_made(
    litelong: Litelong, corpus: Path, tmp_path: Path, refused: Refused, tree: Tree
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    before = tree(tmp_path)
    refused(litelong("index", tmp_path / "empty", "--out", tmp_path / "a/b/index"), "no readable file")
    refused(litelong("index", tmp_path / "missing", "--out", tmp_path / "a/b/index"), "is not there")
    refused(litelong("index", corpus, "--out", tmp_path / "file/index"), "cannot be written", "another folder")
    refused(litelong("index", corpus, "--out", tmp_path / "file"), "is there already", "--out")
    refused(litelong("index", corpus, "--out", corpus), "is there already and not empty", "--out")
    refused(litelong("index", corpus, "--out", tmp_path / "i", "--text-field", ""), "--text-field: is empty")
    assert tree(tmp_path) == before


def test_an_index_with_other_settings_than_the_run(
    indexed: Path, corpus: Path, refuses: Callable[..., None], tmp_path: Path
) -> None:
    index = str(indexed)
    refuses({"search.index": index, "search.k1": 2.0}, "was built with search.k1 1.2, not 2.0", "build the index again")
    refuses({"search.index": index, "corpus.path": str(corpus / "bread")}, "was built with corpus.path")
    refuses({"search.index": index, "corpus.text_field": "body"}, "was built with corpus.text_field None, not body")


def test_an_unknown_sample(finished: Path, litelong: Litelong, refused: Refused) -> None:
    refused(litelong("inspect", finished, "t-0-000"), "no sample 't-0-000' among its", "the first: ")
    refused(litelong("inspect", finished, "--text"), "--text shows one sample", "SAMPLE_ID")
    refused(litelong("inspect", finished, "--text", "--similarity"), "--similarity compares all samples of a run")


def test_an_unfinished_run_has_no_samples(copied: Path, litelong: Litelong, refused: Refused) -> None:
    manifest = orjson.loads((copied / "manifest.json").read_bytes())
    del manifest["stages"]["report"], manifest["stages"]["pack"]
    (copied / "manifest.json").write_bytes(orjson.dumps(manifest))
    refused(litelong("inspect", copied), "the run is not finished", "run it again to go on")


def test_debating_an_unknown_category_makes_no_run(
    refuses: Callable[..., None], litelong: Litelong, tmp_path: Path, refused: Refused, tree: Tree
) -> None:
    before = tree(tmp_path)
    (tmp_path / "c.yaml").write_text("corpus: {path: demo}\n")
    refused(litelong("debate", tmp_path / "c.yaml", "--category", "Alchemy"), "has no category 'Alchemy'")
    (tmp_path / "c.yaml").unlink()
    assert tree(tmp_path) == before


def test_an_unknown_category_to_show(litelong: Litelong, refused: Refused) -> None:
    refused(litelong("taxonomy", "show", "Alchemy"), "has no category 'Alchemy'", "litelong taxonomy show")
    refused(litelong("taxonomy", "stats", "--source", "dewey"), "taxonomy.source 'dewey' is unknown")


def test_init_overwrites_nothing(litelong: Litelong, tmp_path: Path, refused: Refused) -> None:
    path = tmp_path / "litelong.yaml"
    path.write_text("mine")
    refused(litelong("init", path), "is there already", "--force")
    assert path.read_text() == "mine"
    (tmp_path / "file").write_text("x")
    refused(litelong("init", tmp_path / "file" / "litelong.yaml"), "cannot be written", "name another file")
    refused(litelong("init", tmp_path), "is a folder; name a file")


def test_a_tokenizer_that_was_replaced_under_a_run(
    copied: Path,
    config: Callable[..., Config],
    tokenizer_file: Path,
    tmp_path: Path,
    litelong: Litelong,
    refused: Refused,
) -> None:
    own = tmp_path / "tokenizer.json"
    own.write_bytes(tokenizer_file.read_bytes())
    result = run(config(packing={"recipe": "standard"}, tokenizer=str(own)))
    content = orjson.loads(own.read_bytes())
    content["pre_tokenizer"]["add_prefix_space"] = True
    own.write_bytes(orjson.dumps(content))
    refused(litelong("run", result.path / "config.yaml"), str(own), "is not the one that", "put it back")
