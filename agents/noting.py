"""What a turn leaves for the event log beside its messages: order shown, scores, oddities of the reply, searches.

Roles note it where they know it, and the debate reads it where it makes the turn's event:

    with noting() as notes:
        said = await critic.criticise(brief, shown)

Roles of other packages may note as well, or nothing at all.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from agents.messages import Figures


class UnreadableError(Exception):
    """An agent's reply could not be read, also after its repair turn. The debate goes on without this turn."""


@dataclass(slots=True)
class Notes:
    """See `Event` for what each is."""

    names: list[tuple[str, str]] = field(default_factory=list)
    scores: dict[str, Figures] = field(default_factory=dict)
    unused: list[tuple[str, str]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    lookups: list[tuple[str, int]] = field(default_factory=list)

    def refuse(self, why: str, what: str) -> None:
        """A part of the reply is of no use."""
        self.unused.append((why, what[:200]))
        self.counts[why] += 1

    def show(self, names: Sequence[tuple[str, str]]) -> None:
        """What was shown, as (neutral id, proposal id). The first order is the one that counts."""
        self.names = self.names or list(names)


_notes: ContextVar[Notes | None] = ContextVar("litelong_notes", default=None)


@contextmanager
def noting() -> Iterator[Notes]:
    """Collect what the turn inside the block notes."""
    notes = Notes()
    token = _notes.set(notes)
    try:
        yield notes
    finally:
        _notes.reset(token)


def notes() -> Notes:
    """The notes of the turn that is under way; outside of one, a sheet that nobody reads."""
    return _notes.get() or Notes()
