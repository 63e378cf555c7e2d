"""Where a repack goes: any folder that can be written, and what a killed or refused one leaves."""

import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graph.repacking import repack
from graph.rundir import locked

Litelong = Callable[..., Any]
CHANGES = ["--context-length", "600"]


def samples(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in [*(path / "samples").iterdir(), path / "ledger.json"]}


@pytest.fixture(scope="module")
def expected(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return samples(
        repack(finished, tmp_path_factory.mktemp("repack") / "new", {"packing.context_length": 600}).result.path
    )


@pytest.mark.parametrize("name", [".", "x" * 250, " odd\nname ☃ --x"])
def test_any_folder_that_can_be_written_will_do(
    name: str, finished: Path, expected: Any, tmp_path: Path, litelong: Litelong, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also the one that the command is run in, and one with a name as long as a name may be."""
    monkeypatch.chdir(tmp_path)
    answer = litelong("repack", finished, *CHANGES, "--out", name)
    assert answer.status == 0, answer.err
    assert samples(tmp_path / name) == expected


@pytest.mark.parametrize(
    ("name", "words"), [("file", "a file is in the way"), ("file/new", "cannot be written"), ("x" * 300, "too long")]
)
def test_a_folder_that_cannot_be_is_refused_in_one_line(
    name: str, words: str, finished: Path, tmp_path: Path, litelong: Litelong, refused: Callable[..., None]
) -> None:
    (tmp_path / "file").touch()
    refused(litelong("repack", finished, *CHANGES, "--out", tmp_path / name), words)
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_folder_that_was_there_stays_when_a_repack_is_refused(
    finished: Path, tmp_path: Path, litelong: Litelong, refused: Callable[..., None]
) -> None:
    """It may be a mounted volume, which cannot be made again."""
    (tmp_path / "volume").mkdir()
    before = (tmp_path / "volume").stat().st_ino
    refused(litelong("repack", finished, "--context-length", 20_000, "--out", tmp_path / "volume"), "none of")
    assert (tmp_path / "volume").stat().st_ino == before
    assert not any((tmp_path / "volume").iterdir())
    (tmp_path / "volume" / "thesis.txt").write_text("not ours")
    refused(litelong("repack", finished, *CHANGES, "--out", tmp_path / "volume"), "thesis.txt", "choose another folder")


def test_two_repacks_do_not_begin_in_one_folder(
    finished: Path, tmp_path: Path, litelong: Litelong, refused: Callable[..., None]
) -> None:
    lock = locked(tmp_path)
    refused(litelong("repack", finished, *CHANGES, "--out", tmp_path), "another litelong process")
    lock.release()


KILLED_AT_THE_NTH_CALL = """
import os, signal, sys
from itertools import count
from pathlib import Path
from graph import repacking

def killing(name, nth):
    calls, whole = count(1), getattr(repacking, name)
    def called(*rest):
        if next(calls) == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return whole(*rest)
    setattr(repacking, name, called)

killing(sys.argv[3], int(sys.argv[4]))
repacking.repack(Path(sys.argv[1]), Path(sys.argv[2]), {"packing.context_length": 600})
"""


def test_killed_while_it_takes_over_what_was_found_it_begins_anew(
    finished: Path, expected: Any, tmp_path: Path, litelong: Litelong
) -> None:
    """While files are linked, before and after they are in place, and before the folder that held them is gone."""
    for function, nth in (("_link", 3), ("sync", 1), ("write_atomic", 1), ("sync", 2)):
        arguments = [finished, tmp_path / "new", function, nth]
        done = subprocess.run([sys.executable, "-c", KILLED_AT_THE_NTH_CALL, *map(str, arguments)], check=False)
        assert done.returncode == -signal.SIGKILL
        assert not (tmp_path / "new" / "samples").exists()
    assert litelong("repack", finished, *CHANGES, "--out", tmp_path / "new").status == 0
    assert samples(tmp_path / "new") == expected
    assert not (tmp_path / "new" / ".repacking").exists()


@pytest.mark.parametrize("at", ["tokens", "samples"])
def test_a_file_that_may_not_be_so_long_is_one_line_and_the_same_command_goes_on(
    at: str, finished: Path, tmp_path: Path, refused: Callable[..., None], process: Callable[..., Any]
) -> None:
    """The limit on a file's size stands for a full disk: the system refuses in the midst of a write."""
    changes = ["--recipe", "standard", "--set", "packing.compression=none", "--out", str(tmp_path / "new")]
    if at == "tokens":
        changes += ["--set", f"run.tokens={tmp_path / 'own'}"]
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000 if at == "tokens" else 150_000, limits[1]))
    try:
        answer = process("repack", finished, *changes)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    refused(answer, "longer than the system allows", "the same command goes on where it stopped")
    assert (tmp_path / "new" / "samples").exists() == (at == "samples")
    assert process("repack", finished, *changes).status == 0
    undisturbed = repack(finished, tmp_path / "other", {"packing.recipe": "standard", "packing.compression": "none"})
    assert samples(tmp_path / "new") == samples(undisturbed.result.path)
