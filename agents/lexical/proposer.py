"""The lexical proposer: mines topics for a category from what the corpus says near a mention of it.

Where there are embeddings, what is far from the category in meaning is left out, phrases of the whole corpus that are near it
stand beside what was mined, and a word that was used already makes room for another.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import log

import numpy as np

from agents.lexical.phrases import Mined, distinct, document_counts, mine
from agents.library import Library
from agents.meaning import Meaning
from agents.messages import Answer, Brief, Candidate, Critique, Draft, Revision, Seat, Withdrawal
from agents.outline import spoken
from agents.reading import facets
from agents.roles import role
from tools.once import once
from tools.search import words

FOREGROUND, FOREGROUND_CHARACTERS, FOREGROUND_DEPTH = 60, 150_000, 600
"""Best documents of the category that are read: enough for support, few enough to stay on the category. Of short ones more,
up to so many characters in all, among the best so many documents."""
BACKGROUND, BACKGROUND_CHARACTERS = 8_000, 2_500_000
"""Documents of the corpus, by content hash, that a phrase's use is contrasted with: so many, or fewer with so many characters
in all (about 2 CPU-seconds of tagging)."""
MIN_SUPPORT = 3
LOOKED_AT = 4
"""Phrases looked up in the corpus for each topic wanted: the best one that can be filled is proposed."""
HOPELESS = 0.5
"""A topic whose documents all together hold less than this share of what it must fill is rejected by every lexical critic."""
STANDS_OUT, STANDS_OUT_ALONE = 5.0, 20.0
"""Times more often near the category than in the corpus: a lone word that does not is no subject of it ("State"). More where
nothing else says what it means."""
WEIGHED = 200
"""Phrases whose meaning is looked at, of the mined ones and of others."""
NEAR, NEAR_UNSEEN = 2.0, 4.0
"""How close to the category a phrase, and one that was not seen near mentions of it, must be in meaning: standard deviations
above its mean over subjects."""
COMMON_PHRASE = 5
"""Documents of the background that a phrase must stand in to be proposed for its meaning alone."""
HEADED = 5
"""Best documents of which one is to be titled like a lone word, for that word to be the name of a subject."""
REPEATS = 4.0
"""What a phrase is worth less for each title that has one of its words: "Saddle" before a fourth kind of horse. Only where
embeddings tell what else is near the category."""
Scored = tuple[float, Mined]
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
        doc_ids = self._foreground(brief.category)
        if len(doc_ids) < MIN_SUPPORT:
            return []
        used = {title.lower() for title in taken}
        said = Counter(stem for title in taken for stem in set(words(title)))
        drafts: list[Draft] = []
        hopeless: list[Draft] = []
        looked_at = 0
        for found in _varied(self._mined(brief, doc_ids), said, REPEATS if self.library.meaning else 0.0):
            title = title_case(found.phrase.surface)
            if title.lower() in used or not self._is_subject(title, found, brief):
                continue
            used.add(title.lower())
            share = self.library.topic(title, brief.category).total_tokens / self.library.target_tokens
            if share >= 1.0:
                drafts.append(_draft(title, found, brief, len(doc_ids)))
                said.update(set(words(title)))
            elif share < HOPELESS:
                hopeless.append(_draft(title, found, brief, len(doc_ids)))
            looked_at += 1
            if len(drafts) == brief.wanted or looked_at == LOOKED_AT * brief.wanted:
                break
        # Where the corpus can fill none, the critics say so of the best: without a proposal no reason would be left behind.
        return drafts or hopeless[: brief.wanted]

    def _foreground(self, category: str) -> Sequence[str]:
        """The documents that speak most of the category, the best first."""
        doc_ids = self.library.mentions(category, FOREGROUND_DEPTH)
        return doc_ids[: max(FOREGROUND, self._upto(doc_ids, FOREGROUND_CHARACTERS))]

    def _upto(self, doc_ids: Sequence[str], characters: int) -> int:
        """How many of the first documents have at most so many characters together."""
        return int((np.cumsum(self.library.shelf.characters(doc_ids)) <= characters).sum())

    def _mined(self, brief: Brief, doc_ids: Sequence[str]) -> list[Scored]:
        """Phrases to look up, the best first; with embeddings also those that are near the category in meaning alone."""
        counts, size, common = self._background
        passages = self.library.passages(brief.category, doc_ids)
        mined = mine([distinct(passage) for passage in passages], counts, size, MIN_SUPPORT)
        meaning = self.library.meaning
        if meaning is None:
            return [(log(1.0 + one.score), one) for one in mined]
        scored = [
            (log(1.0 + one.score) + nearness, one)
            for nearness, one in _with_nearness(meaning, brief, mined[:WEIGHED])
            if nearness >= NEAR
        ]
        known = {one.phrase.key for one in mined}
        others = [one for one in common if one.phrase.key not in known]
        if others:
            quick = meaning.closeness(meaning.vectors([_spoken(one) for one in others]), brief.category)
            others = [others[place] for place in np.argsort(-quick, kind="stable")[:WEIGHED]]
        scored += [pair for pair in _with_nearness(meaning, brief, others) if pair[0] >= NEAR_UNSEEN]
        return sorted(scored, key=lambda pair: (-pair[0], pair[1].phrase.key))

    def _is_subject(self, title: str, found: Mined, brief: Brief) -> bool:
        """Whether a title of the category's own words is one of several things that its name lists ("Sharks" of "Fish and
        Sharks"): all of it is the category once more. And whether a lone word is what a document is about; longer phrases
        are taken to be subjects.

        Without embeddings no such thing is one: by its documents every other topic of the category says the same. The
        titles of a dictionary's entries and of a handbook's chapters are the best names of subjects there are.
        """
        stems = set(words(title))
        if stems <= set(words(brief.category)):
            parts = facets(brief.name) if self.library.meaning else []
            return len(parts) > 1 and stems in [set(words(part)) for part in parts]
        if " " in found.phrase.key:
            return True
        index = self.library.index
        least = STANDS_OUT if self.library.meaning else STANDS_OUT_ALONE
        if found.support and found.share * len(index) < least * index.document_frequency(title):
            return False
        if found.support and found.phrase.plural:
            return True
        heads = self.library.titles(self.library.topic(title, "").doc_ids[:HEADED])
        return any(words(head) == words(title) for head in heads)

    @once
    def _background(self) -> tuple[Counter[str], int, list[Mined]]:
        """How many of so many documents hold each phrase; and the common ones, by key."""
        doc_ids = self.library.shelf.sample(BACKGROUND)
        doc_ids = doc_ids[: max(MIN_SUPPORT, self._upto(doc_ids, BACKGROUND_CHARACTERS))]
        counts, forms = document_counts(distinct([text]) for text in self.library.texts(doc_ids))
        common = sorted(key for key, count in counts.items() if count >= COMMON_PHRASE)
        return counts, len(doc_ids), [Mined(forms[key], 0, 0.0, counts[key] / len(doc_ids), 0.0) for key in common]


def _varied(scored: Sequence[Scored], said: Mapping[str, int], repeats: float) -> Iterator[Mined]:
    """The best first, and what repeats a word later: worth `repeats` less for each title with the word that was `said` most.

    `said` grows between one phrase and the next.
    """
    left = list(scored)
    stems = {one.phrase.key: words(one.phrase.surface) for _, one in left}
    while left:
        worth = [
            score - repeats * max((said[stem] for stem in stems[one.phrase.key]), default=0) for score, one in left
        ]
        yield left.pop(int(np.argmax(worth)))[1]


def _with_nearness(meaning: Meaning, brief: Brief, mined: Sequence[Mined]) -> list[Scored]:
    if not mined:
        return []
    nearness = meaning.nearness([_spoken(one) for one in mined], brief.category)
    return list(zip(nearness.tolist(), mined, strict=True))


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
