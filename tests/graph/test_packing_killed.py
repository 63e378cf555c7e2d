"""Packing that is killed in the midst of a part of samples: whoever goes on writes the bytes that were to be written."""

import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from graph.repacking import repack
from graph.validating import validate
from tools.packing import write as writing

PART = 2048
RECIPES: Mapping[str, Mapping[str, Any]] = {
    "litelong, tails in the pool": {"packing.remainder": "pool", "packing.samples_per_topic": 2},
    "standard": {"packing.recipe": "standard"},
    "utk, traced back": {"packing.recipe": "utk", "packing.back_trace": True},
    "litelong+utk, traced back": {
        "packing.recipe": "litelong+utk",
        "packing.back_trace": True,
        "packing.remainder": "pool",
    },
}
KILLED_IN_THE_THIRD_PART = """
import os, signal, sys
from pathlib import Path
import orjson
from graph.repacking import repack
from tools.packing import write as writing

writing.PART_TOKENS = int(sys.argv[3])
whole, begun = writing._write_tables, []

def write_two_and_die(*rest):
    begun.append(rest)
    if len(begun) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    whole(*rest)

writing._write_tables = write_two_and_die
repack(Path(sys.argv[1]), Path(sys.argv[2]), orjson.loads(sys.argv[4]))
"""


@pytest.mark.parametrize("name", RECIPES)
def test_killed_in_the_midst_of_a_part_and_begun_again_it_is_the_same_run(
    name: str, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = {"packing.context_length": 512, **RECIPES[name]}
    out = tmp_path / "killed"
    arguments = [finished, out, PART, orjson.dumps(changes).decode()]
    done = subprocess.run(
        [sys.executable, "-c", KILLED_IN_THE_THIRD_PART, *map(str, arguments)], check=False, capture_output=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert not (out / "ledger.json").exists()
    monkeypatch.setattr(writing, "PART_TOKENS", PART)
    kept = {part.name: part.stat().st_mtime_ns for part in (out / "samples").glob("part-*.parquet")}
    repack(finished, out, changes)
    repack(finished, tmp_path / "undisturbed", changes)
    written = [
        {file.relative_to(run): file.read_bytes() for file in run.glob("samples/*")}
        | {Path(): (run / "ledger.json").read_bytes()}
        for run in (out, tmp_path / "undisturbed")
    ]
    assert written[0] == written[1]
    assert len(written[0]) > 4
    assert all((out / "samples" / part).stat().st_mtime_ns == time for part, time in kept.items())
    assert validate(out).problems == []
