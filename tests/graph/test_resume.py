"""A run that is killed, interrupted or started again ends with the same bytes as one that nobody disturbed."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from graph import Config, run

NAMES = ("samples", "plan", "hits", "topics.jsonl", "rejected.jsonl", "ledger.json")
"""What must be the same, to the byte."""

Start = Callable[[Path], "subprocess.Popen[str]"]


@pytest.fixture
def start(command_path: Path, tmp_path: Path) -> Iterator[Start]:
    """Start `litelong run CONFIG` as a process of its own."""
    processes: list[subprocess.Popen[str]] = []

    def begin(config: Path) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [str(command_path), "run", str(config)],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


def content(path: Path) -> dict[str, bytes]:
    files = [file for name in NAMES for file in ([path / name] if (path / name).is_file() else (path / name).iterdir())]
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in files}


def finish(process: "subprocess.Popen[str]") -> None:
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, ""), err
    assert "samples of exactly 1,024 ids" in out


def kill_when(process: "subprocess.Popen[str]", reached: Callable[[], bool]) -> bool:
    """SIGKILL the process once `reached`; False when it ended before."""
    while process.poll() is None:
        if reached():
            process.kill()
            process.communicate()
            return True
        time.sleep(0.001)
    return False


def stages(path: Path) -> list[str]:
    file = path / "manifest.json"
    return list(orjson.loads(file.read_bytes())["stages"]) if file.exists() else []


def debated(path: Path, count: int) -> bool:
    """Whether `count` debates of the run have ended."""
    file = path / "debates" / "outcomes.sqlite"
    if not file.exists():
        return False
    try:
        database = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        try:
            return bool(database.execute("SELECT count(*) FROM outcome").fetchone()[0] >= count)
        finally:
            database.close()
    except sqlite3.OperationalError:  # not yet made, or just being written
        return False


def test_killed_in_the_midst_of_each_stage(
    start: Start, config_file: Callable[..., Path], finished: Path, tmp_path: Path, litelong: Callable[..., Any]
) -> None:
    """One run, killed seven times: while it indexes, once it has, in its debates, and before and after each later file."""
    path = tmp_path / "run"
    config = config_file(path)
    points: list[Callable[[], bool]] = [
        (path / "manifest.json").exists,
        (path / ".index.building").exists,
        (path / "index" / "index.json").exists,
        lambda: debated(path, 1),
        lambda: debated(path, 4),
        (path / "topics.jsonl").exists,
        (path / "plan").exists,
    ]
    for reached in points:
        kill_when(start(config), reached)
    finish(start(config))
    assert content(path) == content(finished)
    assert litelong("validate", path).status == 0
    assert not [file for file in path.rglob("*") if file.name.endswith((".tmp", ".building", "-wal", "-shm"))]
    database = sqlite3.connect(path / "checkpoints.sqlite")
    rows = [database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("checkpoints", "writes")]
    database.close()
    assert rows == [0, 0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_interrupted_by_a_signal(
    number: signal.Signals, start: Start, config_file: Callable[..., Path], finished: Path, tmp_path: Path
) -> None:
    path = tmp_path / "run"
    config = config_file(path)
    process = start(config)
    while not (path / "checkpoints.sqlite").exists():
        assert process.poll() is None
        time.sleep(0.002)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err == f"litelong: interrupted; `litelong run {config}` goes on where it stopped\n"
    assert stages(path) == ["index"]
    finish(start(config))
    assert content(path) == content(finished)


def test_interrupted_while_it_indexes_it_does_not_index_to_the_end(
    start: Start, config_file: Callable[..., Path], tmp_path: Path
) -> None:
    """Stages work on threads, which no signal reaches; they are told to stop, and leave nothing half-written."""
    rows = (orjson.dumps({"text": f"Row {n} about the river bank and the night train. " * 30}) for n in range(30_000))
    (tmp_path / "rows.jsonl").write_bytes(b"\n".join(rows))
    path = tmp_path / "run"
    process = start(config_file(path, corpus={"path": str(tmp_path / "rows.jsonl")}))
    while not (path / ".index.building" / "data-00001" / "bm25").exists():
        assert process.poll() is None
        time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.startswith("litelong: interrupted; ")
    assert {entry.name for entry in path.iterdir()} == {".lock", "config.yaml", "manifest.json", "usage.json"}


def test_a_notebook_is_interrupted_in_order(config: Callable[..., Config], finished: Path) -> None:
    """The work runs on a thread then; Ctrl-C reaches the notebook's thread, and the run must end all the same."""
    made = config()
    notebook = threading.main_thread().ident
    assert notebook is not None

    def interrupt() -> None:
        while not debated(made.out, 1):
            time.sleep(0.002)
        signal.pthread_kill(notebook, signal.SIGINT)

    async def cell() -> bool:
        try:
            run(made)
        except KeyboardInterrupt:
            return True
        return False

    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    user = threading.Thread(target=interrupt)
    user.start()
    loop = asyncio.new_event_loop()
    try:
        assert loop.run_until_complete(cell())
    finally:
        loop.close()
        user.join()
        signal.signal(signal.SIGINT, handler)
    assert stages(made.out) == ["index"]
    run(made)
    assert content(made.out) == content(finished)


def test_a_run_goes_on_from_another_folder(
    process: Callable[..., Any], config_file: Callable[..., Path], finished: Path, corpus: Path, tmp_path: Path
) -> None:
    """`config.yaml` in the run directory holds absolute paths, whatever the user wrote."""
    config = config_file(Path("runs/mine"), corpus={"path": os.path.relpath(corpus, tmp_path)})
    assert process("run", config).status == 0
    run_path = tmp_path / "runs" / "mine"
    (tmp_path / "elsewhere").mkdir()
    answer = process("run", run_path / "config.yaml", cwd=tmp_path / "elsewhere")
    assert (answer.status, answer.err) == (0, "")
    assert not list((tmp_path / "elsewhere").iterdir())
    assert content(run_path) == content(finished)
    assert process("validate", Path("../runs/mine"), cwd=tmp_path / "elsewhere").status == 0


def test_the_home_folder_may_be_written_as_a_tilde(
    process: Callable[..., Any], config_file: Callable[..., Path], corpus: Path, tmp_path: Path
) -> None:
    (tmp_path / "texts").symlink_to(corpus)
    config = config_file(Path("~/run"), corpus={"path": "~/texts"}, packing={"recipe": "standard"})
    answer = process("run", config, env={"HOME": str(tmp_path)})
    assert (answer.status, answer.err) == (0, "")
    assert (tmp_path / "run" / "samples").is_dir()


def test_a_config_that_got_lost_is_written_again(
    config: Callable[..., Config], two: dict[str, Any], litelong: Callable[..., Any]
) -> None:
    path = run(config(taxonomy=two)).path
    (path / "config.yaml").unlink()
    run(config(taxonomy=two, run={"workers": 1}))
    assert litelong("validate", path).status == 0
