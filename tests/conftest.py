"""The real command, in two ways: in this process (quick), and as a process of its own (signals, start-up, other folders)."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

from graph.cli import app

pytest_plugins = ["tests.browser", "tests.npm", "tests.tokenizer_files"]
COMMAND = Path(sys.executable).parent / "litelong"


class Answer(NamedTuple):
    """What a command came to."""

    status: int
    out: str
    err: str


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder of the tests' own: what the user has imported must not change a result."""
    before = os.environ.get("LITELONG_HOME")
    folder = tmp_path_factory.mktemp("home")
    os.environ["LITELONG_HOME"] = str(folder)
    yield folder
    if before is None:
        del os.environ["LITELONG_HOME"]
    else:
        os.environ["LITELONG_HOME"] = before


@pytest.fixture
def litelong() -> Iterator[Callable[..., Answer]]:
    """Call the command in this process; an exception that it lets through fails the test."""
    handler = signal.getsignal(signal.SIGTERM)

    def call(*arguments: object) -> Answer:
        words = [str(argument) for argument in arguments]
        result = CliRunner().invoke(app, words, prog_name="litelong", catch_exceptions=False)
        return Answer(result.exit_code, result.stdout, result.stderr)

    yield call
    signal.signal(signal.SIGTERM, handler)


@pytest.fixture
def process(tmp_path: Path) -> Callable[..., Answer]:
    """Call the installed command as a process of its own, in `tmp_path` unless `cwd` says otherwise."""

    def call(*arguments: object, cwd: Path = tmp_path, env: Mapping[str, str] | None = None) -> Answer:
        done = subprocess.run(
            [str(COMMAND), *(str(argument) for argument in arguments)],
            cwd=cwd,
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture(scope="session")
def command_path() -> Path:
    """The installed command."""
    return COMMAND


@pytest.fixture(scope="session")
def tree() -> Callable[[Path], dict[str, bytes | None]]:
    """Everything in a folder by relative path: files' contents, None for folders."""

    def look(folder: Path) -> dict[str, bytes | None]:
        entries = {str(entry.relative_to(folder)): entry for entry in folder.rglob("*")}
        return {name: entry.read_bytes() if entry.is_file() else None for name, entry in entries.items()}

    return look
