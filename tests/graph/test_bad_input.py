"""Bad input: one line on stderr that says what, where and what to do, exit status 2, and nothing half-written."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from graph import Config, run
from graph.rundir import RunDir

Litelong = Callable[..., Any]
ConfigFile = Callable[..., Path]


def refused(answer: Any, *words: str) -> None:
    """The answer is a refusal as it should be, and its one line has all of `words`."""
    assert answer.status == 2, answer
    assert answer.out == ""
    assert answer.err.startswith("litelong: ")
    assert answer.err.count("\n") == 1
    for word in words:
        assert word in answer.err


def tree(folder: Path) -> dict[str, bytes | None]:
    """Everything in a folder: file contents, None for folders."""
    return {
        str(entry.relative_to(folder)): entry.read_bytes() if entry.is_file() else None for entry in folder.rglob("*")
    }


@pytest.fixture
def refuses(
    litelong: Litelong, config_file: ConfigFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., None]:
    """`litelong run` with overrides is refused with these words, and the folder is what it was before."""
    monkeypatch.chdir(tmp_path)

    def check(overrides: dict[str, object], *words: str, out: str = "new/deep/run", command: str = "run") -> None:
        config = config_file()
        before = tree(tmp_path)
        settings = [part for key, value in overrides.items() for part in ("--set", f"{key}={yaml_of(value)}")]
        refused(litelong(command, config, *settings, "--out", out), *words)
        assert tree(tmp_path) == before

    return check


def yaml_of(value: object) -> str:
    return yaml.safe_dump(value, default_flow_style=True, width=10_000).removesuffix("\n...\n").strip()


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


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (
            {"taxonomy.select": ["NATURE / Wildlife / Brids"]},
            ("'NATURE / Wildlife / Brids'", "NATURE / Wildlife / Birds"),
        ),
        ({"taxonomy.select": ["ASTROLOGY/**"]}, ("taxonomy.select", "'ASTROLOGY/**'", "matches none")),
        ({"taxonomy": "bisag"}, ("taxonomy.source 'bisag' is unknown", "compact")),
        (
            {"debate.critics": [{"role": "skeptik"}]},
            ("debate.critics.0", "unknown role 'skeptik'", "there are: critic"),
        ),
        ({"debate.judges": [{"role": "critic"}]}, ("debate.judges.0", "role 'critic' is a critic")),
        ({"packing.recipe": "litelng"}, ("unknown recipe 'litelng'", "did you mean 'litelong'?", "standard")),
        ({"tokenizer": "cl100k_bse"}, ("'cl100k_bse'", "did you mean 'cl100k_base'?")),
        ({"tokenizer": "models/tokenizer.json"}, ("models/tokenizer.json", "neither")),
        ({"search.backend": "lucene"}, ("search.backend", "lucene", "whoosh")),
        ({"search.index": "no/index"}, ("no/index", "no index here", "litelong index")),
        ({"corpus.path": "hf:"}, ("hf:",)),
    ],
    ids=str,
)
def test_an_unknown_name(refuses: Callable[..., None], overrides: dict[str, object], words: tuple[str, ...]) -> None:
    refuses(overrides, *words)


def test_an_unknown_model(refuses: Callable[..., None]) -> None:
    refuses({"debate.critics": [{"role": "critic", "model": "openai:gpt"}]}, "debate.critics.0", "openai:gpt")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("pakcing.recipe", "litelong", ("pakcing: unknown key", "did you mean 'packing'?")),
        ("packing.recepe", "litelong", ("packing.recepe: unknown key", "did you mean 'recipe'?")),
        ("debate.budget.tokns", 1, ("debate.budget.tokns: unknown key", "did you mean 'tokens'?")),
        ("debate.critics", [{"rle": "critic"}], ("debate.critics.0.rle: unknown key", "did you mean 'role'?")),
        ("taxonomy.selct", [], ("taxonomy.selct: unknown key", "did you mean 'select'?")),
        ("zzz", 1, ("zzz: unknown key", "there are: corpus, debate, packing")),
        ("debate.critics", [{"model": "lexical"}], ("debate.critics.0.role: is missing",)),
        ("packing.context_length", "many", ("packing.context_length: input should be a valid integer", "'many'")),
        ("packing.context_length", 8, ("packing.context_length", "greater than or equal to 16")),
        ("packing.order", "random", ("packing.order", "'rank', 'reverse' or 'shuffle'", "got 'random'")),
        ("packing", 3, ("packing: a section with keys is expected, got 3",)),
        ("packing", None, ("packing: a section with keys is expected, got nothing",)),
        ("debate.critics", "critic", ("debate.critics: a list is expected, got 'critic'",)),
        ("debate.critics", [], ("debate.critics: must not be empty",)),
        ("debate.expansion_factor", "lots", ("debate.expansion_factor", "'auto', or", "integer", "got 'lots'")),
        ("run.seed", -1, ("run.seed",)),
        ("run.name", "../outside", ("run.name", "../outside")),
        ("search.k1", float("nan"), ("search.k1",)),
        ("corpus.path", [3], ("corpus.path.0: input should be a valid string, got 3",)),
        ("corpus.path", [], ("corpus.path: must not be empty",)),
        ("run", [1], ("run: a section with keys is expected, got a list",)),
    ],
    ids=str,
)
def test_a_wrong_key_or_type(refuses: Callable[..., None], key: str, value: object, words: tuple[str, ...]) -> None:
    refuses({key: value}, "config.yaml: ", *words)


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("nonsense", ("--set nonsense", "section.key=value")),
        ("=3", ("--set =3", "section.key=value")),
        ("packing.recipe={", ("--set packing.recipe={", "not valid YAML")),
        ("packing={recipe: a, recipe: b}", ("not valid YAML",)),
        ("packing.recipe.name=x", ("packing.recipe: input should be a valid string, got a mapping",)),
    ],
)
def test_a_bad_override(override: str, words: tuple[str, ...], litelong: Litelong, config_file: ConfigFile) -> None:
    refused(litelong("run", config_file(), "--set", override), *words)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"packing: [1", ("not valid YAML at line 1", "correct it there")),
        (b"corpus:\n\tpath: x", ("not valid YAML at line 2",)),
        (b"- corpus\n", ("a config is a mapping of sections", "this is a list")),
        (b"just words\n", ("a config is a mapping of sections", "'just words'")),
        (b"", ("a config is a mapping of sections", "nothing")),
        (b"run: {name: x}\n", ("corpus: is missing", "corpus: {path: docs/}")),
        (b"corpus: {}\n", ("corpus.path: is missing",)),
        (b"1: 2\ncorpus: {path: x}\n", ("1: keys should be strings",)),
        (b"corpus: {path: a}\npacking: {}\npacking: {}\n", ("line 3, column 1", "key 'packing' is written twice")),
        (b"corpus: {path: a, path: b}\n", ("key 'path' is written twice",)),
        (b"a: &a [*a]\n", ("a: unknown key",)),
        (b"corpus: !!python/object/apply:os.system ['true']\n", ("not valid YAML",)),
        (b"\xff\xfe\0\1", ("cannot be read as a config file", "utf-8")),
        (b"corpus: {path: x}\n\x1b[2Jq: 1\n", ("not valid YAML",)),
        (b'corpus: {path: x}\n"\\e[2Jq": 1\n', ("\u241b[2Jq: unknown key",)),
    ],
    ids=str,
)
def test_a_config_that_is_none(content: bytes, words: tuple[str, ...], litelong: Litelong, tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_bytes(content)
    answer = litelong("run", path)
    refused(answer, str(path), *words)
    assert "\x1b" not in answer.err


def test_a_config_nested_beyond_reason(litelong: Litelong, tmp_path: Path) -> None:
    (tmp_path / "deep.yaml").write_text("a: " + "[" * 5000 + "]" * 5000)
    refused(litelong("run", tmp_path / "deep.yaml"), "not valid YAML")


@pytest.mark.parametrize("command", ["run", "plan"])
def test_a_missing_config(command: str, litelong: Litelong, tmp_path: Path) -> None:
    refused(litelong(command, tmp_path / "nothing.yaml"), "no such config file", "litelong init")
    refused(litelong(command, tmp_path), "cannot be read as a config file")


def test_a_folder_that_cannot_be_made(refuses: Callable[..., None], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    refuses({}, "file/below/run: cannot be written", "choose another folder with --out", out="file/below/run")
    refuses({}, "file: cannot be written", "choose another folder with --out", out="file")
    refuses({}, "cannot be written", "File name too long", out="parent/" + "x" * 300 + "/run")
    refuses({}, "run.out", "at least 1 character", out="")


def test_a_folder_that_is_not_a_run(refuses: Callable[..., None], tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep me")
    refuses({}, "mine: is not empty and not a run directory (it holds 'notes.txt')", "--out", out="mine")


def test_a_folder_that_holds_only_the_users_config(refuses: Callable[..., None], tmp_path: Path) -> None:
    """A config.yaml of the user's own is not taken for a run's, nor overwritten."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "config.yaml").write_text("corpus: {path: docs}\n")
    refuses({}, "it holds 'config.yaml'", out="mine")


