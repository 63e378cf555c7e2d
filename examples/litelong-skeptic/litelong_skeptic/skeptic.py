"""A critic that doubts what nearly everything in the corpus, or nearly nothing, speaks of. It needs no language model."""

from collections.abc import Sequence

from agents import Brief, Candidate, Critique, Library, Seat, role

FEW, MOST = 5, 0.2
"""Documents below which a topic is doubted, and the share of the corpus above which it is."""


class Skeptic:
    """Accepts or rejects every candidate by the number of documents that stand behind it."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def criticise(self, brief: Brief, candidates: Sequence[Candidate]) -> list[Critique]:
        said = []
        for candidate in candidates:
            evidence = candidate.evidence
            doubts = evidence.documents < FEW or evidence.share_of_corpus > MOST
            reason = f"{evidence.documents} documents, {evidence.share_of_corpus:.0%} of the corpus"
            figures = (("documents", float(evidence.documents)), ("share_of_corpus", evidence.share_of_corpus))
            said.append(Critique(candidate.proposal.proposal_id, self.name, brief.round, not doubts, reason, figures))
        return said


@role("skeptic", kind="critic")
def skeptic(seat: Seat, library: Library) -> Skeptic:
    """Works on evidence alone, so on any model: `model` is left out."""
    return Skeptic(seat.name)
