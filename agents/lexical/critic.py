"""The lexical critic: accepts or rejects on evidence alone, and says with which figures."""

from collections.abc import Sequence

from agents.lexical.settling import figures_of, praise, settle
from agents.library import Library
from agents.messages import Brief, Candidate, Critique, Seat
from agents.roles import role
from agents.scoring import Thresholds


class LexicalCritic:
    """Says of each candidate whether it should stay among those it is shown (agents/lexical/settling.py)."""

    def __init__(self, name: str, library: Library, thresholds: Thresholds) -> None:
        self.name = name
        self.target_tokens = library.target_tokens
        self.thresholds = thresholds

    async def criticise(self, brief: Brief, candidates: Sequence[Candidate]) -> list[Critique]:
        faults = settle(candidates, self.target_tokens, self.thresholds)
        return [
            Critique(
                candidate.proposal.proposal_id,
                self.name,
                brief.round,
                accept=faults[candidate.proposal.proposal_id] is None,
                reason=faults[candidate.proposal.proposal_id] or praise(candidate.evidence),
                figures=figures_of(candidate.evidence),
            )
            for candidate in candidates
        ]


@role("critic", kind="critic", model="lexical")
def critic(seat: Seat, library: Library) -> LexicalCritic:
    """The critic that needs no language model."""
    return LexicalCritic(seat.name, library, library.scores.thresholds)
