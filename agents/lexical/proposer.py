"""The lexical proposer: mines topics for a category from what the corpus says near a mention of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from agents.lexical.phrases import Mined, distinct, document_counts, mine
from agents.library import Library
from agents.messages import Answer, Brief, Candidate, Critique, Draft, Revision, Seat, Withdrawal
from agents.roles import role
from tools.once import once
from tools.search import words

FOREGROUND = 60
"""Best documents of the category that are read: enough for support, few enough to stay on the category."""
BACKGROUND = 1_000
"""Documents of the corpus, by content hash, that a phrase's use is contrasted with."""
MIN_SUPPORT = 3
LOOKED_AT = 4
"""Phrases looked up in the corpus for each topic wanted: the best one that can be filled is proposed."""
HOPELESS = 0.5
"""A topic whose documents all together hold less than this share of what it must fill is rejected by every lexical critic."""
STANDS_OUT = 20.0
"""Times more often near the category than in the corpus: a lone word that does not is no subject of it ("State")."""
HEADED = 5
"""Best documents of which one is to be titled like a lone word, for that word to be the name of a subject."""
_SMALL = frozenset(["of", "and", "the", "in", "for", "on", "to", "a", "an", "by", "with", "from", "at"])


class LexicalProposer:
    """Noun phrases near mentions of the category in at least 3 documents, ranked by contrast with the corpus."""

    def __init__(self, library: Library) -> None:
        self.library = library

    async def propose(self, brief: Brief, taken: Sequence[str]) -> list[Draft]:
        return await self.library.ask(self._propose, brief, taken)

    async def answer(
        self, brief: Brief, own: Sequence[Candidate], critiques: Sequence[Critique], taken: Sequence[str]
    ) -> list[Answer]:
        """Another topic in the place of each that every critic of the round rejected: it has nothing to argue with."""
        fallen: dict[str, str] = {}
        for candidate in own:
            key = candidate.proposal.proposal_id
            said = [c for c in critiques if c.proposal_id == key and c.round == brief.round]
            if said and not any(c.accept for c in said):
                fallen[key] = said[0].reason
        found = await self.propose(replace(brief, wanted=len(fallen)), taken) if fallen else []
        drafts = dict(zip(fallen, found, strict=False))
        by = {candidate.proposal.proposal_id: candidate.proposal.by for candidate in own}
        return [
            Revision(key, by[key], brief.round, drafts[key], reason)
            if key in drafts
            else Withdrawal(key, by[key], brief.round, reason)
            for key, reason in fallen.items()
        ]

    def _propose(self, brief: Brief, taken: Sequence[str]) -> list[Draft]:
        doc_ids = self.library.category_documents(brief.category)[:FOREGROUND]
        if len(doc_ids) < MIN_SUPPORT:
            return []
        counts, size = self._background
        passages = self.library.passages(brief.category, doc_ids)
        mined = mine([distinct(passage) for passage in passages], counts, size, MIN_SUPPORT)
        known = set(words(brief.category))
        used = {title.lower() for title in taken}
        drafts: list[Draft] = []
        hopeless: list[Draft] = []
        for found in mined[: LOOKED_AT * brief.wanted]:
            title = title_case(found.phrase.surface)
            # A title of the category's own words is the category once more.
            if title.lower() in used or known.issuperset(words(title)) or not self._is_subject(title, found):
                continue
            used.add(title.lower())
            share = self.library.topic(title, brief.category).total_tokens / self.library.target_tokens
            if share >= 1.0:
                drafts.append(_draft(title, found, brief, len(doc_ids)))
            elif share < HOPELESS:
                hopeless.append(_draft(title, found, brief, len(doc_ids)))
            if len(drafts) == brief.wanted:
                break
        # Where the corpus can fill none, the critics say so of the best: without a proposal no reason would be left behind.
        return drafts or hopeless[: brief.wanted]

    def _is_subject(self, title: str, found: Mined) -> bool:
        """Whether a lone word is what a document is about; longer phrases are taken to be subjects.

        The titles of a dictionary's entries and of a handbook's chapters are the best names of subjects there are.
        """
        lone = " " not in found.phrase.key
        index = self.library.index
        if lone and found.share * len(index) < STANDS_OUT * index.document_frequency(title):
            return False
        if not lone or found.phrase.plural:
            return True
        heads = self.library.titles(self.library.topic(title, "").doc_ids[:HEADED])
        return any(words(head) == words(title) for head in heads)

    @once
    def _background(self) -> tuple[Counter[str], int]:
        doc_ids = self.library.shelf.sample(BACKGROUND)
        counts, _ = document_counts(distinct([text]) for text in self.library.texts(doc_ids))
        return counts, len(doc_ids)


def title_case(surface: str) -> str:
    """The phrase as a heading: capitals except for small words; words that carry capitals of their own keep them."""
    words = surface.split()
    return " ".join(w if not w.islower() or (w in _SMALL and i) else w[:1].upper() + w[1:] for i, w in enumerate(words))


def _draft(title: str, found: Mined, brief: Brief, size: int) -> Draft:
    explanation = (
        f"near mentions of {brief.name} in {found.support} of the {size} documents that speak most of it, "
        f"and in {found.background:.0%} of the corpus's documents"
    )
    figures = (
        ("support", found.support),
        ("share", round(found.share, 4)),
        ("background", round(found.background, 4)),
        ("contrast", round(found.score, 2)),
    )
    return Draft(title, explanation, figures)


@role("proposer", kind="proposer", model="lexical")
def proposer(seat: Seat, library: Library) -> LexicalProposer:
    """The proposer that needs no language model."""
    return LexicalProposer(library)
