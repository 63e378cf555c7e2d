"""The page of `python -m benchmarks packing`."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import orjson

from benchmarks.machine import machine
from benchmarks.markdown import table
from benchmarks.packing.measure import RUNS, Round, Spent, middle, plan_all, rounds
from benchmarks.packing.warm_store import warm_store

CONTEXT = 131_072
RECIPES = ("litelong", "standard")
SMALL = 10
"""Memory is also measured on a store so many times smaller."""


def packing(tokens: int, folder: Path | None) -> str:
    """Measure planning and writing of `tokens` tokens; stores are kept in `folder`, if one is given."""
    with tempfile.TemporaryDirectory(prefix="litelong-packing-") as temporary:
        kept, scratch = folder or Path(temporary), Path(temporary, "samples")
        memory = _peaks(kept, scratch, (tokens // SMALL, tokens))
        warm = warm_store(_store(kept, tokens), tokens, CONTEXT)
        plan = plan_all(warm, "litelong", CONTEXT)
        found, sizes = rounds(warm, plan, scratch, CONTEXT)
        packed = len(plan.samples) * CONTEXT
        head = (
            f"{warm.store.total_tokens:,} tokens in {len(warm.tables):,} documents, {len(warm.units):,} topics, "
            f"{len(plan.samples):,} samples of {CONTEXT:,}; medians of {len(found)} interleaved runs. "
            f"Machine: {machine()}."
        )
        parts = [head, _times(found, packed), _figures(found, sizes, packed), _disk(found, packed), _memory(memory)]
        return "\n\n".join(parts)


def _store(folder: Path, tokens: int) -> Path:
    return folder / f"store-{tokens}"


Figure = Callable[[Round], Spent]
ROWS: dict[str, Figure] = {
    "plan, litelong": lambda r: r.plan,
    "plan, standard": lambda r: r.plan_standard,
    "gather and write samples, one worker": lambda r: r.write,
    "the same, two workers": lambda r: r.together,
    "the same with zstd, two workers": lambda r: r.zstd,
}
BARE: dict[str, Figure] = {
    "bare gather, ids as they are, through the page cache": lambda r: r.bare,
    "bare gather, ids as they are, past the page cache": lambda r: r.bare_direct,
    "bare gather, ids by the same Parquet writer, past the page cache": lambda r: r.bare_parquet,
}
LIMITS: dict[str, Figure] = {
    "memory copy": lambda r: r.copy,
    "fsynced sequential write through the page cache": lambda r: r.sequential,
    "fsynced sequential write past it": lambda r: r.sequential_direct,
}


def _times(found: Sequence[Round], packed: int) -> str:
    lines = []
    for name, of in {**ROWS, **BARE}.items():
        cpu, wall = _cpu(found, of), _wall(found, of)
        lines.append((name, f"{cpu:.2f}", f"{wall:.2f}", f"{packed / cpu / 1e6:,.0f}"))
    return table(["work", "CPU s", "wall s", "M tokens a CPU-second"], lines, right=3)


def _figures(found: Sequence[Round], sizes: dict[str, int], packed: int) -> str:
    rows = [
        *((f"planning and writing, of the {name} (CPU)", _over(found, of)) for name, of in BARE.items()),
        ("planning, of planning and writing (CPU)", f"{middle(found, lambda r: r.plan.cpu / r.packing):.1%}"),
        ("bytes a token on disk, uncompressed", f"{sizes['ours'] / packed:.3f}"),
        ("bytes a token on disk, zstd (this corpus repeats itself)", f"{sizes['zstd'] / packed:.3f}"),
    ]
    return table(["figure", "value"], rows, right=1)


def _disk(found: Sequence[Round], packed: int) -> str:
    """The speed of ours beside what memory and disk give for as many bytes in the same runs."""
    lines = []
    for name, of in LIMITS.items():
        shares = [_share(found, of, ours) for ours in _SHARED]
        lines.append((name, f"{4 * packed / _wall(found, of) / 1e9:.2f}", *shares))
    names = ["of as many bytes", "GB/s", "ours, two workers", "ours, one", "bare, page cache", "bare, past it"]
    return "Shares of wall time: 100 % is as fast.\n\n" + table(names, lines, right=5)


_SHARED: list[Figure] = [lambda r: r.together, lambda r: r.write, lambda r: r.bare, lambda r: r.bare_direct]


def _over(found: Sequence[Round], bare: Figure) -> str:
    return f"{middle(found, lambda r: r.packing / bare(r).cpu):.2f}"


def _share(found: Sequence[Round], limit: Figure, work: Figure) -> str:
    return f"{middle(found, lambda r: limit(r).wall / work(r).wall):.0%}"


def _cpu(found: Sequence[Round], of: Figure) -> float:
    return middle(found, lambda r: of(r).cpu)


def _wall(found: Sequence[Round], of: Figure) -> float:
    return middle(found, lambda r: of(r).wall)


Peaks = dict[tuple[str, int], list[dict[str, int]]]
"""By recipe and tokens: what each run says."""


def _memory(peaks: Peaks) -> str:
    lines, growth = [], []
    for (recipe, tokens), found in peaks.items():
        own = [one["own"] >> 20 for one in found]
        whole = median(one["with mapped files"] >> 20 for one in found)
        documents = found[0]["documents"]
        lines.append(
            (recipe, f"{tokens:,}", f"{documents:,}", f"{median(own):,}", f"{min(own):,} to {max(own):,}", f"{whole:,}")
        )
    for recipe in RECIPES:
        (few, small), (many, large) = (
            (found[0]["documents"], median(one["own"] for one in found))
            for (name, _), found in peaks.items()
            if name == recipe
        )
        growth.append(f"{recipe}: {large / small - 1:+.1%}, {(large - small) / (many - few):.0f} bytes a document")
    return (
        "Peak memory of a process that opens the store, plans, writes the plan and the samples with two threads and draws up the "
        f"ledger; medians of {RUNS} runs by turns. It starts no other process. Own: its anonymous pages and the blocks that it "
        "writes (RssAnon and RssShmem, every 10 ms). Pages of mapped files (the store, the plan) the system may take back.\n\n"
        + table(["recipe", "tokens", "documents", "own, MiB", "of all runs", "with mapped files, MiB"], lines, right=5)
        + f"\n\nOwn memory for {SMALL} times the tokens: {'; '.join(growth)}."
    )


def _peaks(kept: Path, scratch: Path, sizes: Sequence[int]) -> Peaks:
    peaks: Peaks = {(recipe, tokens): [] for recipe in RECIPES for tokens in sizes}
    for _ in range(RUNS):
        for (recipe, tokens), found in peaks.items():
            arguments = [str(_store(kept, tokens)), str(scratch / "peak"), str(tokens), str(CONTEXT), recipe]
            command = [sys.executable, "-m", "benchmarks.packing.peak", *arguments]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            found.append(orjson.loads(done.stdout.splitlines()[-1]))
            shutil.rmtree(scratch / "peak")
    return peaks
