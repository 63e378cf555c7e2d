"""One model lists topics, and all of them are accepted: the control without a debate."""

from collections.abc import Sequence

from agents.messages import Rules, Seat, Verdict
from agents.protocols.base import Protocol, Step
from agents.table import Table, live


class Single(Protocol):
    """The first proposer of the panel, alone."""

    name = "single"
    decided_by = "proposer"

    def seated(self, seats: Sequence[Seat]) -> tuple[Seat, ...]:
        return tuple(seat for seat in seats if seat.kind == "proposer")[:1]

    def after_evidence(self, table: Table, rules: Rules) -> Step:
        return Step("conclude", "no debate")

    def after_critique(self, table: Table, rules: Rules) -> Step:
        raise AssertionError("nobody criticises")

    def ballots(self, table: Table, rules: Rules) -> Sequence[Verdict]:
        return [
            Verdict(proposal.proposal_id, proposal.by, True, "proposed; nobody debated it") for proposal in live(table)
        ]
