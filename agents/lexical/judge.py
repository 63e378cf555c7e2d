"""The lexical judge: removes what the corpus does not bear, and the weaker of two alike (agents/lexical/settling.py)."""

from collections.abc import Sequence

from agents.lexical.settling import figures_of, praise, settle
from agents.library import Library
from agents.messages import Brief, Candidate, Critique, Seat, Verdict
from agents.roles import role
from agents.scoring import Thresholds


class LexicalJudge:
    """Weighs the evidence itself; the critiques are advice, and how many agree is recorded."""

    def __init__(self, name: str, library: Library, thresholds: Thresholds) -> None:
        self.name = name
        self.target_tokens = library.target_tokens
        self.thresholds = thresholds

    async def judge(
        self, brief: Brief, candidates: Sequence[Candidate], critiques: Sequence[Critique]
    ) -> list[Verdict]:
        faults = settle(candidates, self.target_tokens, self.thresholds)
        stays = [key for key, fault in faults.items() if fault is None]
        places = {key: place for place, key in enumerate(stays, 1)}
        verdicts = []
        for candidate in candidates:
            key, evidence = candidate.proposal.proposal_id, candidate.evidence
            figures = (*figures_of(evidence), ("critics_accept", _agreement(key, critiques)))
            if key in places:
                figures = (*figures, ("place", places[key]))
            reason = faults[key] or f"kept: {praise(evidence)}"
            verdicts.append(Verdict(key, self.name, keep=key in places, reason=reason, figures=figures))
        return verdicts


def _agreement(proposal_id: str, critiques: Sequence[Critique]) -> float:
    """Share of critics that accept the proposal in the last round it was criticised; 1 when none saw it."""
    said = [c for c in critiques if c.proposal_id == proposal_id]
    last = [c.accept for c in said if c.round == max(s.round for s in said)]
    return round(sum(last) / len(last), 3) if last else 1.0


@role("judge", kind="judge", model="lexical")
def judge(seat: Seat, library: Library) -> LexicalJudge:
    """The judge that needs no language model."""
    return LexicalJudge(seat.name, library, library.scores.thresholds)
