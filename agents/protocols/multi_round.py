"""Several rounds: proposers keep, revise or withdraw what was criticised, until it no longer changes what is accepted."""

from agents.messages import Rules
from agents.protocols.base import Protocol, Step
from agents.table import Table, accepted_in, live, tokens_spent


class MultiRound(Protocol):
    """Accepted in a round is what more than half of its critiques accept.

    The rounds end when all that is left is accepted, when what is accepted has been the same for `patience` rounds,
    at `rounds`, or when the debate's turns have taken `max_tokens`.
    """

    name = "multi_round"
    rounds = 4
    decided_by = "judge"

    def after_critique(self, table: Table, rules: Rules) -> Step:
        round_ = table["round"]
        accepted = accepted_in(table, round_)
        if accepted >= {proposal.proposal_id for proposal in live(table)}:
            return Step("judge", "every topic is accepted")
        if rules.max_tokens is not None and tokens_spent(table) >= rules.max_tokens:
            return Step("judge", "the cap on tokens")
        if round_ >= rules.rounds:
            return Step("judge", "the last round")
        before = range(round_ - rules.patience, round_)
        if before.start >= 1 and all(accepted_in(table, earlier) == accepted for earlier in before):
            return Step("judge", "nothing accepted changes")
        return Step("revise")
