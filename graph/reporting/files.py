"""Reading a finished run's files: those that it vouches for are compared with their digests first."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import pyarrow as pa

from graph.rundir import RunDir
from litelong import UsageError
from tools.files import file_digest

_DAMAGED = (OSError, ValueError, LookupError, TypeError, AttributeError, pa.ArrowException, sqlite3.DatabaseError)
"""What readers raise for a file that is not what it should be."""


@contextmanager
def of_the_run(run: RunDir, name: str) -> Iterator[None]:
    """What goes wrong in the block is the fault of the run's file `name`, and said in one line. Raises `UsageError`."""
    advice = f"`litelong validate {run.path}` says what else is; make the run again"
    try:
        yield
    except FileNotFoundError:
        raise UsageError(f"{run.path}: {name} is missing; {advice}") from None
    except _DAMAGED as error:
        raise UsageError(f"{run.path}: {name} is damaged ({type(error).__name__}: {error}); {advice}") from None


def check(run: RunDir, stage: str, prefix: str) -> None:
    """Raise `UsageError` unless the stage's files whose names begin with `prefix` are what the run wrote."""
    marker = run.stage(stage)
    for name, digest in (marker.files if marker else {}).items():
        if name.startswith(prefix):
            with of_the_run(run, name):
                if file_digest(run.path / name) != digest:
                    raise ValueError("it is not what the run wrote")


def read_json(run: RunDir, name: str) -> dict[str, Any]:
    """A JSON object of the run. Raises `UsageError`."""
    check(run, "pack", name)
    with of_the_run(run, name):
        content = orjson.loads((run.path / name).read_bytes())
        if not isinstance(content, dict):
            raise TypeError("not an object")
        return content
