"""Indexes that grow: what an addition costs beside building anew, and what SIGKILL at random moments leaves behind."""

import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import orjson

from benchmarks.machine import machine
from benchmarks.markdown import table
from litelong import UsageError
from tools.growing import add
from tools.indexed import CorpusSpec, build, open_indexed
from tools.search import Hit, SearchSettings

T = TypeVar("T")

QUESTIONS = 50
LONGER = 1.5
"""Moments reach so many times as far as a run that is not killed takes, so that some fall behind its commit."""
BUILD = """
import sys; from pathlib import Path; from tools.indexed import CorpusSpec, build; from tools.search import SearchSettings
build(CorpusSpec((sys.argv[2],)), Path(sys.argv[1]), SearchSettings(sys.argv[3])).close()
"""
ADD = "import sys; from pathlib import Path; from tools.growing import add; add(Path(sys.argv[1]))"
Answers = list[list[Hit]] | None
"""The hits of all questions; None: there is no index."""


class _Corpus(NamedTuple):
    """A folder with the `first` documents in `a.jsonl`; `more` are written to its end, or beside it, when it grows."""

    folder: Path
    first: bytes
    more: bytes
    questions: list[str]

    def shrink(self) -> None:
        (self.folder / "a.jsonl").write_bytes(self.first)

    def grow(self) -> None:
        (self.folder / "a.jsonl").write_bytes(self.first + self.more)

    def grow_beside(self) -> None:
        (self.folder / "b.jsonl").write_bytes(self.more)


def growth(data: Path, backend: str, documents: int, kills: int, killed_documents: int, seed: int) -> str:
    """The measurement as Markdown. `data` holds JSONL files with `id` and `text`. Raises `UsageError`."""
    with tempfile.TemporaryDirectory(prefix="litelong-growth-") as name:
        place = Path(name)
        costs = _costs(_corpus(data, place / "large", documents, documents // 100), place, backend)
        small = _corpus(data, place / "small", killed_documents, killed_documents // 10)
        counts = _kills(small, place, backend, kills, random.Random(seed))
    return (
        f"{documents:,} documents of {data.name}/*.jsonl, backend {backend}; then a hundredth more are "
        f"added.\n\n{costs}\n\n"
        f"{kills} SIGKILLs at random moments (seed {seed}) of building an index of {killed_documents:,} documents, from its "
        f"first file on, and of adding a tenth to it; afterwards it was opened and asked {QUESTIONS} questions.\n\n{counts}\n\n"
        f"Machine: {machine()}."
    )


def _corpus(data: Path, folder: Path, documents: int, more: int) -> _Corpus:
    """`documents` of the data, and so many more that it grows by."""
    lines: list[bytes] = []
    for file in sorted(data.glob("*.jsonl")):
        with file.open("rb") as stream:
            lines += stream
    if len(lines) < documents + more:
        raise UsageError(f"{data}: {len(lines):,} documents in its *.jsonl, {documents + more:,} are needed")
    random.Random(0).shuffle(lines)
    folder.mkdir()
    texts = [orjson.loads(line)["text"] for line in lines[documents - QUESTIONS // 2 : documents + QUESTIONS // 2]]
    questions = [" ".join(text.split()[:12]) for text in texts]
    return _Corpus(folder, b"".join(lines[:documents]), b"".join(lines[documents : documents + more]), questions)


def _costs(corpus: _Corpus, place: Path, backend: str) -> str:
    spec, settings = CorpusSpec((str(corpus.folder),)), SearchSettings(backend)
    corpus.shrink()
    _, built = _timed(lambda: build(spec, place / "index", settings).close())
    corpus.grow_beside()
    shutil.copytree(place / "index", place / "beside")
    _, beside = _timed(lambda: add(place / "beside"))
    (corpus.folder / "b.jsonl").unlink()
    corpus.grow()
    (before, after), added = _timed(lambda: add(place / "index"))
    _, anew = _timed(lambda: build(spec, place / "anew", settings).close())
    if _answers(place / "index", corpus.questions) != _answers(place / "anew", corpus.questions):
        raise RuntimeError("an index that has grown does not answer as one built anew")
    new = after.documents - before.documents
    rows = [
        ("build", f"{before.documents:,}", f"{built:.1f}", ""),
        (f"add {new:,} in a file of their own", f"{after.documents:,}", f"{beside:.1f}", f"{anew / beside:.1f}"),
        (f"add {new:,} at the end of the file", f"{after.documents:,}", f"{added:.1f}", f"{anew / added:.1f}"),
        ("build anew", f"{after.documents:,}", f"{anew:.1f}", "1.0"),
    ]
    return table(["", "documents then", "CPU seconds", "times less"], rows, right=3)


def _kills(corpus: _Corpus, place: Path, backend: str, kills: int, rng: random.Random) -> str:
    index = place / "killed"
    building = _Work((BUILD, str(index), str(corpus.folder), backend), place / ".killed.building")
    adding = _Work((ADD, str(index)), index / "write.lock")
    corpus.shrink()
    build_seconds = building.run()
    before = _answers(index, corpus.questions)
    corpus.grow()
    add_seconds = adding.run()
    after = _answers(index, corpus.questions)
    found = {"building": Counter[str](), "adding": Counter[str]()}
    for number in range(kills):
        corpus.shrink()
        shutil.rmtree(index, ignore_errors=True)
        if number % 2 == 0:
            building.run(rng.uniform(0, LONGER * build_seconds))
            found["building"][_outcome(index, corpus, None, before)] += 1
        else:
            build_seconds = building.run()
            corpus.grow()
            adding.run(rng.uniform(0, LONGER * add_seconds))
            found["adding"][_outcome(index, corpus, before, after)] += 1
    rows = [(what, *(counts[how] for how in ("as before", "as after", "otherwise"))) for what, counts in found.items()]
    return table(["killed while", "as before", "as after", "otherwise"], rows, right=3)


class _Work(NamedTuple):
    """Python code with its arguments, run in a process of its own; `sign` is the first file that it makes."""

    arguments: Sequence[str]
    sign: Path

    def run(self, killed_after: float | None = None) -> float:
        """Run it, and kill it so many seconds after its sign was there. Returns the seconds from the sign to the end."""
        process = subprocess.Popen([sys.executable, "-c", *self.arguments])
        while process.poll() is None and not self.sign.exists():
            time.sleep(0.002)
        began = time.monotonic()
        if killed_after is not None:
            time.sleep(killed_after)
            process.send_signal(signal.SIGKILL)
        if process.wait() not in (0, -signal.SIGKILL):
            raise RuntimeError(f"a build or an addition failed with status {process.returncode}")
        return time.monotonic() - began


def _outcome(index: Path, corpus: _Corpus, before: Answers, after: Answers) -> str:
    answers = _answers(index, corpus.questions)
    return "as before" if answers == before else "as after" if answers == after else "otherwise"


def _answers(index: Path, questions: Sequence[str]) -> Answers:
    if not index.exists():
        return None
    indexed = open_indexed(index)
    try:
        return list(map(list, indexed.index.search_many(questions, 100)))
    finally:
        indexed.close()


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    began = time.process_time()
    result = work()
    return result, time.process_time() - began
