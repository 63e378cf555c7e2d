"""The lexical critic: accepts or rejects on evidence alone, and says with which figures."""

from collections.abc import Sequence
from dataclasses import dataclass

from agents.evidence import strength
from agents.library import Library
from agents.messages import Brief, Candidate, Critique, Evidence, Figures, Seat
from agents.roles import role


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where the line is drawn. Shares and overlaps are 0 to 1."""

    min_documents: int = 3
    min_on_category: float = 0.03
    min_lift: float = 0.8
    strong_lift: float = 8.0
    min_belonging: float = 0.09
    """With embeddings: on-category share plus half the cosine of title and category."""
    min_coverage: float = 0.5
    max_share_of_corpus: float = 0.5
    max_shared_words: float = 0.4
    max_closeness: float = 0.45
    min_new: float = 0.5
    """New tokens as a share of what a topic must fill."""

    def max_alike(self, library: Library) -> float:
        """From which likeness on two topics are one: as measured with embeddings, or without."""
        return self.max_closeness if library.embeddings is not None else self.max_shared_words


class LexicalCritic:
    """Looks at one thing after another, the gravest first: enough documents, on category, fillable, new, not alike."""

    def __init__(self, name: str, library: Library, thresholds: Thresholds) -> None:
        self.name = name
        self.target_tokens = library.target_tokens
        self.thresholds = thresholds
        self.embedded = library.embeddings is not None
        self.max_alike = thresholds.max_alike(library)

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
        alone = unfit(evidence, self.target_tokens, self.thresholds, embedded=self.embedded)
        if alone:
            return alone
        for other, share in evidence.alike:
            if share >= self.max_alike and other in stronger:
                return f"the weaker of two alike: says the same as '{stronger[other]}' ({share:.2f})"
        if evidence.new_tokens < self.thresholds.min_new * self.target_tokens:
            return (
                f"adds no coverage: beside stronger proposals {evidence.new_tokens:,} tokens are left "
                f"of the {self.target_tokens:,} it must fill"
            )
        return None


def unfit(evidence: Evidence, target_tokens: int, thresholds: Thresholds, *, embedded: bool) -> str | None:
    """Why the corpus does not bear this topic in this category, whatever else is proposed; None when it does.

    `embedded` says whether `evidence.closeness` was measured.
    """
    e, t = evidence, thresholds
    reason = None
    if e.documents < t.min_documents:
        reason = f"too little evidence: {e.documents} documents above the relevance floor"
    elif not belongs(evidence, thresholds, embedded=embedded):
        reason = f"off category: {e.on_category:.0%} of its documents are the category's, {e.lift:.1f} times chance"
        reason += f"; title and category have cosine {e.closeness:.2f}" if embedded else ""
    elif e.coverage < t.min_coverage:
        reason = f"not in the corpus: its best documents hold {e.coverage:.0%} of the title close together, by weight"
    elif e.supported < target_tokens:
        reason = f"cannot be filled: about {e.supported:,} of {target_tokens:,} tokens in documents that speak of it"
    elif e.share_of_corpus > t.max_share_of_corpus:
        reason = f"too broad: {e.share_of_corpus:.0%} of the corpus is above its relevance floor"
    return reason


def belongs(evidence: Evidence, thresholds: Thresholds, *, embedded: bool) -> bool:
    """Whether the topic is of its category: by their documents, and by what the words mean where that is known."""
    documents = evidence.on_category >= thresholds.min_on_category and evidence.lift >= thresholds.min_lift
    # In a large corpus even a few documents in common are far beyond chance.
    if documents or evidence.lift >= thresholds.strong_lift:
        return True
    return embedded and evidence.on_category + 0.5 * evidence.closeness >= thresholds.min_belonging


def figures_of(evidence: Evidence) -> Figures:
    """The evidence as figures for the record."""
    return (
        ("documents", evidence.documents),
        ("tokens", evidence.tokens),
        ("supported", evidence.supported),
        ("coverage", evidence.coverage),
        ("closeness", evidence.closeness),
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
