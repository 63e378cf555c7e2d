"""The second engine: a debate held by one AutoGen team. AutoGen is an extra and slow to import, so it is loaded late."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from litelong import UsageError

if TYPE_CHECKING:
    from agents.table import Table
    from agents.turns import Emit, Turns

HoldDebate = Callable[["Turns", "Table", "Emit"], Awaitable["Table"]]
"""Takes the opened table to the end of its debate; returns what was added to it."""


def load_team() -> HoldDebate:
    """The engine. Raises `UsageError` when AutoGen is not installed."""
    try:
        from agents.autogen.team import hold_debate
    except ImportError as error:
        raise UsageError(
            f"debate.engine: autogen needs a package that is not there ({error.name}); pip install 'litelong[autogen]'"
        ) from None
    return hold_debate
