"""Recipes that mine, from a warm store and negatives that are there: CPU and memory of reading, planning and writing.

The page of `python -m benchmarks packing-mined`; each measurement is a process of its own:
`python -m benchmarks.packing.mined FOLDER OUT TOKENS LENGTH RECIPE`.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TypeVar

import orjson

from benchmarks.machine import machine
from benchmarks.markdown import table
from benchmarks.packing.measure import spent, units_of, write_all
from benchmarks.packing.mined_store import read_chunks, settings_of, write_mined
from benchmarks.packing.peak import Watch, own_memory
from benchmarks.packing.warm_store import Warm, warm_store
from tools.memory import give_back
from tools.packing.negatives_file import read_negatives
from tools.packing.plan_file import write_plan
from tools.packing.recipe import get_recipe
from tools.packing.tables import Plan, Usage

CONTEXT = 131_072
RECIPES = ("nextlong", "litelong+nextlong")
SMALL = 10
RUNS = 3

T = TypeVar("T")


def packing_mined(tokens: int, folder: Path | None) -> str:
    """Measure at `tokens` and a tenth of them; stores and negatives are kept in `folder`, if one is given."""
    lines = []
    with tempfile.TemporaryDirectory(prefix="litelong-mined-") as temporary:
        kept, out = folder or Path(temporary), Path(temporary, "out")
        for recipe in RECIPES:
            for size in (tokens // SMALL, tokens):
                _measured(kept, out, size, recipe)  # makes what is not there
                found = [_measured(kept, out, size, recipe) for _ in range(RUNS)]
                lines.append(_line(recipe, size, found))
    head = (
        f"Samples of {CONTEXT:,}, one worker, medians of {RUNS} runs, each in a process of its own. CPU seconds, and by how much "
        "the process's own memory grows at most meanwhile (as `packing` measures it), over what it is once store and topics are "
        f"open. Negatives are not mined but dealt out (benchmarks/packing/mined_store.py). Machine: {machine()}."
    )
    return f"{head}\n\n" + table(
        [
            "recipe",
            "tokens",
            "chunks",
            "negatives",
            "samples",
            "read",
            "plan",
            "write",
            "read, MiB",
            "plan, MiB",
            "write, MiB",
        ],
        lines,
        right=10,
    )


def _measured(kept: Path, out: Path, tokens: int, recipe: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.packing.mined", str(kept), str(out), str(tokens), str(CONTEXT), recipe]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    shutil.rmtree(out)
    return orjson.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def _line(recipe: str, tokens: int, found: list[dict[str, float]]) -> tuple[str, ...]:
    middle = {name: median(one[name] for one in found) for name in found[0]}
    counts = (f"{middle[name]:,.0f}" for name in ("chunks", "negatives", "samples"))
    seconds = (f"{middle[f'{name} cpu']:.2f}" for name in ("read", "plan", "write"))
    grown = (f"{middle[f'{name} bytes'] / 2**20:,.0f}" for name in ("read", "plan", "write"))
    return (recipe, f"{tokens:,}", *counts, *seconds, *grown)


class Work:
    """Parts of the work, one after the other, each with what it takes."""

    def __init__(self) -> None:
        self.found: dict[str, float] = {}

    def part(self, name: str, work: Callable[[], T]) -> T:
        give_back()
        before, watch = own_memory(), Watch()
        made: list[T] = []
        watch.start()
        cpu = spent(lambda: made.append(work())).cpu
        watch.stopped = True
        watch.join()
        self.found |= {f"{name} cpu": cpu, f"{name} bytes": watch.peak - before}
        return made[0]


def _plan(warm: Warm, recipe: str, length: int) -> Plan:
    plan = Plan(folder=warm.store.folder)
    usage = Usage.of(warm.tables, 1)
    for _ in get_recipe(recipe).plan(warm.units, warm.tables, usage, settings_of(length), plan):
        pass
    return plan


def _run(kept: Path, out: Path, tokens: int, length: int, recipe: str) -> dict[str, float]:
    warm = warm_store(kept / f"store-{tokens}", tokens, length)
    warm = warm._replace(units=units_of(warm, recipe))
    folder = kept / f"negatives-{recipe}-{tokens}"
    if not folder.exists():
        making = kept / f".{folder.name}"
        shutil.rmtree(making, ignore_errors=True)
        write_mined(making, replace(warm.tables, chunks=read_chunks(warm)), warm.units, settings_of(length))
        making.rename(folder)
    work = Work()

    def read() -> Warm:
        tables = replace(warm.tables, chunks=read_chunks(warm))
        return warm._replace(tables=replace(tables, negatives=read_negatives(folder, tables, warm.store.folder)))

    whole = work.part("read", read)
    plan = work.part("plan", lambda: _plan(whole, recipe, length))

    def write() -> None:
        write_plan(plan, whole.tables, out / "plan")
        write_all(whole, plan, out / "samples", length, "none")

    work.part("write", write)
    chunks, negatives = whole.tables.chunks, whole.tables.negatives[""]
    assert chunks is not None
    return {"chunks": len(chunks), "negatives": len(negatives.chunks), "samples": len(plan.samples), **work.found}


if __name__ == "__main__":
    measured = _run(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
    sys.stdout.write(orjson.dumps(measured).decode() + "\n")