def test_an_empty_folder_stays_empty_when_the_run_is_refused(refuses: Callable[..., None], tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    refuses({"packing.context_length": 100_000}, "less than one sample", out="there")


def test_a_folder_of_another_run(finished: Path, litelong: Litelong, config_file: ConfigFile) -> None:
    before = tree(finished)
    answer = litelong("run", config_file(finished, packing={"order": "reverse"}, run={"seed": 3}))
    refused(answer, str(finished), "holds another run (it differs in run.seed, packing.order)", "--out")
    assert tree(finished) == before


def test_a_run_of_another_format(copied: Path, litelong: Litelong, config_file: ConfigFile) -> None:
    manifest = orjson.loads((copied / "manifest.json").read_bytes())
    (copied / "manifest.json").write_bytes(orjson.dumps({**manifest, "format": 99}))
    refused(litelong("run", config_file(copied)), "a run of format 99, this version reads 1")
    refused(litelong("validate", copied), "a run of format 99")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"stages": 1}'])
def test_a_damaged_manifest(content: bytes, copied: Path, litelong: Litelong, config_file: ConfigFile) -> None:
    (copied / "manifest.json").write_bytes(content)
    for command in ("validate", "inspect"):
        refused(litelong(command, copied), "manifest.json")
    refused(litelong("run", config_file(copied)), "manifest.json")


