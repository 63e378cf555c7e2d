"""Commands that answer: init, plan, run, debate, taxonomy, and what they print for people and for scripts."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from syrupy.assertion import SnapshotAssertion

from graph import Config, load_config
from litelong import __version__

Litelong = Callable[..., Any]
BIRDS = "NATURE / Wildlife / Birds"


def tree(folder: Path) -> set[str]:
    return {str(entry.relative_to(folder)) for entry in folder.rglob("*")}


def succeeded(answer: Any) -> str:
    assert (answer.status, answer.err) == (0, "")
    return str(answer.out)


def test_init_writes_the_defaults(litelong: Litelong, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert succeeded(litelong("init")).startswith("wrote litelong.yaml; set corpus.path in it")
    assert load_config("litelong.yaml") == load_config({"corpus": {"path": ["data/"]}})


def test_init_names_every_key(litelong: Litelong, tmp_path: Path) -> None:
    litelong("init", tmp_path / "new" / "litelong.yaml")
    written = yaml.safe_load((tmp_path / "new" / "litelong.yaml").read_text())
    defaults = Config.model_validate({"corpus": {"path": "x"}}).model_dump(mode="json")
    assert list(written) == list(defaults)
    for section, values in defaults.items():
        if isinstance(values, dict):
            assert set(written[section]) == set(values), section


def test_init_force_overwrites(litelong: Litelong, tmp_path: Path) -> None:
    path = tmp_path / "litelong.yaml"
    path.write_text("mine")
    succeeded(litelong("init", path, "--force"))
    assert "corpus:" in path.read_text()


def test_plan_says_what_a_run_would_take_and_writes_nothing(
    litelong: Litelong, config_file: Callable[..., Path], corpus: Path, tmp_path: Path
) -> None:
    config = config_file()
    before = tree(tmp_path), tree(corpus)
    out = succeeded(litelong("plan", config))
    assert (tree(tmp_path), tree(corpus)) == before
    assert "nothing has been written" in out
    assert "about 180" in out
    found = orjson.loads(succeeded(litelong("plan", config, "--json")))
    assert (found["documents"], found["categories"]) == (180, 6)
    assert found["model_calls"] == 0
    assert 40_000 < found["tokens"] < 60_000
    assert (tree(tmp_path), tree(corpus)) == before


def test_plan_of_the_baseline_debates_nothing(litelong: Litelong, config_file: Callable[..., Path]) -> None:
    out = succeeded(litelong("plan", config_file(), "--set", "packing.recipe=standard", "--json"))
    found = orjson.loads(out)
    assert (found["categories"], found["topics_asked"], found["seconds_debate"]) == (0, 0, 0.0)


def test_run_says_where_the_samples_are_and_what_to_do_next(
    litelong: Litelong, config_file: Callable[..., Path], two: dict[str, Any], tmp_path: Path
) -> None:
    out = succeeded(litelong("run", config_file(taxonomy=two)))
    assert "samples of exactly 1,024 ids" in out
    assert f"{tmp_path / 'run'}/samples" in out
    for command in ("inspect", "validate"):
        assert f"litelong {command} {tmp_path / 'run'}" in out
    found = orjson.loads(succeeded(litelong("run", config_file(taxonomy=two), "--json")))
    assert found["path"] == str(tmp_path / "run")
    assert found["tokens"] == 1024 * found["samples"]


def test_run_takes_overrides_and_a_folder(litelong: Litelong, config_file: Callable[..., Path], tmp_path: Path) -> None:
    answer = litelong(
        "run", config_file(), "--set", "packing.recipe=standard", "--set", "run.seed=4", "--out", tmp_path / "other"
    )
    succeeded(answer)
    resolved = load_config(tmp_path / "other" / "config.yaml")
    assert (resolved.packing.recipe, resolved.run.seed) == ("standard", 4)
    assert not (tmp_path / "run").exists()


def test_a_debate_is_shown_turn_by_turn(litelong: Litelong, config_file: Callable[..., Path], tmp_path: Path) -> None:
    out = succeeded(litelong("debate", config_file(), "--category", "nature / wildlife / birds"))
    assert out.startswith(f"{BIRDS}: 3 agents")
    turns = [line for line in out.splitlines() if line.startswith("round ")]
    assert [turn.split()[2] for turn in turns] == ["proposer-1", "critic-1", "judge-1"]
    assert "accepted " in out
    assert (tmp_path / "run" / "index" / "index.json").exists(), "a later run goes on with it"


def test_a_debate_in_json_is_one_event_a_line(litelong: Litelong, config_file: Callable[..., Path]) -> None:
    out = succeeded(litelong("debate", config_file(), "--category", BIRDS, "--json"))
    events = [orjson.loads(line) for line in out.splitlines()]
    assert [event["agent"] for event in events] == ["proposer-1", "critic-1", "judge-1"]
    for event in events:
        assert set(event) == {
            *("run", "category", "round", "agent", "role", "kind", "model", "shown", "positions"),
            *("prompt_tokens", "reply_tokens", "latency_s", "cached", "repairs", "step", "names", "lineage"),
            *("scores", "unused", "counts", "lookups", "problem"),
        }
        assert event["category"] == BIRDS
    assert {position for _, position, _ in events[2]["positions"]} <= {"keep", "remove"}


def test_a_debate_does_not_disturb_the_run_after_it(
    litelong: Litelong, config_file: Callable[..., Path], finished: Path, tmp_path: Path
) -> None:
    config = config_file()
    succeeded(litelong("debate", config, "--category", BIRDS))
    succeeded(litelong("run", config))
    assert (tmp_path / "run" / "ledger.json").read_bytes() == (finished / "ledger.json").read_bytes()
    succeeded(litelong("debate", config, "--category", BIRDS))
    succeeded(litelong("validate", tmp_path / "run"))


def test_taxonomy_show(litelong: Litelong) -> None:
    out = succeeded(litelong("taxonomy", "show", "nature", "--depth", "1"))
    lines = out.splitlines()
    assert lines[0].startswith("NATURE  NAT000000")
    assert "├── Wildlife  5 below" in lines
    whole = succeeded(litelong("taxonomy", "show")).splitlines()
    assert len(whole) > 700
    by_code = succeeded(litelong("taxonomy", "show", "NAT000000", "--depth", "1"))
    assert by_code == out


def test_taxonomy_show_in_json(litelong: Litelong) -> None:
    found = orjson.loads(succeeded(litelong("taxonomy", "show", "NATURE", "--json")))
    assert (found["path"], found["code"]) == ("NATURE", "NAT000000")
    assert "Wildlife" in [child["name"] for child in found["children"]]
    everything = orjson.loads(succeeded(litelong("taxonomy", "show", "--json")))
    assert len(everything["children"]) == 53


def test_taxonomy_stats(litelong: Litelong) -> None:
    out = succeeded(litelong("taxonomy", "stats"))
    assert out.startswith("compact: 787 categories in 53 sections (")
    found = orjson.loads(succeeded(litelong("taxonomy", "stats", "--json")))
    assert (found["categories"], found["sections"]) == (787, 53)
    assert sum(section["categories"] for section in found["per_section"]) == 787


def test_the_version_is_printed(litelong: Litelong) -> None:
    assert succeeded(litelong("--version")) == f"litelong {__version__}\n"


COMMANDS = ("demo", "init", "plan", "run", "index", "search", "debate", "inspect", "validate", "report", "taxonomy")


@pytest.mark.parametrize(
    "command", ["", *COMMANDS, "taxonomy import", "taxonomy show", "taxonomy stats", "taxonomy export"]
)
def test_help_is_what_it_was(
    command: str, litelong: Litelong, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A snapshot, so that a change in what people see is seen."""
    monkeypatch.setenv("COLUMNS", "100")
    out = succeeded(litelong(*command.split(), "--help"))
    assert out == snapshot
    assert succeeded(litelong(*command.split(), "-h")) == out


