"""Bad input of a benchmark: one line on stderr, exit 2."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from litelong import UsageError


@contextmanager
def answering() -> Iterator[None]:
    """Turn a `UsageError` into that line."""
    try:
        yield
    except UsageError as error:
        sys.stderr.write(f"benchmarks: {' '.join(str(error).split())}\n")
        raise typer.Exit(2) from None