def test_a_run_that_another_process_is_working_in(
    config: Callable[..., Config], two: dict[str, Any], config_file: ConfigFile, litelong: Litelong
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
def test_commands_on_what_is_no_run_and_no_index(name: str, litelong: Litelong, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    path = tmp_path / name
    refused(litelong("inspect", path), str(path), "not a run directory")
    refused(litelong("validate", path), str(path), "not a run directory")
    refused(litelong("search", path, "bread"), f"{path}: no index here", "litelong index CORPUS --out")


def test_an_index_that_is_damaged(indexed: Path, litelong: Litelong, tmp_path: Path) -> None:
    import shutil

    broken = Path(shutil.copytree(indexed, tmp_path / "broken"))
    (broken / "index.json").write_text("{}")
    refused(litelong("search", broken, "bread"), "index.json: damaged", "build the index again")
    (broken / "index.json").write_bytes((indexed / "index.json").read_bytes())
    (broken / "documents.sqlite").write_bytes(b"nothing")
    refused(litelong("search", broken, "bread"), "documents.sqlite", "build the index again")


def test_an_empty_query(indexed: Path, litelong: Litelong) -> None:
    refused(litelong("search", indexed, "  "), "QUERY is empty")


def test_an_index_that_cannot_be_made(litelong: Litelong, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    before = tree(tmp_path)
    refused(litelong("index", tmp_path / "empty", "--out", tmp_path / "a/b/index"), "no readable file")
    refused(litelong("index", tmp_path / "missing", "--out", tmp_path / "a/b/index"), "is not there")
    refused(litelong("index", corpus, "--out", tmp_path / "file/index"), "cannot be written", "another folder")
    refused(litelong("index", corpus, "--out", tmp_path / "file"), "is there already", "--out")
    refused(litelong("index", corpus, "--out", corpus), "is there already and not empty", "--out")
    refused(litelong("index", corpus, "--out", tmp_path / "i", "--text-field", ""), "corpus.text_field")
    assert tree(tmp_path) == before


def test_an_index_with_other_settings_than_the_run(
    indexed: Path, corpus: Path, refuses: Callable[..., None], tmp_path: Path
) -> None:
    index = str(indexed)
    refuses({"search.index": index, "search.k1": 2.0}, "was built with search.k1 1.2, not 2.0", "build the index again")
    refuses({"search.index": index, "corpus.path": str(corpus / "bread")}, "was built with corpus.path")
    refuses({"search.index": index, "corpus.text_field": "body"}, "was built with corpus.text_field None, not body")


def test_an_unknown_sample(finished: Path, litelong: Litelong) -> None:
    refused(litelong("inspect", finished, "t-0-000"), "no sample 't-0-000' among its", "the first: ")
    refused(litelong("inspect", finished, "--text"), "--text shows one sample", "SAMPLE_ID")


def test_an_unfinished_run_has_no_samples(copied: Path, litelong: Litelong) -> None:
    manifest = orjson.loads((copied / "manifest.json").read_bytes())
    del manifest["stages"]["report"], manifest["stages"]["pack"]
    (copied / "manifest.json").write_bytes(orjson.dumps(manifest))
    refused(litelong("inspect", copied), "the run is not finished", "run it again to go on")


def test_debating_an_unknown_category_makes_no_run(
    refuses: Callable[..., None], litelong: Litelong, tmp_path: Path
) -> None:
    before = tree(tmp_path)
    (tmp_path / "c.yaml").write_text("corpus: {path: demo}\n")
    refused(litelong("debate", tmp_path / "c.yaml", "--category", "Alchemy"), "has no category 'Alchemy'")
    (tmp_path / "c.yaml").unlink()
    assert tree(tmp_path) == before


def test_an_unknown_category_to_show(litelong: Litelong) -> None:
    refused(litelong("taxonomy", "show", "Alchemy"), "has no category 'Alchemy'", "litelong taxonomy show")
    refused(litelong("taxonomy", "stats", "--source", "dewey"), "taxonomy.source 'dewey' is unknown")


def test_init_overwrites_nothing(litelong: Litelong, tmp_path: Path) -> None:
    path = tmp_path / "litelong.yaml"
    path.write_text("mine")
    refused(litelong("init", path), "is there already", "--force")
    assert path.read_text() == "mine"
    (tmp_path / "file").write_text("x")
    refused(litelong("init", tmp_path / "file" / "litelong.yaml"), "cannot be written")


def test_a_tokenizer_that_was_replaced_under_a_run(
    copied: Path, config: Callable[..., Config], tokenizer_file: Path, tmp_path: Path, litelong: Litelong
) -> None:
    own = tmp_path / "tokenizer.json"
    own.write_bytes(tokenizer_file.read_bytes())
    result = run(config(packing={"recipe": "standard"}, tokenizer=str(own)))
    content = orjson.loads(own.read_bytes())
    content["pre_tokenizer"]["add_prefix_space"] = True
    own.write_bytes(orjson.dumps(content))
    refused(litelong("run", result.path / "config.yaml"), str(own), "is not the one that", "put it back")


def test_arguments_that_are_missing_or_unknown_exit_with_2(litelong: Litelong, finished: Path) -> None:
    for arguments in (["run"], ["inspect", finished, "--colour"], ["nosuch"], ["search", finished, "x", "-k", "0"]):
        answer = litelong(*arguments)
        assert answer.status == 2
        assert "Usage: " in answer.err
