"""The lexical critic: accepts or rejects on evidence alone, and says with which figures."""

from collections.abc import Sequence
from dataclasses import dataclass

from agents.library import Library
from agents.messages import Brief, Candidate, Critique, Evidence, Figures, Seat
from agents.roles import role


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where the line is drawn. Shares and overlaps are 0 to 1."""

    min_documents: int = 3
    min_on_category: float = 0.3
    min_lift: float = 1.5
    max_share_of_corpus: float = 0.5
    max_alike: float = 0.6
    min_new: float = 1.0
    """New tokens as a share of what a topic must fill."""


class LexicalCritic:
    """Looks at one thing after another, the gravest first: enough documents, on category, fillable, new, not alike."""

    def __init__(self, name: str, target_tokens: int, thresholds: Thresholds) -> None:
        self.name = name
        self.target_tokens = target_tokens
        self.thresholds = thresholds

    async def criticise(self, brief: Brief, candidates: Sequence[Candidate]) -> list[Critique]:
        titles = {c.proposal.proposal_id: c.proposal.title for c in candidates}
        critiques = []
        for candidate in candidates:
            fault = self._fault(candidate.evidence, titles)
            critiques.append(
                Critique(
                    candidate.proposal.proposal_id,
                    self.name,
                    brief.round,
                    accept=fault is None,
                    reason=fault or _praise(candidate.evidence),
                    figures=figures_of(candidate.evidence),
                )
            )
        return critiques

    def _fault(self, evidence: Evidence, titles: dict[str, str]) -> str | None:
        alone = unfit(evidence, self.target_tokens, self.thresholds)
        if alone:
            return alone
        for other, share in evidence.alike:
            if share >= self.thresholds.max_alike and other in titles:
                return f"alike: {share:.0%} of its best documents are those of '{titles[other]}'"
        if evidence.new_tokens < self.thresholds.min_new * self.target_tokens:
            return (
                f"adds no coverage: beside stronger proposals {evidence.new_tokens:,} tokens are left "
                f"of the {self.target_tokens:,} it must fill"
            )
        return None


def unfit(evidence: Evidence, target_tokens: int, thresholds: Thresholds) -> str | None:
    """Why the corpus does not bear this topic in this category, whatever else is proposed; None when it does."""
    if evidence.documents < thresholds.min_documents:
        return f"too little evidence: {evidence.documents} documents above the relevance floor"
    if evidence.on_category < thresholds.min_on_category or evidence.lift < thresholds.min_lift:
        return (
            f"off category: {evidence.on_category:.0%} of its documents are the category's, "
            f"{evidence.lift:.1f} times what chance gives"
        )
    if evidence.share_of_corpus > thresholds.max_share_of_corpus:
        return f"too broad: {evidence.share_of_corpus:.0%} of the corpus is above its relevance floor"
    if evidence.tokens < target_tokens:
        return f"cannot be filled: about {evidence.tokens:,} of {target_tokens:,} tokens above the relevance floor"
    return None


def figures_of(evidence: Evidence) -> Figures:
    """The evidence as figures for the record."""
    return (
        ("documents", evidence.documents),
        ("tokens", evidence.tokens),
        ("on_category", evidence.on_category),
        ("lift", evidence.lift),
        ("share_of_corpus", evidence.share_of_corpus),
        ("new_tokens", evidence.new_tokens),
        ("most_alike", evidence.alike[0][1] if evidence.alike else 0.0),
    )


def _praise(evidence: Evidence) -> str:
    return (
        f"on category ({evidence.on_category:.0%} of its documents), {evidence.documents} documents with about "
        f"{evidence.tokens:,} tokens, {evidence.new_tokens:,} of them new"
    )


@role("critic", kind="critic", model="lexical")
def critic(seat: Seat, library: Library) -> LexicalCritic:
    """The critic that needs no language model."""
    return LexicalCritic(seat.name, library.target_tokens, Thresholds())
