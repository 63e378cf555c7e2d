"""`usage.json`: where the time of a run went, and what its models used. Not deterministic, so apart from all that is.

Written whenever a stage ends, and added to when a run is taken up again, so the sum is over every call that worked on it.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from agents.messages import Seat
from tools.files import write_atomic


class UsageFile:
    """Wall and CPU seconds by stage, in one run's file. With `path` None (a run that is only read) nothing is written."""

    def __init__(self, path: Path | None, seats: Sequence[Seat], workers: int) -> None:
        self.path = path
        self.content: dict[str, Any] = {
            "stages": _before(path),
            "workers": workers,
            "models": {seat.name: {"model": seat.model, "calls": 0, "tokens": 0, "cost": 0.0} for seat in seats},
        }

    @contextmanager
    def timing(self, stage: str) -> Iterator[None]:
        """Add what the block takes to its stage, also when it fails or is interrupted."""
        wall, cpu = time.monotonic(), time.process_time()
        try:
            yield
        finally:
            spent = self.content["stages"].setdefault(stage, {"wall_s": 0.0, "cpu_s": 0.0})
            spent["wall_s"] = round(spent["wall_s"] + time.monotonic() - wall, 3)
            spent["cpu_s"] = round(spent["cpu_s"] + time.process_time() - cpu, 3)
            self.save()

    def save(self) -> None:
        """Write the file."""
        if self.path is not None and self.path.parent.is_dir():
            write_atomic(self.path, orjson.dumps(self.content, option=orjson.OPT_INDENT_2))


def _before(path: Path | None) -> dict[str, dict[str, float]]:
    """What earlier calls took. A file that cannot be read holds nothing worth stopping a run for."""
    try:
        stages = orjson.loads(path.read_bytes())["stages"] if path else {}
        return {name: {"wall_s": float(s["wall_s"]), "cpu_s": float(s["cpu_s"])} for name, s in stages.items()}
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        return {}
