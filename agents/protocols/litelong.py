"""LiteLong's protocol (arXiv 2509.15568): propose, criticise, judge. With `rounds` above 1, proposers answer in between."""

from agents.messages import Rules
from agents.protocols.base import Protocol, Step
from agents.table import Table, critiques_of, live


class LiteLong(Protocol):
    """The judge has the last word; another round is held while one is left and some topic has no critic for it."""

    name = "litelong"
    decided_by = "judge"

    def after_critique(self, table: Table, rules: Rules) -> Step:
        supported = {critique.proposal_id for critique in critiques_of(table, table["round"]) if critique.accept}
        if all(proposal.proposal_id in supported for proposal in live(table)):
            return Step("judge", "every topic has a critic for it")
        if table["round"] >= rules.rounds:
            return Step("judge", "the last round" if rules.rounds > 1 else "one round")
        return Step("revise")
