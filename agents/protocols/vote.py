"""Critics only vote: the control without a judge."""

from collections.abc import Sequence

from agents.messages import Critique, Event, Rules, Seat, Verdict
from agents.protocols.base import Protocol, Step
from agents.table import Table, turns_of


class Vote(Protocol):
    """Every critique is a ballot. Nobody answers, and nobody judges."""

    name = "vote"
    decided_by = "critic"

    def seated(self, seats: Sequence[Seat]) -> tuple[Seat, ...]:
        return tuple(seat for seat in seats if seat.kind != "judge")

    def after_critique(self, table: Table, rules: Rules) -> Step:
        return Step("conclude", "one round")

    def ballots(self, table: Table, rules: Rules) -> Sequence[Verdict]:
        said = {(critique.by, critique.proposal_id): critique for critique in table.get("critiques", [])}
        turns = [event for event in turns_of(table, "criticise") if event.problem is None]
        return [_ballot(event, key, said.get((event.agent, key)), rules) for event in turns for key in event.shown]


def _ballot(event: Event, proposal_id: str, critique: Critique | None, rules: Rules) -> Verdict:
    """A critique as a ballot. One that passes a topic over rejects nothing, and accepts nothing either."""
    if critique is None:
        keep = rules.retention == "filter_reject"
        return Verdict(proposal_id, event.agent, keep, "said nothing against it" if keep else "did not accept it")
    scores = [value for _, value in critique.figures]
    mean = (("score", round(sum(scores) / len(scores), 3)),) if scores and event.model != "lexical" else ()
    return Verdict(proposal_id, event.agent, critique.accept, critique.reason, (*critique.figures, *mean))
