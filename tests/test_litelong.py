"""The command's front door: it is quick, imports nothing heavy for help, and says when a room is not litelong's own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from litelong import ROOMS, UsageError, check_rooms

HEAVY = (
    *("agents", "aiosqlite", "datasets", "langchain_core", "langgraph", "networkx", "numpy", "orjson", "pyarrow"),
    *("pydantic", "rich.progress", "selectolax", "sklearn", "sqlite3", "textblob", "tiktoken", "tokenizers", "whoosh"),
    *("yaml", "zstandard"),
)


def imported(command: Path, *arguments: str) -> set[str]:
    """Every module that the command imports, as the interpreter itself reports them."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", str(command), *arguments], capture_output=True, text=True, check=True
    )
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


def test_help_imports_nothing_heavy(command_path: Path) -> None:
    modules = imported(command_path, "--help")
    assert "graph.cli" in modules
    assert modules & set(HEAVY) == set()


@pytest.mark.parametrize("arguments", [["run", "--help"], ["taxonomy", "--help"], ["--version"]], ids=" ".join)
def test_help_of_a_command_imports_nothing_heavy(arguments: list[str], command_path: Path) -> None:
    """But pydantic, which typer itself imports where it is installed, to convert arguments."""
    assert imported(command_path, *arguments) & set(HEAVY) <= {"pydantic"}


def test_help_takes_less_than_half_a_second_of_processor_time(process: Callable[..., Any]) -> None:
    before = os.times()
    answer = process("--help")
    after = os.times()
    assert answer.status == 0
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    assert spent < 0.5


def test_importing_the_rooms_imports_nothing_heavy() -> None:
    code = "import sys, taxonomy, tools, agents, graph; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & (set(HEAVY) - {"agents"}) == set()


def test_the_rooms_are_where_they_should_be() -> None:
    check_rooms()


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("form", ["package", "module"])
def test_another_package_in_front_of_a_room_is_named(
    room: str, form: str, process: Callable[..., Any], tmp_path: Path
) -> None:
    fake = tmp_path / "fake" / (f"{room}/__init__.py" if form == "package" else f"{room}.py")
    fake.parent.mkdir(parents=True)
    fake.write_text("raise RuntimeError('not to be imported')\n")
    answer = process("--help", env={"PYTHONPATH": str(tmp_path / "fake")})
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.startswith(f"litelong: package '{room}' is found in {fake.parent}, not in litelong's ")
    assert answer.err.endswith("install litelong in a virtual environment of its own\n")
    assert answer.err.count("\n") == 1


def test_a_folder_of_a_rooms_name_where_the_user_stands_is_no_hindrance(
    process: Callable[..., Any], tmp_path: Path
) -> None:
    """Many projects have a `tools` folder; the command does not look for packages in the working directory."""
    for room in ROOMS:
        (tmp_path / room).mkdir()
        (tmp_path / room / "__init__.py").write_text("raise RuntimeError('not to be imported')\n")
    assert process("--help").status == 0


def test_a_usage_error_is_one_of_the_package() -> None:
    """However it is started: the class that rooms raise is the class that the command catches."""
    with pytest.raises(UsageError):
        from graph import load_config

        load_config({})
    code = "import sys; sys.argv = ['litelong', 'run', 'nothing.yaml']; import litelong; litelong.main()"
    for arguments in (["-m", "litelong", "run", "nothing.yaml"], ["-c", code]):
        done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == "litelong: nothing.yaml: no such config file; `litelong init` writes one\n"
