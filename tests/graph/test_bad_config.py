"""Bad configurations: one line on stderr that says where it is wrong and what to write, and exit status 2."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Litelong = Callable[..., Any]
Refused = Callable[..., None]


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
            ("debate.critics.0", "unknown role 'skeptik'", "there are: ", " critic"),
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


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("gpt-4o", ("gpt-4o", "lexical", "openai:MODEL@BASE_URL", "provider:model")),
        ("openai:", ("openai:", "provider:model")),
        ("openai:m@http://", ("address of a server", "http://localhost:8000/v1")),
        ("openai:m@http://me:secret@host/v1", ("keys come from the environment",)),
        ("groq:m@http://host/v1", ("openai:MODEL@BASE_URL", "groq")),
    ],
)
def test_an_unknown_model(refuses: Callable[..., None], model: str, words: tuple[str, ...]) -> None:
    refuses({"debate.critics": [{"role": "critic", "model": model}]}, "debate.critics.0", *words)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        (
            "retrieve",
            {"min_tokens": 9, "max_tokens": 3},
            ("retrieve: min_tokens (9) is above max_tokens (3); swap them",),
        ),
        ("retrieve.quotas", {"wiki*": 2}, ("retrieve.quotas.wiki*", "less than or equal to 1, got 2")),
        ("retrieve.fallback", "all", ("retrieve.fallback.0", "'context', 'bare' or 'name', got 'all'")),
        ("pakcing.recipe", "litelong", ("pakcing: unknown key", "did you mean 'packing'?")),
        ("packing.recepe", "litelong", ("packing.recepe: unknown key", "did you mean 'recipe'?")),
        ("packing.int", 1, ("packing.int: unknown key", "did you mean 'padding'?")),
        ("debate.budget.tokns", 1, ("debate.budget.tokns: unknown key", "did you mean 'tokens'?")),
        ("debate.critics", [{"rle": "critic"}], ("debate.critics.0.rle: unknown key", "did you mean 'role'?")),
        ("taxonomy.selct", [], ("taxonomy.selct: unknown key", "did you mean 'select'?")),
        ("zzz", 1, ("zzz: unknown key", "there are: corpus, debate, ")),
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
        ("corpus.text_field", "", ("corpus.text_field", "at least 1 character, got ''")),
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
def test_a_bad_override(
    override: str, words: tuple[str, ...], litelong: Litelong, config_file: Callable[..., Path], refused: Refused
) -> None:
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
        (b"a: 2001-99-99\n", ("not valid YAML",)),
        (b"a: !!bool x\n", ("not valid YAML",)),
        (b"a: !!timestamp x\n", ("not valid YAML",)),
        (b"? {a: 1}\n: 2\n", ("not valid YAML at line 1", "unhashable")),
        (b"corpus: !!python/object/apply:os.system ['true']\n", ("not valid YAML",)),
        (b"\xff\xfe\0\1", ("cannot be read as a config file", "utf-8")),
        (b"corpus: {path: x}\n\x1b[2Jq: 1\n", ("not valid YAML",)),
        (b'corpus: {path: x}\n"\\e[2Jq": 1\n', ("\u241b[2Jq: unknown key",)),
    ],
    ids=str,
)
def test_a_config_that_is_none(
    content: bytes, words: tuple[str, ...], litelong: Litelong, tmp_path: Path, refused: Refused
) -> None:
    path = tmp_path / "broken.yaml"
    path.write_bytes(content)
    answer = litelong("run", path)
    refused(answer, str(path), *words)
    assert "\x1b" not in answer.err


def test_a_config_nested_beyond_reason(litelong: Litelong, tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "deep.yaml").write_text("a: " + "[" * 5000 + "]" * 5000)
    refused(litelong("run", tmp_path / "deep.yaml"), "not valid YAML")


@pytest.mark.parametrize("command", ["run", "plan"])
def test_a_missing_config(command: str, litelong: Litelong, tmp_path: Path, refused: Refused) -> None:
    refused(litelong(command, tmp_path / "nothing.yaml"), "no such config file", "litelong init")
    refused(litelong(command, tmp_path), "cannot be read as a config file")
