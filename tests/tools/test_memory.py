"""Memory that was freed is the system's again."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tools.memory import give_back

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.mark.parametrize(
    "module", ["litelong", "tools.columns", "tools.packing.write", "graph.packing", "graph.stages.pack"]
)
def test_arrow_has_the_allocator_chosen_whatever_is_imported_first(module: str) -> None:
    code = f"import {module}, pyarrow; print(pyarrow.default_memory_pool().backend_name)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ("jemalloc" if sys.platform == "linux" else "system")


@LINUX
def test_what_was_freed_in_small_pieces_is_given_back() -> None:
    pieces = [np.ones(40_000, np.uint8) for _ in range(2_000)]
    kept = pieces[::20]  # what is in use keeps the heap's end where it is
    pieces.clear()
    before = _anonymous()
    give_back()
    assert before - _anonymous() > 40 << 20
    assert len(kept) == 100


def _anonymous() -> int:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))