def test_the_help_lists_the_commands_of_the_design(litelong: Litelong) -> None:
    out = litelong("--help").out
    for command in COMMANDS:
        assert f"\n  {command} " in out


def test_a_reader_that_stops_reading_is_no_error(command_path: Path, tmp_path: Path) -> None:
    import subprocess

    done = subprocess.run(
        ["bash", "-c", f"'{command_path}' taxonomy show | head -n 1"], capture_output=True, text=True, check=False
    )
    assert (done.stdout.split()[0], done.stderr) == ("ANTIQUES", "")


def test_progress_is_silent_where_stderr_is_no_terminal(
    process: Callable[..., Any], config_file: Callable[..., Path], two: dict[str, Any]
) -> None:
    answer = process("run", config_file(taxonomy=two))
    assert (answer.status, answer.err) == (0, "")


def test_progress_is_shown_on_a_terminal(
    command_path: Path, config_file: Callable[..., Path], two: dict[str, Any]
) -> None:
    """A real pseudo-terminal: every stage leaves its line with a count."""
    import os
    import pty
    import subprocess

    config = config_file(taxonomy=two)
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [str(command_path), "run", str(config)],
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            block = os.read(ours, 65_536)
        except OSError:  # the child has gone, and its side of the terminal with it
            break
        if not block:
            break
        shown += block
    os.close(ours)
    assert child.wait() == 0
    for stage in ("index", "debate", "curate", "retrieve", "encode", "plan", "pack", "report"):
        assert f"✓ {stage} " in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode())
