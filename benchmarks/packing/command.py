"""The page of `python -m benchmarks packing`."""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson

from benchmarks.machine import machine
from benchmarks.markdown import table
from benchmarks.packing.measure import Round, limits, middle, plan_all, rounds
from benchmarks.packing.warm_store import warm_store

CONTEXT = 131_072
SMALL = 10
"""Memory is also measured on a store so many times smaller."""


def packing(tokens: int, folder: Path | None) -> str:
    """Measure planning and writing of `tokens` tokens; stores are kept in `folder`, if one is given."""
    with tempfile.TemporaryDirectory(prefix="litelong-packing-") as temporary:
        kept, scratch = folder or Path(temporary), Path(temporary, "samples")
        memory = [(size, *_peak(kept, scratch, size)) for size in (tokens // SMALL, tokens)]
        warm = warm_store(_store(kept, tokens), tokens, CONTEXT)
        plan = plan_all(warm, "litelong", CONTEXT)
        found, written = rounds(warm, plan, scratch, CONTEXT)
        packed = len(plan.samples) * CONTEXT
        sizes = {name: size / packed for name, size in written.items()}
        head = (
            f"{warm.store.total_tokens:,} tokens in {len(warm.tables):,} documents, {len(warm.units):,} topics, "
            f"{len(plan.samples):,} samples of {CONTEXT:,}; medians of {len(found)} interleaved runs, one thread. "
            f"Machine: {machine()}."
        )
        parts = [head, _times(found, packed), _figures(found, sizes, packed, limits(scratch)), _memory(memory)]
        return "\n\n".join(parts)


def _store(folder: Path, tokens: int) -> Path:
    return folder / f"store-{tokens}"


def _times(found: Sequence[Round], packed: int) -> str:
    rows: list[tuple[str, Callable[[Round], tuple[float, float]]]] = [
        ("plan, litelong", lambda r: r.plan),
        ("plan, standard", lambda r: r.plan_standard),
        ("gather and write samples, uncompressed", lambda r: r.write),
        ("bare gather, ids written as they are", lambda r: r.bare),
        ("bare gather, ids written by the same Parquet writer", lambda r: r.bare_parquet),
        ("gather and write samples, zstd", lambda r: r.zstd),
    ]
    lines = []
    for name, of in rows:
        cpu, wall = middle(found, lambda r, of=of: of(r)[0]), middle(found, lambda r, of=of: of(r)[1])  # type: ignore[misc]
        lines.append((name, f"{cpu:.2f}", f"{wall:.2f}", f"{packed / cpu / 1e6:,.0f}"))
    return table(["work", "CPU s", "wall s", "M tokens a CPU-second"], lines, right=3)


def _figures(found: Sequence[Round], sizes: dict[str, float], packed: int, speed: dict[str, float]) -> str:
    slower = min(speed, key=lambda name: speed[name])
    ours = 4 * packed / middle(found, lambda r: r.write.wall)
    rows = [
        (
            "planning and writing, of the bare gather and write (CPU)",
            f"{middle(found, lambda r: r.packing / r.bare.cpu):.2f}",
        ),
        (
            "the same, of the bare one that writes Parquet (CPU)",
            f"{middle(found, lambda r: r.packing / r.bare_parquet.cpu):.2f}",
        ),
        ("planning, of planning and writing (CPU)", f"{middle(found, lambda r: r.plan.cpu / r.packing):.1%}"),
        ("bytes a token on disk, uncompressed", f"{sizes['ours']:.3f}"),
        ("bytes a token on disk, zstd (this corpus repeats itself)", f"{sizes['zstd']:.3f}"),
        *((f"{name}, GB/s", f"{rate / 1e9:.2f}") for name, rate in speed.items()),
        ("writing samples, GB/s (wall)", f"{ours / 1e9:.2f}"),
        (f"its share of the {slower}", f"{ours / speed[slower]:.0%}"),
        ("the bare one's share", f"{4 * packed / middle(found, lambda r: r.bare.wall) / speed[slower]:.0%}"),
    ]
    return table(["figure", "value"], rows, right=1)


def _memory(rows: Sequence[tuple[int, int, int]]) -> str:
    lines = [(f"{tokens:,}", f"{own >> 20:,}", f"{whole >> 20:,}") for tokens, own, whole in rows]
    return (
        "Peak memory of a process of its own that opens the store, plans and writes with two threads. Pages of the mapped "
        "store are the system's to take back.\n\n"
        + table(["tokens", "own, MiB", "with the mapped store, MiB"], lines, right=2)
    )


def _peak(kept: Path, scratch: Path, tokens: int) -> tuple[int, int]:
    arguments = [str(_store(kept, tokens)), str(scratch / "peak"), str(tokens), str(CONTEXT)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.packing.peak", *arguments], check=True, capture_output=True, text=True
    )
    found = orjson.loads(done.stdout.splitlines()[-1])
    return int(found["anonymous"]), int(found["with the mapped store"])
