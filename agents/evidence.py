"""Evidence: what the corpus says about a category's proposals, as figures that critics, judges and people can check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.figures import HOLDS, Looked, figures_of_each, figures_of_pairs
from agents.library import NEAR, Library
from agents.messages import Brief, Evidence, Proposal
from agents.reading import SPEAKS, to_read
from tools.search.topic_search import Found

READ_BEST, READ_SPREAD = 16, 104
"""Documents of a topic that are read: the best ones, which say how well the corpus holds it, and some spread evenly over
the rest, which say how much of it there is. With 8 of the rest, every ninth good topic of short entries was taken for
one that cannot be filled."""
ALIKE_FROM = 0.3
"""Likeness below this is not recorded; every threshold is above it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One proposal's documents, how far they are on the category, and how much of what they hold speaks of it."""

    proposal: Proposal
    found: Found
    on_category: float
    coverage: float
    supported: int

    def strength(self, target_tokens: int) -> tuple[float, int]:
        """See `strength`."""
        return strength(self.supported, self.coverage, self.on_category, len(self.found.hits), target_tokens)


def strength(
    supported: int, coverage: float, on_category: float, documents: int, target_tokens: int
) -> tuple[float, int]:
    """Order among proposals: how much speaks of it, up to the target, on the category; then documents."""
    # On-category share as the evidence records it, so that all who rank by it rank alike.
    return (
        round(min(1.0, supported / target_tokens) * round(coverage, 3) * (0.5 + round(on_category, 3)), 6),
        documents,
    )


def gather_evidence(library: Library, brief: Brief, proposals: Sequence[Proposal]) -> list[Evidence]:
    """Evidence for each proposal, in the order given. Blocking: it searches twice a proposal and reads some documents."""
    return evidence_of(library, brief, proposals, [look_up(library, brief, proposal) for proposal in proposals])


def evidence_of(
    library: Library, brief: Brief, proposals: Sequence[Proposal], looked: Sequence[Looked]
) -> list[Evidence]:
    """Evidence from what looking each proposal up gave."""
    standings = [
        Standing(proposal, one.found, one.on_category, one.coverage, one.supported)
        for proposal, one in zip(proposals, looked, strict=True)
    ]
    left = new_tokens(standings, library.target_tokens)
    alike = _alike(proposals, likeness(library, brief, looked))
    size = max(1, len(library.index))
    scores = library.scores
    return [
        Evidence(
            proposal_id=proposal.proposal_id,
            documents=len(one.found.hits),
            tokens=one.found.total_tokens,
            on_category=round(one.on_category, 3),
            lift=round(one.lift, 2),
            share_of_corpus=round(len(one.found.hits) / size, 4),
            new_tokens=left[proposal.proposal_id],
            alike=alike[proposal.proposal_id],
            coverage=round(one.coverage, 3),
            supported=one.supported,
            belongs=scores.belongs.of(figures),
            held=scores.held.of(figures),
            broad=scores.broad.of(figures),
        )
        for proposal, one, figures in zip(proposals, looked, figures_of_each(library, brief, looked), strict=True)
    ]


def look_up(library: Library, brief: Brief, proposal: Proposal) -> Looked:
    """Search and read for one proposal."""
    own = set(library.category_documents(brief.category))
    bare = library.topic(proposal.title, "")
    near = bare.doc_ids[:NEAR]
    share = len(own.intersection(near)) / len(near) if near else 0.0
    chance = len(own) / max(1, len(library.index))
    found = library.topic(proposal.title, brief.category, proposal.explanation)
    coverage, (supported, *held) = _read(library, proposal.title, found, (SPEAKS, *HOLDS))
    lift = share / chance if chance else 0.0
    return Looked(proposal.title, found, bare, share, lift, coverage, supported, tuple(held))


def likeness(library: Library, brief: Brief, looked: Sequence[Looked]) -> NDArray[np.float64]:
    """How likely each two titles say the same, 0 to 1, [n, n]; one title twice says the same for certain."""
    pairs = figures_of_pairs(library, brief, looked)
    same = np.zeros((len(looked), len(looked)))
    for a in range(len(looked)):
        for b in range(a):
            figures = {name: float(table[a, b]) for name, table in pairs.items()}
            certain = figures["shared_words"] == 1.0
            same[a, b] = same[b, a] = 1.0 if certain else library.scores.same.of(figures)
    return same


def new_tokens(standings: Sequence[Standing], target_tokens: int) -> Mapping[str, int]:
    """Tokens left for each proposal, up to the target, when every stronger one has taken its target first."""
    taken: set[str] = set()
    left: dict[str, int] = {}
    for one in ranked(standings, target_tokens):
        own = 0
        for hit, tokens in zip(one.found.hits, one.found.tokens, strict=True):
            if own >= target_tokens:
                break
            if hit.doc_id not in taken:
                taken.add(hit.doc_id)
                own += tokens
        left[one.proposal.proposal_id] = own
    return left


def ranked(standings: Sequence[Standing], target_tokens: int) -> list[Standing]:
    """Strongest first; ties by title, then by id, so that the order never depends on who spoke first."""

    def key(one: Standing) -> tuple[float, int, str, str]:
        strength, documents = one.strength(target_tokens)
        return -strength, -documents, one.proposal.title.lower(), one.proposal.proposal_id

    return sorted(standings, key=key)


def _read(library: Library, title: str, found: Found, shares: Sequence[float]) -> tuple[float, list[int]]:
    """Mean coverage of the title in the best documents, and for each share about how many tokens stand in documents that hold
    so much of the title.
    """
    head, spread = to_read(len(found.hits), READ_BEST, READ_SPREAD)
    covered = np.array(library.covered(title, [found.doc_ids[place] for place in head + spread]))
    best, rest = covered[: len(head)], covered[len(head) :]
    tokens = np.array([found.tokens[place] for place in head])
    beyond = found.total_tokens - int(tokens.sum())
    supported = [
        int(tokens[best >= share].sum()) + (round(beyond * int((rest >= share).sum()) / len(rest)) if len(rest) else 0)
        for share in shares
    ]
    return (float(best.mean()) if len(best) else 0.0), supported


def _alike(proposals: Sequence[Proposal], same: NDArray[np.float64]) -> dict[str, tuple[tuple[str, float], ...]]:
    alike: dict[str, tuple[tuple[str, float], ...]] = {}
    for a, one in enumerate(proposals):
        pairs = [(other.proposal_id, float(same[a, b])) for b, other in enumerate(proposals) if a != b]
        near = sorted((pair for pair in pairs if pair[1] >= ALIKE_FROM), key=lambda pair: (-pair[1], pair[0]))
        alike[one.proposal_id] = tuple(near)
    return alike
