"""Ours and the bare one by turns, in one process: CPU seconds of planning, of writing, and of gathering and writing alone."""

import mmap
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median
from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.packing.warm_store import Warm
from tools.columns import mapped
from tools.disk import Disk, Written
from tools.files import replacing
from tools.packing import write as writing
from tools.packing.gather import Specials
from tools.packing.recipe import Settings, get_recipe
from tools.packing.tables import Plan, Unit, Usage
from tools.packing.write import Compression, Shape, write_samples

RUNS = 5
COPIED = 1 << 28
AT_ONCE = 1 << 25
"""Bytes that are copied, and that are written to one file, at a time."""


class Spent(NamedTuple):
    """CPU and wall seconds of one part of the work."""

    cpu: float
    wall: float


def spent(work: Callable[[], object]) -> Spent:
    """What `work` takes, with all threads."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return Spent(time.process_time() - cpu, time.perf_counter() - wall)


def specials_of(warm: Warm) -> Specials:
    return Specials(None, warm.store.tokenizer.eos_id)


def units_of(warm: Warm, recipe: str) -> list[Unit]:
    """The topics, or the whole corpus as `pack` makes a unit of it."""
    if get_recipe(recipe).unit == "topic":
        return warm.units
    rows = mapped(np.arange(len(warm.tables)), warm.store.folder)
    return [Unit("corpus", rows, np.zeros(len(rows), np.int32), np.zeros(len(rows), np.float32))]


def plan_all(warm: Warm, recipe: str, context_length: int) -> Plan:
    """The plan of every topic (or of the corpus)."""
    units = units_of(warm, recipe)
    plan = Plan(folder=warm.store.folder)
    settings = Settings(specials_of(warm).layout(context_length), 1, "rank", None, 0)
    for _ in get_recipe(recipe).plan(units, warm.tables, Usage.of(warm.tables, 1), settings, plan):
        pass
    return plan


def write_all(
    warm: Warm, plan: Plan, folder: Path, context_length: int, compression: Compression, workers: int = 1
) -> None:
    """The samples of a plan, as `pack` writes them."""
    write_samples(
        plan,
        warm.tables,
        folder,
        store=warm.store,
        specials=specials_of(warm),
        shape=Shape(context_length, compression=compression),
        workers=workers,
        tick=lambda _: None,
    )


Kind = Literal["page cache", "past it", "Parquet"]


class Bare:
    """The same slices into the same number of ids, written part by part, fsynced and renamed: nothing is decided or recorded."""

    def __init__(self, warm: Warm, plan: Plan, context_length: int) -> None:
        documents = warm.store.locate(warm.tables.hashes)
        self._arrays, self._length = documents.arrays, context_length
        per_part = max(1, writing.PART_TOKENS // context_length)
        samples = iter(plan.samples)
        self._parts = []
        while group := list(islice(samples, per_part)):
            slices = []
            for number, sample in enumerate(group):
                t = sample.table
                part, begin = documents.of(t["document"])
                columns = (part, begin + t["doc_start"], t["start"] + number * context_length, t["length"])
                slices += list(zip(*(column.tolist() for column in columns), strict=True))
            self._parts.append((len(group), slices))

    def write(self, folder: Path, kind: Kind) -> None:
        """Gather and write everything: the ids as they are, or as a Parquet column, as ours is written."""
        folder.mkdir(parents=True)
        if kind == "page cache":
            for number, ids in enumerate(self._gathered()):
                with replacing(folder / f"part-{number:05d}") as temporary, temporary.open("wb", buffering=0) as stream:
                    stream.write(ids.data)
            return
        with Disk(1) as disk:
            done = []
            for number, ids in enumerate(self._gathered()):
                with disk.begin(folder / f"part-{number:05d}") as file:
                    if kind == "Parquet":
                        self._write_parquet(ids, file)
                    else:
                        file.write(ids.data)
                    done.append(file.finish())
            for written in done:
                written.result()

    def _gathered(self) -> Iterator[NDArray[np.uint32]]:
        arrays = self._arrays
        kept = np.empty(self._parts[0][0] * self._length, np.uint32)
        for samples, slices in self._parts:
            ids = kept[: samples * self._length]
            for part, begin, start, length in slices:
                ids[start : start + length] = arrays[part][begin : begin + length]
            yield ids

    def _write_parquet(self, ids: NDArray[np.uint32], file: Written) -> None:
        table = pa.table({"input_ids": writing.ids_column(ids, self._length)})
        with pa.BufferedOutputStream(pa.PythonFile(file, "w"), writing.SMALL_WRITES) as stream:
            groups = max(1, writing.ROW_GROUP_TOKENS // self._length)
            pq.write_table(
                table, stream, compression="none", use_dictionary=False, write_statistics=False, row_group_size=groups
            )


class Round(NamedTuple):
    """One run of each, by turns. `together` is ours with two workers; the last three move as many bytes and do nothing else."""

    plan: Spent
    plan_standard: Spent
    write: Spent
    together: Spent
    zstd: Spent
    bare: Spent
    bare_direct: Spent
    bare_parquet: Spent
    sequential: Spent
    sequential_direct: Spent
    copy: Spent

    @property
    def packing(self) -> float:
        """CPU seconds of planning and writing."""
        return self.plan.cpu + self.write.cpu


def rounds(warm: Warm, plan: Plan, folder: Path, context_length: int) -> tuple[list[Round], dict[str, int]]:
    """`RUNS` interleaved runs after one that warms up, and the bytes that each kind of writing takes on the disk.

    Each run takes them in an order of its own: what is written before leaves its pages in the caches of what comes after.
    Every output is removed once it is measured, outside the clock: pages of old outputs would fill the system's memory.
    """
    bare = Bare(warm, plan, context_length)
    sizes: dict[str, int] = {}
    total = 4 * context_length * len(plan.samples)

    def written(name: str, work: Callable[[Path], None]) -> Spent:
        out = folder / name
        found = spent(lambda: work(out))
        sizes[name] = size_of(out)
        shutil.rmtree(out)
        return found

    def ours(compression: Compression, workers: int) -> Callable[[Path], None]:
        return lambda out: write_all(warm, plan, out, context_length, compression, workers)

    works: dict[str, Callable[[], Spent]] = {
        "plan": lambda: spent(lambda: plan_all(warm, "litelong", context_length)),
        "shuffled plan": lambda: spent(lambda: plan_all(warm, "standard", context_length)),
        "ours": lambda: written("ours", ours("none", 1)),
        "together": lambda: written("together", ours("none", 2)),
        "zstd": lambda: written("zstd", ours("zstd", 2)),
        "bare": lambda: written("bare", lambda out: bare.write(out, "page cache")),
        "bare direct": lambda: written("bare direct", lambda out: bare.write(out, "past it")),
        "bare Parquet": lambda: written("bare Parquet", lambda out: bare.write(out, "Parquet")),
        "sequential": lambda: written("sequential", lambda out: sequential(out, total, direct=False)),
        "sequential direct": lambda: written("sequential direct", lambda out: sequential(out, total, direct=True)),
        "copy": lambda: spent(lambda: copied(total)),
    }
    found = []
    for turn in range(RUNS + 1):
        names = sorted(works)
        Random(turn).shuffle(names)
        spent_on = {name: works[name]() for name in names}
        found.append(Round(*(spent_on[name] for name in works)))
    return found[1:], sizes


def middle(found: Sequence[Round], figure: Callable[[Round], float]) -> float:
    """The median over the runs."""
    return median(figure(one) for one in found)


def size_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def sequential(folder: Path, size: int, *, direct: bool) -> None:
    """Write one file of `size` bytes in large blocks and fsync it: what the disk gives, through the page cache or past it."""
    folder.mkdir(parents=True)
    block = memoryview(mmap.mmap(-1, AT_ONCE))
    flags = os.O_CREAT | os.O_WRONLY | (os.O_DIRECT if direct else 0)
    file = os.open(folder / "sequential", flags)
    try:
        for begin in range(0, size, AT_ONCE):
            os.pwrite(file, block[: min(AT_ONCE, size - begin)], begin)
        os.fsync(file)
    finally:
        os.close(file)


def copied(size: int) -> None:
    """Copy `size` bytes in memory, from one buffer that no cache holds to another, again and again."""
    block = np.zeros(min(size, COPIED), np.uint8)
    other = np.empty_like(block)
    for _ in range(-(-size // COPIED)):
        np.copyto(other, block)
