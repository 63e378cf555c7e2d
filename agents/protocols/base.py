"""What a protocol is: three questions about the table, answered without changing it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from agents.messages import Kind, Rules, Seat, Verdict
from agents.panel import Reviews
from agents.table import Table, turns_of


class DebateError(Exception):
    """A debate that cannot come to an outcome: nobody who had to speak could be read. Its category is a dead letter."""


@dataclass(frozen=True, slots=True)
class Step:
    """What comes next; `why` the rounds end, where they do."""

    node: Literal["critique", "revise", "judge", "conclude"]
    why: str = ""


class Protocol(ABC):
    """How one debate is held. `rounds` is the cap when the configuration leaves it open."""

    name: ClassVar[str]
    rounds: ClassVar[int] = 1
    decided_by: ClassVar[Kind]
    """The seats whose ballots decide."""

    def seated(self, seats: Sequence[Seat]) -> tuple[Seat, ...]:
        """Those of a configuration's seats that speak in this protocol, in order."""
        return tuple(seats)

    def reviews(self, given: Reviews) -> Reviews:
        """What critics are shown."""
        return given

    def after_evidence(self, table: Table, rules: Rules) -> Step:
        """What comes once proposals and their evidence lie on the table; there is at least one proposal."""
        return Step("critique")

    @abstractmethod
    def after_critique(self, table: Table, rules: Rules) -> Step:
        """What comes after a round of critiques."""

    def ballots(self, table: Table, rules: Rules) -> Sequence[Verdict]:
        """The votes by which retention decides."""
        return table.get("verdicts", [])

    def refuse_silence(self, table: Table) -> None:
        """Raise `DebateError` when none of those who decide could be read."""
        step = {"judge": "judge", "critic": "criticise", "proposer": "propose"}[self.decided_by]
        refuse_silence(table, step, self.decided_by)


def refuse_silence(table: Table, step: str, kind: str) -> None:
    """Raise `DebateError` when there were turns of this step and none of them could be read."""
    problems = [f"{event.agent}: {event.problem}" for event in turns_of(table, step) if event.problem]
    if problems and len(problems) == len(turns_of(table, step)):
        raise DebateError(f"no {kind} could be read: {'; '.join(problems)[:400]}")
