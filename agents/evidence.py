"""Evidence: what the corpus says about a category's proposals, as figures that critics, judges and people can check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents.library import NEAR, Library
from agents.messages import Brief, Candidate, Evidence, Proposal
from agents.reading import SPEAKS, to_read
from tools.search import words
from tools.search.topic_search import Found

TOP = 50
"""Two topics are compared by their best documents: deeper down, every topic of a category meets every other."""
READ_BEST, READ_SPREAD = 16, 8
"""Documents of a topic that are read: the best ones, and some spread evenly over the rest."""
ALIKE_FROM = 0.2
"""Likeness below this is not recorded."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One proposal's documents, how far they are on the category, and how much of what they hold speaks of it."""

    proposal: Proposal
    found: Found
    bare: Found
    on_category: float
    lift: float
    coverage: float
    supported: int
    closeness: float

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
    standings = [standing(library, brief, proposal) for proposal in proposals]
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
            alike=_alike(library, s, standings),
            coverage=round(s.coverage, 3),
            supported=s.supported,
            closeness=round(s.closeness, 3),
        )
        for s in standings
    ]


def standing(library: Library, brief: Brief, proposal: Proposal) -> Standing:
    """Search and read for one proposal."""
    own = set(library.category_documents(brief.category))
    bare = library.topic(proposal.title, "")
    near = bare.doc_ids[:NEAR]
    share = len(own.intersection(near)) / len(near) if near else 0.0
    chance = len(own) / max(1, len(library.index))
    found = library.topic(proposal.title, brief.category, proposal.explanation)
    coverage, supported = _read(library, proposal.title, found)
    closeness = library.closeness(proposal.title, brief.category)
    lift = share / chance if chance else 0.0
    return Standing(proposal, found, bare, share, lift, coverage, supported, closeness)


def recall(library: Library, brief: Brief, candidate: Candidate) -> Standing:
    """The standing behind evidence that was gathered before: searches are remembered, nothing is read again."""
    title, evidence = candidate.proposal.title, candidate.evidence
    return Standing(
        candidate.proposal,
        library.topic(title, brief.category, candidate.proposal.explanation),
        library.topic(title, ""),
        evidence.on_category,
        evidence.lift,
        evidence.coverage,
        evidence.supported,
        evidence.closeness,
    )


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


def overlap(one: Found, other: Found, top: int = TOP) -> float:
    """Jaccard overlap of the best `top` documents of two topics, 0 to 1."""
    a, b = set(one.doc_ids[:top]), set(other.doc_ids[:top])
    return len(a & b) / len(a | b) if a or b else 0.0


def likeness(library: Library, one: Standing, other: Standing) -> float:
    """How far two topics say the same, 0 to 1.

    Static embeddings of the titles where the library has them, otherwise the titles' common words (when their documents
    meet at all); nearly the same documents are the same topic whatever the titles say. Measured: docs/panels.md.
    """
    documents = overlap(one.bare, other.bare)
    if library.embeddings is not None:
        titles = library.closeness(one.proposal.title, other.proposal.title)
    else:
        titles = shared_words(one.proposal.title, other.proposal.title) if documents >= ALIKE_FROM / 2 else 0.0
    return max(titles, documents * documents)


def shared_words(one: str, other: str) -> float:
    """Jaccard overlap of two titles' analysed words, 0 to 1."""
    a, b = set(words(one)), set(words(other))
    return len(a & b) / len(a | b) if a or b else float(one == other)


def _read(library: Library, title: str, found: Found) -> tuple[float, int]:
    """Mean coverage of the title in the best documents, and about how many tokens stand in documents that speak of it."""
    head, spread = to_read(len(found.hits), READ_BEST, READ_SPREAD)
    covered = library.covered(title, [found.doc_ids[place] for place in head + spread])
    best, rest = covered[: len(head)], covered[len(head) :]
    supported = sum(found.tokens[place] for place, share in zip(head, best, strict=True) if share >= SPEAKS)
    if rest:
        beyond = found.total_tokens - sum(found.tokens[: len(head)])
        supported += round(beyond * sum(share >= SPEAKS for share in rest) / len(rest))
    return (sum(best) / len(best) if best else 0.0), supported


def _alike(library: Library, one: Standing, others: Sequence[Standing]) -> tuple[tuple[str, float], ...]:
    pairs = [
        (other.proposal.proposal_id, round(likeness(library, one, other), 3)) for other in others if other is not one
    ]
    return tuple(sorted((pair for pair in pairs if pair[1] >= ALIKE_FROM), key=lambda pair: (-pair[1], pair[0])))
