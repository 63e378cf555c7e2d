"""Ours and the bare one by turns, in one process: CPU seconds of planning, of writing, and of gathering and writing alone."""

import os
import shutil
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.packing.warm_store import Warm
from tools.files import replacing
from tools.packing import write as writing
from tools.packing.gather import Specials
from tools.packing.recipe import Settings, get_recipe
from tools.packing.tables import Plan, Usage
from tools.packing.write import Compression, Shape, write_samples

RUNS = 5
COPIED = 1 << 28
"""Bytes that the speed of memory and disk is measured with."""


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


def plan_all(warm: Warm, recipe: str, context_length: int) -> Plan:
    """The plan of every topic (or of the corpus)."""
    units = warm.units
    if recipe == "standard":
        rows = np.arange(len(warm.tables))
        zeros = np.zeros(len(rows), np.int32)
        units = [units[0].__class__("corpus", rows, zeros, zeros.astype(np.float32))]
    plan, settings = Plan(), Settings(specials_of(warm).layout(context_length), 1, "rank", None, 0)
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
                begin = documents.begin[t["document"]] + t["doc_start"]
                columns = (documents.part[t["document"]], begin, t["start"] + number * context_length, t["length"])
                slices += list(zip(*(column.tolist() for column in columns), strict=True))
            self._parts.append((len(group), slices))

    def write(self, folder: Path, *, parquet: bool) -> None:
        """Gather and write everything: the ids as they are, or as a Parquet column by the writer that ours uses."""
        folder.mkdir(parents=True)
        arrays = self._arrays
        for number, (samples, slices) in enumerate(self._parts):
            ids = np.empty(samples * self._length, np.uint32)
            for part, begin, start, length in slices:
                ids[start : start + length] = arrays[part][begin : begin + length]
            with replacing(folder / f"part-{number:05d}") as temporary:
                if parquet:
                    offsets = np.arange(0, len(ids) + 1, self._length, dtype=np.int64)
                    column = pa.LargeListArray.from_arrays(offsets, pa.array(ids))
                    pq.write_table(
                        pa.table({"input_ids": column}),
                        temporary,
                        compression="none",
                        use_dictionary=False,
                        write_statistics=False,
                        row_group_size=max(1, writing.ROW_GROUP_TOKENS // self._length),
                    )
                else:
                    with temporary.open("wb", buffering=0) as stream:
                        stream.write(ids.data)


class Round(NamedTuple):
    """One run of each, by turns."""

    plan: Spent
    plan_standard: Spent
    write: Spent
    bare: Spent
    bare_parquet: Spent
    zstd: Spent

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

    def written(name: str, work: Callable[[Path], None]) -> Spent:
        out = folder / name
        found = spent(lambda: work(out))
        sizes[name] = size_of(out)
        shutil.rmtree(out)
        return found

    works: dict[str, Callable[[], Spent]] = {
        "plan": lambda: spent(lambda: plan_all(warm, "litelong", context_length)),
        "shuffled plan": lambda: spent(lambda: plan_all(warm, "standard", context_length)),
        "ours": lambda: written("ours", lambda out: write_all(warm, plan, out, context_length, "none")),
        "bare": lambda: written("bare", lambda out: bare.write(out, parquet=False)),
        "bare Parquet": lambda: written("bare Parquet", lambda out: bare.write(out, parquet=True)),
        "zstd": lambda: written("zstd", lambda out: write_all(warm, plan, out, context_length, "zstd")),
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


def limits(folder: Path) -> dict[str, float]:
    """Bytes a second of a memory copy and of an fsynced sequential write, the best of five of each."""
    block = np.zeros(COPIED, np.uint8)
    other = np.ones_like(block)
    path = folder / "sequential"

    def write() -> None:
        with path.open("wb") as stream:
            stream.write(block.data)
            stream.flush()
            os.fsync(stream.fileno())
        path.unlink()

    copy = min(spent(lambda: np.copyto(other, block)).wall for _ in range(5))
    sequential = min(spent(write).wall for _ in range(5))
    return {"memory copy": COPIED / copy, "fsynced sequential write": COPIED / sequential}
