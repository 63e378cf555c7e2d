"""SIGKILL while an index is built or added to, at 30 random moments: reopened, it answers as before or as after."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from litelong import UsageError
from tools.corpus.document import Document
from tools.search import Hit, SearchIndex, SearchSettings, build_index, open_index
from tools.search.backends import BACKENDS

KILLS = 30
SMALL, LARGE = range(500), range(900)

# Imports once, then forks a child for every line "backend k1 first end folder"; says its pid, and how it ended.
WORKER = """
import os, sys
from pathlib import Path
from tools.corpus.document import Document
from tools.search import SearchSettings, build_index, open_index
from tools.search import tantivy_index, whoosh_index

def documents(first, end):
    return [Document(str(n), "", f"whale {'reef ' * (n % 5)} w{n % 50} x{n}", 0, n) for n in range(first, end)]

for line in sys.stdin:
    backend, k1, first, end, folder = line.split(maxsplit=4)
    pid = os.fork()
    if pid == 0:
        folder = Path(folder.rstrip("\\n"))
        if first == "0":
            build_index(documents(0, int(end)), folder, SearchSettings(backend, float(k1)))
        else:
            open_index(folder).add(documents(int(first), int(end)))
        os._exit(0)
    print(pid, flush=True)
    print(os.waitpid(pid, 0)[1], flush=True)
"""


def documents(numbers: range) -> list[Document]:
    return [Document(str(n), "", f"whale {'reef ' * (n % 5)} w{n % 50} x{n}", 0, n) for n in numbers]


def answers(index: SearchIndex) -> list[list[Hit]]:
    found = [list(hits) for hits in index.search_many(["whale", "reef w7", "x3 x650 w49", "reef whale w1 w2 w3"], 60)]
    assert len(index) in (len(SMALL), len(LARGE))
    index.close()
    return found


@pytest.fixture
def worker() -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-c", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def run(worker: "subprocess.Popen[str]", line: str, kill_after: float | None) -> float:
    """Do the operation, killed after so many seconds; returns how long it took."""
    assert worker.stdin is not None and worker.stdout is not None
    worker.stdin.write(line + "\n")
    worker.stdin.flush()
    pid, begin = int(worker.stdout.readline()), time.monotonic()
    if kill_after is not None:
        time.sleep(kill_after)
        with suppress(ProcessLookupError):  # it has ended
            os.kill(pid, signal.SIGKILL)
    status = int(worker.stdout.readline())
    assert status in (0, signal.SIGKILL)
    return time.monotonic() - begin


@pytest.mark.parametrize(("backend", "k1"), [*((backend, 1.2) for backend in BACKENDS), ("tantivy", 0.9)])
def test_an_index_killed_at_30_moments_answers_as_before_or_as_after(
    backend: str, k1: float, tmp_path: Path, worker: "subprocess.Popen[str]"
) -> None:
    seed = time.time_ns() % 1_000_000
    print(f"seed {seed}")  # shown when the test fails
    random = Random(seed)
    expected = {
        len(numbers): answers(
            build_index(documents(numbers), tmp_path / f"whole-{len(numbers)}", SearchSettings(backend, k1))
        )
        for numbers in (SMALL, LARGE)
    }
    path = tmp_path / "index"
    took = run(worker, f"{backend} {k1} 0 {len(SMALL)} {tmp_path / 'timed'}", None)
    size, ends = 0, {"before": 0, "after": 0}
    for _ in range(KILLS):
        goal = len(LARGE) if size == len(SMALL) else len(SMALL)
        first = random.choice([0, size]) if goal > size else 0
        run(worker, f"{backend} {k1} {first} {goal} {path}", random.uniform(0, 1.2 * took * goal / len(SMALL)))
        found = size_now(path)
        assert found in (size, goal)
        if found:
            assert answers(open_index(path)) == expected[found]
        ends["after" if found == goal else "before"] += 1
        took *= (
            0.9 if found == goal else 1.1
        )  # the machine may be busier now than when the first one was timed, or less
        size = found
    assert min(ends.values()) > 0, ends
    run(worker, f"{backend} {k1} 0 {len(SMALL)} {path}", None)
    assert answers(open_index(path)) == expected[len(SMALL)]
    assert len(list(path.glob("data-*"))) == 1


def size_now(path: Path) -> int:
    try:
        index = open_index(path)
    except UsageError as refused:
        assert "no index of litelong" in str(refused)
        return 0
    size = len(index)
    index.close()
    return size
