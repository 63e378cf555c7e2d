"""What the calls made inside a block used, whoever made them: the debate's nodes fill their events from it.

    with metering() as meter:
        said = await critic.criticise(brief, shown)

Calls made by tasks that the block starts are counted too (a task inherits the context).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from agents.chat.call import Reply


@dataclass(slots=True)
class Meter:
    """Sums over replies. `latency_s` is in seconds, summed also over calls that ran side by side."""

    calls: int = 0
    replayed: int = 0
    prompt_tokens: int = 0
    reply_tokens: int = 0
    latency_s: float = 0.0
    repairs: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def cached(self) -> bool:
        """Whether there were calls, and every one of them was replayed."""
        return self.calls > 0 and self.replayed == self.calls

    def add(self, reply: Reply[Any]) -> None:
        """Count a reply."""
        self.calls += 1
        self.replayed += reply.cached
        self.prompt_tokens += reply.prompt_tokens
        self.reply_tokens += reply.reply_tokens
        self.latency_s += reply.latency_s
        self.repairs += reply.repairs
        if reply.problem is not None:
            self.problems.append(reply.problem)


_meters: ContextVar[tuple[Meter, ...]] = ContextVar("litelong_meters", default=())


@contextmanager
def metering() -> Iterator[Meter]:
    """Sum up the replies had inside the block. Blocks may stand in one another; each counts."""
    meter = Meter()
    token = _meters.set((*_meters.get(), meter))
    try:
        yield meter
    finally:
        _meters.reset(token)


def count(reply: Reply[Any]) -> None:
    """Every `ChatModel` calls this once for each reply it gives."""
    for meter in _meters.get():
        meter.add(reply)
