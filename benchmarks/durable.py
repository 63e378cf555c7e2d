"""Durable debates at scale: thousands of categories, memory over time, the checkpoint file, one failure retried.

The compact tree has some 700 leaves, so each is asked about several parts of the world (`Airports of Africa`), which makes
as many real debates as wanted over the demo corpus.
"""

import asyncio
import resource
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from agents.lexical import LexicalCritic, Thresholds
from agents.library import Library
from agents.messages import Brief, Candidate, Critique, Seat
from agents.roles import role
from benchmarks.machine import machine
from benchmarks.markdown import table
from graph.config import Config, load_config
from graph.context import RunContext
from graph.outcomes import DeadLettersError
from graph.parts import prepare
from graph.progress import Progress, Tick
from graph.rundir import RunDir
from graph.stages import debate, index
from litelong import UsageError
from taxonomy import Category, Taxonomy, load_taxonomy

PLACES = ("Africa", "Asia", "Europe", "the Americas", "Oceania", "the Middle East")
STEPS = 8
"""How often memory is read."""


class _Victim:
    """The one category that fails: the first from the middle on that a critic is asked about (many have nothing to criticise)."""

    def __init__(self) -> None:
        self.among: frozenset[str] = frozenset()
        self.found: str | None = None

    def is_(self, category: str) -> bool:
        if self.found is None and category in self.among:
            self.found = category
        return category == self.found


_victim = _Victim()


class _Breaking(LexicalCritic):
    async def criticise(self, brief: Brief, candidates: Sequence[Candidate]) -> list[Critique]:
        if _victim.is_(brief.category):
            raise RuntimeError("this critic breaks on purpose")
        return await super().criticise(brief, candidates)


@role("breaking", kind="critic", model="lexical")
def _breaking(seat: Seat, library: Library) -> _Breaking:
    return _Breaking(seat.name, library, Thresholds())


def many(count: int) -> Taxonomy:
    """A taxonomy with at least `count` leaves: those of the compact tree, by parts of the world."""
    compact = load_taxonomy("compact")
    categories = list(compact)
    places = PLACES[: -(-count // len(compact.leaves()))]
    for leaf in compact.leaves():
        categories += [Category.of((*leaf.path.split(" / "), f"{leaf.name} of {place}")) for place in places]
    return Taxonomy("compact by place", categories)


def durable(count: int, progress: Progress) -> str:
    """Debate `count` categories in a temporary run and say in Markdown what it took. Raises `UsageError`."""
    with tempfile.TemporaryDirectory(prefix="litelong-durable-") as folder:
        config = load_config(
            {
                "corpus": {"path": "demo"},
                "debate": {"critics": [{"role": "breaking"}]},
                "packing": {"context_length": 8192},
            },
            out=folder + "/run",
        )
        return _measure(config, count, progress)


def _measure(config: Config, count: int, progress: Progress) -> str:
    taxonomy = many(count)
    leaves = taxonomy.leaves()[:count]
    parts = replace(prepare(config), taxonomy=taxonomy, categories=tuple(leaves))
    run_dir = RunDir.claim(config)
    with closing(RunContext(config, parts, run_dir, progress)) as context:
        index.run(context)
    _victim.among, _victim.found = frozenset(leaf.path for leaf in leaves[count // 2 :]), None
    reading = _Reading(progress, run_dir.path / "checkpoints.sqlite", every=count // STEPS)
    try:
        _debate(RunContext(config, parts, run_dir, reading))
    except DeadLettersError as error:
        said = str(error).partition(": ")[2]
    else:
        run_dir.release()
        raise UsageError(
            f"none of the last {count - count // 2} categories came to a critic, so none failed; debate more"
        )
    _victim.among, _victim.found = frozenset(), None
    _debate(RunContext(config, parts, run_dir, progress))
    size = reading.checkpoints.stat().st_size / 1e6
    marker = run_dir.stage("debate")
    failed = len(marker.counts["failed"]) if marker else -1
    run_dir.release()
    lines = [
        f"{count:,} categories with the lexical panel on the demo corpus, {config.run.workers} workers. Machine: {machine()}.",
        table(["debates done", "peak memory, MiB", "memory, MiB", "checkpoints.sqlite, MB"], reading.rows, right=4),
        f"One category was made to fail: `{said}`. Run again, it was debated and {failed} are failed. "
        f"checkpoints.sqlite after the run: {size:.2f} MB.",
    ]
    return "\n\n".join(lines)


def _debate(context: RunContext) -> None:
    with closing(context):
        asyncio.run(debate.run(context))


class _Reading:
    """Progress that reads memory and the checkpoint file each time that so many debates more have ended."""

    def __init__(self, shown: Progress, checkpoints: Path, every: int) -> None:
        self.rows: list[list[str]] = []
        self._shown = shown
        self.checkpoints = checkpoints
        self._every = max(1, every)

    @contextmanager
    def stage(self, name: str, total: int | None) -> Iterator[Tick]:
        with self._shown.stage(name, total) as tick:
            done = 0

            def read(ended: int) -> None:
                nonlocal done
                done += ended
                tick(ended)
                if ended and done % self._every == 0:
                    self.rows.append(self._row(done))

            yield read

    def say(self, text: str) -> None:
        self._shown.say(text)

    def _row(self, done: int) -> list[str]:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return [f"{done:,}", f"{peak:,.0f}", f"{_resident():,.0f}", f"{self.checkpoints.stat().st_size / 1e6:.2f}"]


def _resident() -> float:
    """Resident memory of this process now, MiB."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return float("nan")
