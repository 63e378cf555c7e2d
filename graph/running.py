"""Running a configuration: claim the run directory, walk the pipeline, and leave nothing half-written when refused."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import orjson

from graph.chats import chat_seats
from graph.config import Config
from graph.context import RunContext
from graph.outcomes import DeadLettersError
from graph.parts import prepare
from graph.pipeline import build_pipeline_graph
from graph.progress import Progress
from graph.rundir import RunDir, is_debated
from graph.taxonomies import record
from litelong import UsageError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RunResult:
    """Where a run lies and what it holds. `tokens` are samples x context_length; `short` topics filled no sample.

    `report` is its page; None where it could not be made, and `report_failed` says why.
    """

    path: Path
    samples: int
    tokens: int
    topics: int
    rejected: int
    short: int
    failed: int
    report: Path | None = None
    report_failed: str = ""


async def arun(config: Config, *, progress: Progress | None = None, allow_failed: bool = False) -> RunResult:
    """Run `config` to its end, or go on with the run that its directory holds.

    Raises `UsageError` for what the user must put right; a run that this call began is then removed again, unless
    language models have been paid for what is in it, or only some debates failed (`DeadLettersError`).
    """
    parts = prepare(config, debates=not is_debated(config.out))
    run_dir = RunDir.claim(config)
    context = RunContext(config, parts, run_dir, progress)
    context.allow_failed = allow_failed
    try:
        record(run_dir, parts.taxonomy)
        await build_pipeline_graph(context).ainvoke({})
        return result_of(run_dir)
    except UsageError as error:
        kept = isinstance(error, DeadLettersError) or chat_seats(parts.seats)
        if not kept:
            context.close()
            run_dir.discard()
        raise
    finally:
        context.close()
        run_dir.release()


def run(config: Config, *, progress: Progress | None = None, allow_failed: bool = False) -> RunResult:
    """`arun` for callers without an event loop, and for notebooks, which have one running."""
    return blocking(arun(config, progress=progress, allow_failed=allow_failed))


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def blocking(work: Coroutine[Any, Any, T]) -> T:
    """Wait for a coroutine, on a thread of its own when this one already runs an event loop."""
    if not _in_a_loop():
        return asyncio.run(work)
    started: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = []

    async def main() -> T:
        task = asyncio.current_task()
        assert task is not None
        started.append((asyncio.get_running_loop(), task))
        return await work

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(lambda: asyncio.run(main()))
        try:
            return future.result()
        except KeyboardInterrupt:
            # The signal reaches this thread only: the work on the other one is stopped in order, and waited for.
            for loop, task in started:
                loop.call_soon_threadsafe(task.cancel)
            raise


def result_of(run_dir: RunDir) -> RunResult:
    """The counts of a finished run, from its markers and ledger."""
    pack, curate, debate = (run_dir.stage(name) for name in ("pack", "curate", "debate"))
    report = run_dir.stage("report")
    page = report.counts.get("page") if report else None
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
        report=run_dir.path / page if page else None,
        report_failed=str(report.counts.get("failed", "")) if report else "",
    )
