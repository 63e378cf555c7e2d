"""Running a configuration: claim the run directory, walk the pipeline, and leave nothing half-written when refused."""

import asyncio
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import orjson

from graph.config import Config
from graph.context import RunContext, prepare
from graph.pipeline import build_pipeline_graph
from graph.progress import Progress
from graph.rundir import RunDir
from litelong import UsageError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RunResult:
    """Where a run lies and what it holds. `tokens` are samples x context_length; `short` topics filled no sample."""

    path: Path
    samples: int
    tokens: int
    topics: int
    rejected: int
    short: int
    failed: int


async def arun(config: Config, *, progress: Progress | None = None, allow_failed: bool = False) -> RunResult:
    """Run `config` to its end, or go on with the run that its directory holds.

    Raises `UsageError` for what the user must put right; a run directory created by this call is then removed again,
    unless language models have been paid for what is in it.
    """
    parts = prepare(config)
    run_dir = RunDir.claim(config)
    context = RunContext(config, parts, run_dir, progress)
    context.allow_failed = allow_failed
    try:
        await build_pipeline_graph(context).ainvoke({})
        return result_of(run_dir)
    except UsageError:
        if run_dir.is_new and all(seat.model == "lexical" for seat in parts.seats):
            context.close()
            run_dir.discard()
        raise
    finally:
        context.close()
        run_dir.release()


def run(config: Config, *, progress: Progress | None = None, allow_failed: bool = False) -> RunResult:
    """`arun` for callers without an event loop, and for notebooks, which have one running."""
    return blocking(arun(config, progress=progress, allow_failed=allow_failed))


def blocking(work: Coroutine[Any, Any, T]) -> T:
    """Wait for a coroutine, on a thread of its own when this one already runs an event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    result: list[T] = []
    failure: list[BaseException] = []

    def target() -> None:
        try:
            result.append(asyncio.run(work))
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=target)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return result[0]


def result_of(run_dir: RunDir) -> RunResult:
    """The counts of a finished run, from its markers and ledger."""
    pack, curate, debate = (run_dir.stage(name) for name in ("pack", "curate", "debate"))
    if pack is None:
        raise UsageError(
            f"{run_dir.path}: the run is not finished; `litelong run` with its configuration goes on with it"
        )
    ledger = orjson.loads((run_dir.path / "ledger.json").read_bytes())
    return RunResult(
        path=run_dir.path,
        samples=pack.counts["samples"],
        tokens=pack.counts["tokens"],
        topics=curate.counts["topics"] if curate else 0,
        rejected=curate.counts["rejected"] if curate else 0,
        short=sum(1 for topic in ledger["topics"] if topic["topic_id"] and not topic["samples"]),
        failed=len(debate.counts["failed"]) if debate else 0,
    )
