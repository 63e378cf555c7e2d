"""How a lexical panel settles a table of candidates: from the strongest to the weakest, each beside those that stay.

A candidate falls to one that stays and says the same, or because the corpus does not bear it in this category. So a topic
never falls to one that fell itself. What is the same as a topic that stays is called so even where it has other faults.
"""

from collections.abc import Sequence

from agents.evidence import strength
from agents.messages import Candidate, Evidence, Figures
from agents.scoring import Thresholds


def settle(candidates: Sequence[Candidate], target_tokens: int, thresholds: Thresholds) -> dict[str, str | None]:
    """For each proposal's id why it falls, None where it stays; in the order of strength."""

    def order(candidate: Candidate) -> tuple[float, int, str, str]:
        e, proposal = candidate.evidence, candidate.proposal
        strong, documents = strength(e.supported, e.coverage, e.on_category, e.documents, target_tokens)
        return -strong, -documents, proposal.title.lower(), proposal.proposal_id

    stays: dict[str, str] = {}
    said: dict[str, str | None] = {}
    for candidate in sorted(candidates, key=order):
        proposal, evidence = candidate.proposal, candidate.evidence
        reason = _twin(evidence, stays, thresholds) or unfit(evidence, target_tokens, thresholds)
        if reason is None:
            stays[proposal.proposal_id] = proposal.title
        said[proposal.proposal_id] = reason
    return said


def _twin(evidence: Evidence, stays: dict[str, str], thresholds: Thresholds) -> str | None:
    # `alike` comes most alike first.
    other, share = next(((key, share) for key, share in evidence.alike if key in stays), ("", 0.0))
    if share >= thresholds.max_alike:
        return f"the weaker of two alike: says the same as '{stays[other]}' ({share:.2f})"
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
    elif e.held < t.min_held:
        reason = (
            f"not in the corpus: its best documents hold {e.coverage:.0%} of the title close together, by weight; the corpus "
            f"holds it with a chance of {e.held:.0%}"
        )
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


def praise(evidence: Evidence) -> str:
    """What speaks for a candidate that stays."""
    return (
        f"about {evidence.supported:,} tokens in {evidence.documents} documents speak of it, {evidence.on_category:.0%} of "
        "its documents are the category's, none stronger is alike"
    )
