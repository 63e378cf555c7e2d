"""Progress bars with counts and ETA on stderr; nothing at all when stderr is not a terminal."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

Tick = Callable[[int], None]


class Progress(Protocol):
    """Where stages report: `stage` yields a function to call with the number of items just finished."""

    def stage(self, name: str, total: int | None) -> AbstractContextManager[Tick]: ...

    def say(self, text: str) -> None:
        """Tell whoever watches, once."""


class Quiet:
    """No output."""

    @contextmanager
    def stage(self, name: str, total: int | None) -> Iterator[Tick]:
        yield lambda _n: None

    def say(self, text: str) -> None:
        """Nobody watches."""


class Terminal:
    """One rich bar a stage; a finished stage stays on the screen with its count and time."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(stderr=True)

    @contextmanager
    def stage(self, name: str, total: int | None) -> Iterator[Tick]:
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        began = time.monotonic()
        done = 0
        with RichProgress(
            TextColumn("{task.description:<9}"),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            TextColumn("elapsed"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
        ) as bars:
            task = bars.add_task(name, total=total)

            def tick(count: int) -> None:
                nonlocal done
                done += count
                bars.advance(task, count)

            yield tick
        self._console.print(f"[green]✓[/] {name:<9} {done:>9,}  {time.monotonic() - began:6.1f} s", highlight=False)

    def say(self, text: str) -> None:
        """A line above the bars."""
        self._console.print(text, highlight=False, markup=False)


def progress_for_terminal() -> Progress:
    """Bars when stderr is a terminal, otherwise nothing."""
    return Terminal() if sys.stderr.isatty() else Quiet()
