"""The example package of docs/roles.md, installed as a person would and debating on the small corpus."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "examples" / "litelong-skeptic"
BIRDS = "NATURE / Wildlife / Birds"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that pip installed the package into, without the network."""
    target = tmp_path_factory.mktemp("example")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(target), str(PACKAGE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture
def debate(installed: Path, config_file: Callable[..., Path]) -> Callable[..., list[dict[str, Any]]]:
    """The turns of `litelong debate --json`, with the package on the path."""

    def run(**section: Any) -> list[dict[str, Any]]:
        config = config_file(debate=section)
        done = subprocess.run(
            [str(Path(sys.executable).with_name("litelong")), "debate", str(config), "--category", BIRDS, "--json"],
            env={**os.environ, "PYTHONPATH": f"{installed}{os.pathsep}{REPOSITORY}", "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "Warning" not in done.stderr
        return [orjson.loads(line) for line in done.stdout.splitlines()]

    return run


def test_its_roles_are_short() -> None:
    for module in (PACKAGE / "litelong_skeptic").glob("*.py"):
        assert len(module.read_text().splitlines()) < 40, module


def test_the_critic_and_the_guest_take_their_turns(debate: Callable[..., list[dict[str, Any]]]) -> None:
    turns = debate(critics=[{"role": "critic"}, {"role": "skeptic"}], guests=[{"role": "librarian"}])
    assert [(turn["agent"], turn["role"]) for turn in turns] == [
        ("proposer-1", "proposer"),
        ("guest-1", "librarian"),
        ("critic-1", "critic"),
        ("critic-2", "skeptic"),
        ("judge-1", "judge"),
    ]
    proposed = [key for key, _, _ in turns[0]["positions"]]
    for turn in turns[1:]:
        assert [key for key, _, _ in turn["positions"]] == proposed
    assert all("best documents are the category's" in reason for _, _, reason in turns[1]["positions"])
    assert all("% of the corpus" in reason for _, _, reason in turns[3]["positions"])


def test_a_role_for_chat_models_is_refused_in_a_lexical_seat(
    installed: Path, debate: Callable[..., list[dict[str, Any]]]
) -> None:
    with pytest.raises(AssertionError, match=r"unknown role 'fussy' for model 'lexical'; .*there are: critic, skeptic"):
        debate(critics=[{"role": "fussy"}])
