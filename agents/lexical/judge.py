"""The lexical judge: removes what the corpus does not bear, the weaker of two alike, and what adds no coverage.

It goes through the candidates from the strongest to the weakest and keeps one only beside those kept already, so a
topic never falls to one that itself was removed.
"""

from collections.abc import Sequence

from agents.evidence import Standing, new_tokens, ranked, recall
from agents.lexical.critic import Thresholds, figures_of, unfit
from agents.library import Library
from agents.messages import Brief, Candidate, Critique, Evidence, Seat, Verdict
from agents.roles import role


class LexicalJudge:
    """Weighs the evidence itself; the critiques are advice, quoted where they agree."""

    def __init__(self, name: str, library: Library, thresholds: Thresholds) -> None:
        self.name = name
        self.library = library
        self.thresholds = thresholds

    async def judge(
        self, brief: Brief, candidates: Sequence[Candidate], critiques: Sequence[Critique]
    ) -> list[Verdict]:
        return await self.library.ask(self._judge, brief, candidates, critiques)

    def _judge(self, brief: Brief, candidates: Sequence[Candidate], critiques: Sequence[Critique]) -> list[Verdict]:
        target = self.library.target_tokens
        evidence = {c.proposal.proposal_id: c.evidence for c in candidates}
        accepts = {c.proposal.proposal_id: _agreement(c.proposal.proposal_id, critiques) for c in candidates}
        verdicts: dict[str, Verdict] = {}
        kept: list[Standing] = []
        for one in ranked([recall(self.library, brief, c) for c in candidates], target):
            key = one.proposal.proposal_id
            reason = unfit(evidence[key], target, self.thresholds) or self._beside(one, evidence[key], kept)
            figures = (*figures_of(evidence[key]), ("critics_accept", accepts[key]))
            if reason is None:
                kept.append(one)
                figures = (*figures, ("place", len(kept)))
            verdicts[key] = Verdict(key, self.name, keep=reason is None, reason=reason or _kept(one), figures=figures)
        return [verdicts[c.proposal.proposal_id] for c in candidates]

    def _beside(self, one: Standing, evidence: Evidence, kept: Sequence[Standing]) -> str | None:
        """Why the topic is not worth having beside those kept; None when it is."""
        alike = dict(evidence.alike)
        twin = max(kept, key=lambda other: alike.get(other.proposal.proposal_id, 0.0), default=None)
        share = alike.get(twin.proposal.proposal_id, 0.0) if twin else 0.0
        if twin and share >= self.thresholds.max_alike:
            return f"the weaker of two alike: says the same as '{twin.proposal.title}' ({share:.2f})"
        target = self.library.target_tokens
        left = new_tokens([*kept, one], target)[one.proposal.proposal_id]
        if left < self.thresholds.min_new * target:
            return f"adds no coverage: beside those kept {left:,} tokens are left of the {target:,} it must fill"
        return None


def _agreement(proposal_id: str, critiques: Sequence[Critique]) -> float:
    """Share of critics that accept the proposal in the last round it was criticised; 1 when none saw it."""
    said = [c for c in critiques if c.proposal_id == proposal_id]
    last = [c.accept for c in said if c.round == max(s.round for s in said)]
    return round(sum(last) / len(last), 3) if last else 1.0


def _kept(one: Standing) -> str:
    return (
        f"kept: about {one.supported:,} tokens speak of it, {one.on_category:.0%} of its documents are the category's, "
        "none kept before it is alike"
    )


@role("judge", kind="judge", model="lexical")
def judge(seat: Seat, library: Library) -> LexicalJudge:
    """The judge that needs no language model."""
    return LexicalJudge(seat.name, library, Thresholds())
