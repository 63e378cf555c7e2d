"""The lexical proposer: mines topics for a category from what the corpus says near a mention of it.

Where there are embeddings, what is nearest to the category in meaning comes first, and what is far from it is left out; then
phrases of the whole corpus that are near it fill what is still wanted.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from math import log

import numpy as np

from agents.lexical.phrases import Mined, distinct, document_counts, mine
from agents.library import Library
from agents.meaning import Meaning
from agents.messages import Answer, Brief, Candidate, Critique, Draft, Revision, Seat, Withdrawal
from agents.outline import spoken
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
NEAR, NEAR_ALONE, NEAR_UNSEEN = 2.0, 3.0, 4.0
"""How close to the category a phrase, a lone word, and a phrase that was not seen near mentions of it must be in meaning:
standard deviations above its mean over subjects."""
COMMON_PHRASE = 5
"""Documents of the background that a phrase must stand in to be proposed for its meaning alone."""
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
        known = set(words(brief.category))
        used = {title.lower() for title in taken}
        drafts: list[Draft] = []
        hopeless: list[Draft] = []
        for found in self._mined(brief, doc_ids):
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

    def _mined(self, brief: Brief, doc_ids: Sequence[str]) -> list[Mined]:
        """Phrases to look up, the best first: mined ones, and then by meaning alone those that are common in the corpus."""
        counts, size, common = self._background
        passages = self.library.passages(brief.category, doc_ids)
        mined = mine([distinct(passage) for passage in passages], counts, size, MIN_SUPPORT)
        most = LOOKED_AT * brief.wanted
        meaning = self.library.meaning
        if meaning is None:
            return mined[:most]
        scored = [
            (log(1.0 + one.score) + nearness, one)
            for one, nearness in _with_nearness(meaning, brief, mined[: 2 * most])
            if nearness >= (NEAR if " " in one.phrase.key else NEAR_ALONE)
        ]
        scored.sort(key=lambda pair: (-pair[0], pair[1].phrase.key))
        best = [one for _, one in scored[:most]]
        known = {one.phrase.key for one in mined}
        others = [one for one in common if one.phrase.key not in known]
        if others:
            quick = meaning.closeness(meaning.vectors([_spoken(one) for one in others]), brief.category)
            others = [others[place] for place in np.argsort(-quick, kind="stable")[:most]]
        near = [(nearness, one) for one, nearness in _with_nearness(meaning, brief, others) if nearness >= NEAR_UNSEEN]
        near.sort(key=lambda pair: (-pair[0], pair[1].phrase.key))
        return best + [one for _, one in near]

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
    def _background(self) -> tuple[Counter[str], int, list[Mined]]:
        """How many of so many documents hold each phrase; and the common ones of several words, by key."""
        doc_ids = self.library.shelf.sample(BACKGROUND)
        counts, forms = document_counts(distinct([text]) for text in self.library.texts(doc_ids))
        common = sorted(key for key, count in counts.items() if count >= COMMON_PHRASE and " " in key)
        return counts, len(doc_ids), [Mined(forms[key], 0, 0.0, counts[key] / len(doc_ids), 0.0) for key in common]


def _with_nearness(meaning: Meaning, brief: Brief, mined: Sequence[Mined]) -> list[tuple[Mined, float]]:
    if not mined:
        return []
    nearness = meaning.nearness([_spoken(one) for one in mined], brief.category)
    return list(zip(mined, nearness.tolist(), strict=True))


def _spoken(one: Mined) -> str:
    return spoken(title_case(one.phrase.surface))


def title_case(surface: str) -> str:
    """The phrase as a heading: capitals except for small words; words that carry capitals of their own keep them."""
    words = surface.split()
    return " ".join(w if not w.islower() or (w in _SMALL and i) else w[:1].upper() + w[1:] for i, w in enumerate(words))


def _draft(title: str, found: Mined, brief: Brief, size: int) -> Draft:
    explanation = (
        f"near mentions of {brief.name} in {found.support} of the {size} documents that speak most of it, "
        f"and in {found.background:.0%} of the corpus's documents"
        if found.support
        else f"near {brief.name} in meaning, and in {found.background:.1%} of the corpus's documents"
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
