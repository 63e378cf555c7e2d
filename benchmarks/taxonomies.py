"""A list's import, the graph it becomes, and how fast the graph answers: CPU seconds and traced memory."""

import resource
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from os import environ
from pathlib import Path
from typing import TypeVar

from benchmarks.machine import machine
from benchmarks.markdown import table
from taxonomy import Taxonomy
from taxonomy.importing.reading import read_file
from taxonomy.listing import Listing

T = TypeVar("T")


def taxonomies(file: Path) -> str:
    """Import `file` and walk its graph, in Markdown. Raises `UsageError` for a file without a list."""
    gathered, reading = _timed(lambda: read_file(file, "measured")[1])
    command = _command(file)
    tree, building = _timed(lambda: Taxonomy.of(gathered.listing))
    everything = list(tree)

    def neighbours() -> None:
        for category in everything:
            tree.ancestors(category)
            tree.leaves(category)
            tree.siblings(category)

    _, walking = _timed(neighbours)
    names = [category.path.lower() for category in everything] + [c.code for c in everything if c.code]
    _, looking = _timed(lambda: [tree.category(name) for name in names])
    _, briefing = _timed(lambda: [(tree.avoid(c), tree.expansion_factor(c)) for c in everything])
    rows = [
        ("`litelong taxonomy import`, the whole command", f"{command:.2f}"),
        ("of it: read the file and resolve its references", f"{reading:.2f}"),
        ("of it: build the graph", f"{building:.2f}"),
        ("ancestors, leaves and siblings of every category", f"{walking:.2f}"),
        (f"{len(names):,} look-ups by path and code", f"{looking:.2f}"),
        ("what to avoid and how many topics, for every category", f"{briefing:.2f}"),
    ]
    return (
        f"{len(tree):,} categories, {len(gathered.listing.see_also)} references. Machine: {machine()}.\n\n"
        f"{table(['what', 'CPU s'], rows, right=1)}\n\n"
        f"The graph and its tables hold {_memory(gathered.listing) / 1e6:.1f} MB (tracemalloc)."
    )


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    start = time.process_time()
    return work(), time.process_time() - start


def _command(file: Path) -> float:
    """CPU seconds of the command in a process of its own, with a data folder of its own."""
    with tempfile.TemporaryDirectory(prefix="litelong-taxonomy-") as folder:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [
            str(Path(sys.executable).with_name("litelong")),
            "taxonomy",
            "import",
            str(file),
            "--name",
            "measured",
        ]
        subprocess.run(command, env={**environ, "LITELONG_HOME": folder}, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _memory(listing: Listing) -> int:
    """Bytes that building the graph leaves behind."""
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    tree = Taxonomy.of(listing)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(tree)
    return after - before
