"""Evidence: what the corpus says about a category's proposals, as figures that critics, judges and people can check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents.library import Found, Library
from agents.messages import Brief, Evidence, Proposal

TOP = 50
"""Two topics are compared by their best documents: deeper down, every topic of a category meets every other."""
ALIKE_FROM = 0.2
"""Overlaps below this are not recorded."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One proposal's documents, and how strongly they speak for it."""

    proposal: Proposal
    found: Found
    on_category: float
    lift: float

    def strength(self, target_tokens: int) -> tuple[float, int]:
        """Order among proposals: on-category share scaled by how much of the target it fills, then documents."""
        return (self.on_category * min(1.0, self.found.total_tokens / target_tokens), len(self.found.hits))


def gather_evidence(library: Library, brief: Brief, proposals: Sequence[Proposal]) -> list[Evidence]:
    """Evidence for each proposal, in the order given. Blocking: it searches twice a proposal."""
    standings = [_standing(library, brief, proposal) for proposal in proposals]
    left = new_tokens(standings, library.target_tokens)
    size = max(1, len(library.index))
    return [
        Evidence(
            proposal_id=s.proposal.proposal_id,
            documents=len(s.found.hits),
            tokens=s.found.total_tokens,
            on_category=round(s.on_category, 3),
            lift=round(s.lift, 2),
            share_of_corpus=round(len(s.found.hits) / size, 4),
            new_tokens=left[s.proposal.proposal_id],
            alike=_alike(s, standings),
        )
        for s in standings
    ]


def new_tokens(standings: Sequence[Standing], target_tokens: int) -> Mapping[str, int]:
    """Tokens left for each proposal, up to the target, when every stronger one has taken its target first."""
    taken: set[str] = set()
    left: dict[str, int] = {}
    for standing in ranked(standings, target_tokens):
        own = 0
        for hit, tokens in zip(standing.found.hits, standing.found.tokens, strict=True):
            if own >= target_tokens:
                break
            if hit.doc_id not in taken:
                taken.add(hit.doc_id)
                own += tokens
        left[standing.proposal.proposal_id] = own
    return left


def ranked(standings: Sequence[Standing], target_tokens: int) -> list[Standing]:
    """Strongest first; ties by title, so that the order never depends on who spoke first."""
    return sorted(standings, key=lambda s: (*(-x for x in s.strength(target_tokens)), s.proposal.title.lower()))


def overlap(one: Found, other: Found, top: int = TOP) -> float:
    """Jaccard overlap of the best `top` documents of two topics, 0 to 1."""
    a, b = set(one.doc_ids[:top]), set(other.doc_ids[:top])
    return len(a & b) / len(a | b) if a or b else 0.0


def _standing(library: Library, brief: Brief, proposal: Proposal) -> Standing:
    own = set(library.category(brief.category).doc_ids)
    bare = library.topic(proposal.title, "").doc_ids
    share = len(own.intersection(bare)) / len(bare) if bare else 0.0
    chance = len(own) / max(1, len(library.index))
    return Standing(proposal, library.topic(proposal.title, brief.category), share, share / chance if chance else 0.0)


def _alike(standing: Standing, others: Sequence[Standing]) -> tuple[tuple[str, float], ...]:
    pairs = [
        (other.proposal.proposal_id, round(overlap(standing.found, other.found), 3))
        for other in others
        if other is not standing
    ]
    return tuple(sorted((pair for pair in pairs if pair[1] >= ALIKE_FROM), key=lambda pair: (-pair[1], pair[0])))
