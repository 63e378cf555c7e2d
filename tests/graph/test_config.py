"""The configuration: one model for YAML, `--set` and Python, defaults for all but the corpus, faults in one line."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from graph import Config, load_config
from graph.config import changed
from graph.demo import DEMO
from graph.parts import prepare
from graph.reading import read_yaml
from litelong import UsageError

MINIMAL: dict[str, Any] = {"corpus": {"path": "demo"}}


def test_every_key_has_a_default_but_the_corpus() -> None:
    config = load_config(MINIMAL)
    assert config.packing.context_length == 131_072
    assert config.tokenizer == "cl100k_base"
    assert [seat.role for seat in (*config.debate.proposers, *config.debate.critics, *config.debate.judges)] == [
        *("proposer", "critic", "judge"),
    ]
    with pytest.raises(UsageError, match="corpus: is missing"):
        load_config({})


def test_the_run_directory_is_named_after_the_run() -> None:
    assert load_config(MINIMAL).out == Path("runs/run")
    assert load_config({**MINIMAL, "run": {"name": "mine"}}).out == Path("runs/mine")
    assert load_config({**MINIMAL, "run": {"name": "mine", "out": "there"}}).out == Path("there")
    assert load_config({**MINIMAL, "run": {"out": "there"}}, out="here").out == Path("here")


def test_a_taxonomys_name_is_short_for_its_source() -> None:
    assert load_config({**MINIMAL, "taxonomy": "compact"}) == load_config(
        {**MINIMAL, "taxonomy": {"source": "compact"}}
    )
    overridden = load_config({**MINIMAL, "taxonomy": "compact"}, ["taxonomy.limit=3"])
    assert (overridden.taxonomy.source, overridden.taxonomy.limit) == ("compact", 3)


def test_overrides_are_yaml_and_the_last_one_counts() -> None:
    config = load_config(
        MINIMAL, ["taxonomy.select=[SCIENCE/**, NATURE]", "run.seed=1", "run.seed=2", "corpus.id_field=null"]
    )
    assert config.taxonomy.select == ("SCIENCE/**", "NATURE")
    assert config.run.seed == 2
    assert config.corpus.id_field is None


def test_an_override_does_not_change_what_it_was_given() -> None:
    given_ = {"corpus": {"path": "demo"}, "packing": {"recipe": "standard"}}
    load_config(given_, ["packing.recipe=litelong", "run.seed=3"], out="there")
    assert given_ == {"corpus": {"path": "demo"}, "packing": {"recipe": "standard"}}


def test_relative_paths_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mytokenizer").mkdir()
    config = load_config(
        {
            "corpus": {"path": ["docs", "demo", "hf:name", "/abs"]},
            "tokenizer": "models/tokenizer.json",
            "search": {"index": "i"},
        }
    )
    assert config.corpus.path == (str(tmp_path / "docs"), "demo", "hf:name", "/abs")
    assert config.tokenizer == str(tmp_path / "models/tokenizer.json")
    assert config.search.index == str(tmp_path / "i")
    assert load_config({**MINIMAL, "tokenizer": "mytokenizer"}).tokenizer == str(tmp_path / "mytokenizer")


def test_a_folder_called_like_an_encoding_is_not_taken_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cl100k_base").mkdir()
    assert load_config(MINIMAL).tokenizer == "cl100k_base"


def test_as_resolved_it_loads_again_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = load_config({"corpus": {"path": "docs"}, "run": {"out": "there"}, "debate": {"rounds": 3}})
    (tmp_path / "config.yaml").write_text(config.to_yaml(), encoding="utf-8")
    monkeypatch.chdir("/")
    again = load_config(tmp_path / "config.yaml")
    assert again.fingerprint() == config.fingerprint()
    assert again.out == tmp_path / "there"
    assert changed(again, config) == ["run.out"]


@pytest.mark.parametrize(
    "override", ["run.out=there", "run.workers=7", "run.tokens=there", "debate.concurrency=3", "debate.budget.tokens=5"]
)
def test_what_cannot_change_the_result_does_not_change_the_fingerprint(override: str) -> None:
    assert load_config(MINIMAL, [override]).fingerprint() == load_config(MINIMAL).fingerprint()


@pytest.mark.parametrize(
    "override",
    [
        *(
            "run.seed=1",
            "run.name=other",
            "packing.context_length=4096",
            "packing.recipe=standard",
            "retrieve.floor=0.5",
        ),
        *("tokenizer=gpt2", "taxonomy.limit=3", "debate.rounds=2", "search.k1=1.5", "debate.reviews=all"),
    ],
)
def test_what_decides_the_result_changes_the_fingerprint(override: str) -> None:
    one, other = load_config(MINIMAL), load_config(MINIMAL, [override])
    assert one.fingerprint() != other.fingerprint()
    assert changed(one, other)[0] == override.partition("=")[0]


def test_it_cannot_be_changed_once_made() -> None:
    from pydantic import ValidationError

    with pytest.raises(ValidationError, match="frozen"):
        load_config(MINIMAL).run.seed = 3  # type: ignore[misc]


def test_the_demo_is_a_configuration_of_its_own_categories() -> None:
    assert len(prepare(load_config(DEMO)).categories) > 50


SECTIONS = list(Config.model_fields)
KEYS = st.sampled_from([*SECTIONS, "path", "recipe", "role", "rounds", "select", "name", "out", "tokens"]) | st.text(
    max_size=5
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(SECTIONS) | KEYS, VALUES, max_size=5))
def test_whatever_is_written_is_a_configuration_or_said_to_be_none(data: dict[str, Any]) -> None:
    try:
        config = load_config(data)
    except UsageError as error:
        assert str(error).startswith("config: ")
    else:
        assert load_config(yaml.safe_load(config.to_yaml())).fingerprint() == config.fingerprint()


@given(st.text(max_size=30) | st.tuples(KEYS, KEYS, VALUES).map(lambda t: f"{t[0]}.{t[1]}={t[2]!r}"))
def test_whatever_is_set_is_taken_or_refused(override: str) -> None:
    with suppress(UsageError):
        load_config(MINIMAL, [override])


@given(st.binary(max_size=60) | st.text(alphabet="abc:{}[]-&*!#|>'\"\n\t ,%@", max_size=60).map(str.encode))
def test_whatever_a_file_holds_is_a_mapping_or_refused(content: bytes) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        path.write_bytes(content)
        try:
            assert isinstance(read_yaml(path), dict)
        except UsageError as error:
            assert str(error).startswith(f"{path}: ")
