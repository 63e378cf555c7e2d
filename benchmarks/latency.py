"""Debates against a server that takes its time: how near the ideal, what a kill costs, how much memory.

The ideal is calls x latency / concurrency, from the first call to the last answer. The server and litelong are processes of
their own on one machine. The panel is the published one: two proposers, two critics, a judge; each kind of seat has models of
its own name, so that the server can tell every call of a run from every other.
"""

import json
import resource
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import orjson

from benchmarks.durable import many
from benchmarks.machine import machine
from benchmarks.markdown import table

CONCURRENCY = 64
CATEGORIES = 320
DOCUMENTS = 300
CALLS = 5
"""Of the `litelong` protocol with two proposers, two critics and a judge, when no reply needs a repair."""


class Run(NamedTuple):
    """What one run of debates came to, by the server's clock and count, and by the process's own."""

    calls: int
    repeated: int
    seconds: float
    at_once: int
    cpu_s: float
    peak_mib: float

    def ratio(self, latency_s: float) -> float:
        """First to last call, over the ideal."""
        return self.seconds / (self.calls * latency_s / CONCURRENCY)


def latency(progress: Any) -> str:  # noqa: ANN401 - graph.progress.Progress, imported late
    """Measure all of it and say it in Markdown."""
    with TemporaryDirectory(prefix="litelong-latency-") as folder:
        place = Path(folder)
        index = _index(place, progress)
        with _server(2.0) as address:
            slow = _debate(place / "slow", index, address, CATEGORIES)
            killed, recorded, resumed = _killed(place / "killed", index, address)
        with _server(0.05) as address:
            quick = [_debate(place / f"quick-{n}", index, address, n) for n in (CATEGORIES, 10 * CATEGORIES)]
    columns = ["server answers after", "categories", "calls", "first to last call, s", "of the ideal", "most at once"]
    rows = [
        [
            f"{wait:g} s",
            f"{run.calls // CALLS:,}",
            f"{run.calls:,}",
            f"{run.seconds:.1f}",
            f"{run.ratio(wait):.3f}",
            str(run.at_once),
        ]
        for wait, run in ((2.0, slow), *((0.05, run) for run in quick))
    ]
    memory = [
        [f"{run.calls // CALLS:,}", f"{run.peak_mib:,.0f}", f"{1000 * run.cpu_s / run.calls:.1f}"]
        for run in (slow, *quick)
    ]
    total = CALLS * CATEGORIES
    return "\n\n".join(
        [
            f"`litelong` protocol, 2 proposers, 2 critics, 1 judge, {CONCURRENCY} calls at once, the first {DOCUMENTS} documents "
            f"of the demo corpus. Machine: {machine()}.",
            table(columns, rows, right=6),
            f"Killed (SIGKILL) after {killed:,} of {total:,} calls were sent, {recorded:,} of them recorded; the second process "
            f"made {resumed.calls:,} calls: {resumed.calls - (total - recorded):+d} beside those that were not recorded.",
            table(["categories", "peak memory, MiB", "CPU a call, ms"], memory, right=3),
        ]
    )


def _index(place: Path, progress: Any) -> Path:  # noqa: ANN401 - likewise
    """An index of the first documents of the demo corpus."""
    from graph.config import load_config
    from graph.indexing import index_corpus
    from tools.corpus import Document, open_corpus

    texts = (item for item in open_corpus(["demo"], base=place).read() if isinstance(item, Document))
    with (place / "corpus.jsonl").open("wb") as stream:
        for document in islice(texts, DOCUMENTS):
            stream.write(orjson.dumps({"id": document.doc_id, "text": document.text}) + b"\n")
    index_corpus(load_config({"corpus": {"path": str(place / "corpus.jsonl")}}), place / "index", progress)
    return place / "index"


def settings(out: Path, index: Path, address: str) -> dict[str, Any]:
    """The configuration of a run."""
    alpha, beta, gamma = (f"openai:{name}@{address}" for name in ("alpha", "beta", "gamma"))
    return {
        "run": {"out": str(out)},
        "corpus": {"path": str(index.parent / "corpus.jsonl")},
        "search": {"index": str(index)},
        "packing": {"context_length": 4096},
        "debate": {
            "concurrency": CONCURRENCY,
            "proposers": [{"role": "proposer", "model": alpha}, {"role": "proposer", "model": beta}],
            "critics": [{"role": "critic", "model": alpha}, {"role": "critic", "model": beta}],
            "judges": [{"role": "judge", "model": gamma}],
        },
    }


def _debate(out: Path, index: Path, address: str, categories: int) -> Run:
    _ask(address, "reset")
    with _process(out, index, address, categories) as process:
        said, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"the run of {categories} categories failed with status {process.returncode}")
    return _counted(address, json.loads(said))


def _killed(out: Path, index: Path, address: str) -> tuple[int, int, Run]:
    """Calls sent and replies recorded when the process was killed half-way, and the run that goes on with it."""
    from agents.chat.replies import Replies

    _ask(address, "reset")
    with _process(out, index, address, CATEGORIES) as process:
        while _ask(address, "stats")["calls"] < CALLS * CATEGORIES // 2:
            time.sleep(0.1)
        process.send_signal(signal.SIGKILL)
    sent = _ask(address, "stats")["calls"]
    replies = Replies(out / "replies.sqlite")
    recorded = sum(one.calls for one in replies.spent())
    replies.close()
    return sent, recorded, _debate(out, index, address, CATEGORIES)


@contextmanager
def _process(out: Path, index: Path, address: str, categories: int) -> Iterator["subprocess.Popen[bytes]"]:
    given = json.dumps([settings(out, index, address), categories])
    with subprocess.Popen([sys.executable, "-m", "benchmarks.latency", given], stdout=subprocess.PIPE) as process:
        yield process


@contextmanager
def _server(wait_s: float) -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.latency_server", str(wait_s)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.kill()


def _ask(address: str, what: str) -> dict[str, Any]:
    request = urllib.request.Request(f"{address.removesuffix('/v1')}/{what}", data=b"", method="POST")
    with urllib.request.urlopen(request, timeout=60) as response:
        answer: dict[str, Any] = json.load(response)
        return answer


def _counted(address: str, own: dict[str, float]) -> Run:
    stats = _ask(address, "stats")
    repeated = stats["calls"] - stats["distinct"]
    return Run(stats["calls"], repeated, stats["seconds"], stats["at_once"], own["cpu_s"], own["peak_mib"])


def debate(config: dict[str, Any], categories: int) -> dict[str, float]:
    """Index and debates of a run, without what comes after: in a process of its own."""
    import asyncio

    from graph.config import load_config
    from graph.context import RunContext
    from graph.parts import prepare
    from graph.rundir import RunDir
    from graph.stages import debate as stage
    from graph.stages import index

    loaded = load_config(config)
    taxonomy = many(categories)
    parts = replace(prepare(loaded), taxonomy=taxonomy, categories=tuple(taxonomy.leaves()[:categories]))
    context = RunContext(loaded, parts, RunDir.claim(loaded))
    try:
        index.run(context)
        asyncio.run(stage.run(context))
    finally:
        context.close()
        context.run.release()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {"cpu_s": usage.ru_utime + usage.ru_stime, "peak_mib": usage.ru_maxrss / 1024}


if __name__ == "__main__":
    print(json.dumps(debate(*json.loads(sys.argv[1]))))
