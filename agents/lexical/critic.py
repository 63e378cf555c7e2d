"""The lexical critic: accepts or rejects on evidence alone, and says with which figures."""

from collections.abc import Sequence
from dataclasses import dataclass

from agents.evidence import strength
from agents.library import Library
from agents.messages import Brief, Candidate, Critique, Evidence, Figures, Seat
from agents.roles import role


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where the line is drawn. Scores, shares and overlaps are 0 to 1; chosen on the tuning half (docs/panels.md)."""

    min_documents: int = 3
    min_belongs: float = 0.5
    min_held: float = 0.6
    min_coverage: float = 0.4
    min_supported: float = 0.5
    """Of the target: the rest is filled with documents that the topic's words find beside the category's."""
    max_share_of_corpus: float = 0.5
    max_broad: float = 0.87
    max_alike: float = 0.6
    min_new: float = 0.5
    """New tokens as a share of what a topic must fill."""


class LexicalCritic:
    """Looks at one thing after another, the gravest first: enough documents, on category, fillable, new, not alike."""

    def __init__(self, name: str, library: Library, thresholds: Thresholds) -> None:
        self.name = name
        self.target_tokens = library.target_tokens
        self.thresholds = thresholds

    async def criticise(self, brief: Brief, candidates: Sequence[Candidate]) -> list[Critique]:
        critiques = []
        stronger: dict[str, str] = {}
        faults: dict[str, str | None] = {}
        for candidate in sorted(candidates, key=self._order):
            faults[candidate.proposal.proposal_id] = self._fault(candidate.evidence, stronger)
            stronger[candidate.proposal.proposal_id] = candidate.proposal.title
        for candidate in candidates:
            fault = faults[candidate.proposal.proposal_id]
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

    def _order(self, candidate: Candidate) -> tuple[float, int, str, str]:
        e, proposal = candidate.evidence, candidate.proposal
        order, documents = strength(e.supported, e.coverage, e.on_category, e.documents, self.target_tokens)
        return -order, -documents, proposal.title.lower(), proposal.proposal_id

    def _fault(self, evidence: Evidence, stronger: dict[str, str]) -> str | None:
        """What speaks against one candidate; `stronger` are the titles of those before it, by id."""
        alone = unfit(evidence, self.target_tokens, self.thresholds)
        if alone:
            return alone
        for other, share in evidence.alike:
            if share >= self.thresholds.max_alike and other in stronger:
                return f"the weaker of two alike: says the same as '{stronger[other]}' ({share:.2f})"
        if evidence.new_tokens < self.thresholds.min_new * self.target_tokens:
            return (
                f"adds no coverage: beside stronger proposals {evidence.new_tokens:,} tokens are left "
                f"of the {self.target_tokens:,} it must fill"
            )
        return None


def unfit(evidence: Evidence, target_tokens: int, thresholds: Thresholds) -> str | None:
    """Why the corpus does not bear this topic in this category, whatever else is proposed; None when it does."""
    e, t = evidence, thresholds
    reason = None
    if e.documents < t.min_documents:
        reason = f"too little evidence: {e.documents} documents above the relevance floor"
    elif e.belongs < t.min_belongs:
        reason = (
            f"off category: {e.on_category:.0%} of its documents are the category's, {e.lift:.1f} times chance; it belongs "
            f"there with a chance of {e.belongs:.0%}"
        )
    elif e.broad >= t.max_broad:
        reason = f"too broad: the name of a whole field with a chance of {e.broad:.0%}"
    elif e.share_of_corpus > t.max_share_of_corpus:
        reason = f"too broad: {e.share_of_corpus:.0%} of the corpus is above its relevance floor"
    elif e.supported < t.min_supported * target_tokens:
        reason = f"cannot be filled: about {e.supported:,} of {target_tokens:,} tokens in documents that speak of it"
    elif e.coverage < t.min_coverage or e.held < t.min_held:
        reason = f"not in the corpus: its best documents hold {e.coverage:.0%} of the title close together, by weight"
    return reason


def figures_of(evidence: Evidence) -> Figures:
    """The evidence as figures for the record."""
    return (
        ("documents", evidence.documents),
        ("tokens", evidence.tokens),
        ("supported", evidence.supported),
        ("coverage", evidence.coverage),
        ("belongs", evidence.belongs),
        ("held", evidence.held),
        ("broad", evidence.broad),
        ("on_category", evidence.on_category),
        ("lift", evidence.lift),
        ("share_of_corpus", evidence.share_of_corpus),
        ("new_tokens", evidence.new_tokens),
        ("most_alike", evidence.alike[0][1] if evidence.alike else 0.0),
    )


def _praise(evidence: Evidence) -> str:
    return (
        f"on category ({evidence.on_category:.0%} of its documents), {evidence.documents} documents with about "
        f"{evidence.supported:,} tokens that speak of it"
    )


@role("critic", kind="critic", model="lexical")
def critic(seat: Seat, library: Library) -> LexicalCritic:
    """The critic that needs no language model."""
    return LexicalCritic(seat.name, library, Thresholds())
