"""A run that SIGKILL ends at any moment and that is started again ends in the same bytes, and repeats no finished work.

Twenty moments, each drawn by its seed from the whole time that an undisturbed run takes: `pytest -k killed -s` prints them.
"""

import random
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest

SEEDS = range(20)
CONTEXT = 4_096
COMPARED = ("samples", "plan", "hits", "topics.jsonl", "rejected.jsonl", "ledger.json")
"""What must be the same, to the byte."""
LASTING = ("index/index.json", "tokens/*/part-*.npz", "hits/*.parquet", "samples/*.parquet")
"""Files that say of a part of the work that it is done. Once one is there, nobody writes it again."""


class Undisturbed(NamedTuple):
    """A run that nobody killed, and the wall time that its process took, in seconds."""

    path: Path
    seconds: float


@pytest.fixture(scope="session")
def write_config(settings: Callable[..., dict[str, Any]], larger_corpus: Path) -> Callable[[Path], Path]:
    """Write the configuration of a run in `out` beside it."""

    def write(out: Path) -> Path:
        made = settings(
            out,
            run={"out": str(out), "workers": 2},
            corpus={"path": str(larger_corpus)},
            packing={"context_length": CONTEXT},
        )
        file = out.with_name("config.json")  # JSON is YAML
        file.write_bytes(orjson.dumps(made))
        return file

    return write


@pytest.fixture(scope="session")
def undisturbed(
    command_path: Path, write_config: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> Undisturbed:
    path = tmp_path_factory.mktemp("undisturbed") / "run"
    config, began = write_config(path), time.monotonic()
    answer = _start(command_path, config).communicate()[0]
    assert f"samples of exactly {CONTEXT:,} ids" in answer
    return Undisturbed(path, time.monotonic() - began)


@pytest.mark.parametrize("seed", SEEDS)
def test_killed_and_started_again(
    seed: int,
    command_path: Path,
    write_config: Callable[[Path], Path],
    undisturbed: Undisturbed,
    tmp_path: Path,
    litelong: Callable[..., Any],
) -> None:
    path = tmp_path / "run"
    config = write_config(path)
    _kill_once(seed, command_path, config, path, undisturbed.seconds)
    done, debates = _lasting(path), _debates(path)

    # Ten minutes say that it hangs; two were too few on a busy machine. `run` leaves no process behind.
    again = subprocess.run(
        _command(command_path, config), check=False, cwd=config.parent, capture_output=True, text=True, timeout=600
    )
    assert again.stderr == ""
    assert f"samples of exactly {CONTEXT:,} ids" in again.stdout
    assert _content(path) == _content(undisturbed.path)
    # An inode and a time of change are new when a file is written again, and a turn's latency when it is taken again.
    assert _lasting(path).items() >= done.items()
    assert _debates(path).items() >= debates.items()
    assert litelong("validate", path).status == 0


def _command(command_path: Path, config: Path) -> list[str]:
    return [str(command_path), "run", str(config)]


def _start(command_path: Path, config: Path) -> "subprocess.Popen[str]":
    command = _command(command_path, config)
    return subprocess.Popen(command, cwd=config.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _kill_once(seed: int, command_path: Path, config: Path, path: Path, seconds: float) -> None:
    """SIGKILL the run at the seed's moment; sooner each time that it was quicker than that."""
    moment = random.Random(seed).uniform(0.05, 0.95) * seconds
    while True:
        process = _start(command_path, config)
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            manifest = path / "manifest.json"
            stages = list(orjson.loads(manifest.read_bytes())["stages"]) if manifest.exists() else []
            print(
                f"seed {seed}: killed after {moment:.2f} of {seconds:.2f} s; stages done: {', '.join(stages) or 'none'}"
            )
            return
        process.communicate()
        shutil.rmtree(path)
        moment *= 0.8


def _content(path: Path) -> dict[str, bytes]:
    files = [
        file for name in COMPARED for file in ([path / name] if (path / name).is_file() else (path / name).iterdir())
    ]
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in files}


def _lasting(path: Path) -> Mapping[str, tuple[int, int]]:
    files = [file for pattern in LASTING for file in path.glob(pattern)]
    return {str(file.relative_to(path)): (file.stat().st_ino, file.stat().st_mtime_ns) for file in files}


def _debates(path: Path) -> Mapping[str, bytes]:
    """What is recorded of every finished debate, by category."""
    file = path / "debates" / "outcomes.sqlite"
    if not file.exists():
        return {}
    database = sqlite3.connect(file)
    try:
        return dict(database.execute("SELECT category, body FROM outcome WHERE body NOT NULL"))
    except sqlite3.OperationalError:  # killed before the table was made
        return {}
    finally:
        database.close()
