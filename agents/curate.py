"""Curation: a topic that several categories share is found, and merged or kept by one rule.

Topics are gone through in order of their on-category share (ties: more documents, then category path). Each is compared with
those kept before it, which fit their category better:

- `exact` or `normalised` (case, punctuation, endings: "Coral Reef", "coral-reefs"): the same title. It is merged into the better
  one, unless it is of another category and fewer than 10 % of their best documents are the same: then one name stands for two
  subjects, and both are kept.
- `near`: other titles, and 60 % of their best documents are the same. It is merged.

What is merged is rejected with the reason, and the topic that is kept names it; what is kept beside its namesake names that.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal
from unicodedata import category as unicode_category

from agents.figures import TOP
from agents.messages import Accepted, Rejection
from taxonomy import Topic
from taxonomy.names import normalised
from tools.search import words

MAX_ALIKE = 0.6
"""Jaccard overlap of best documents from which topics with different titles are one."""
MIN_ALIKE = 0.1
"""Jaccard overlap of best documents below which topics with one title are two."""

BestDocuments = Callable[[str, str], Sequence[str]]
"""(title, category path) -> doc_ids of the topic, best first."""
How = Literal["exact", "normalised", "near"]


@dataclass(frozen=True, slots=True)
class Shared:
    """Another topic that a kept one shares its title or documents with, how much of them (0 to 1), and what was decided."""

    topic_id: str
    title: str
    category: str
    how: How
    documents: float
    decision: Literal["merged", "kept"]


@dataclass(frozen=True, slots=True)
class Curated:
    """Topics kept, in the order they came in, those rejected, and what the kept ones share, by topic id."""

    kept: list[Accepted]
    rejected: list[Rejection]
    shared: dict[str, list[Shared]] = field(default_factory=dict)


def curate(accepted: Sequence[Accepted], best: BestDocuments, max_alike: float = MAX_ALIKE) -> Curated:
    """Apply the rule. `best` is asked once a topic."""
    kept = _Kept(accepted, max_alike)
    reasons: dict[int, str] = {}
    for place in sorted(range(len(accepted)), key=lambda i: _priority(accepted[i])):
        topic = accepted[place].topic
        reason = kept.offer(place, list(dict.fromkeys(best(topic.title, topic.category)))[:TOP])
        if reason:
            reasons[place] = reason
    return Curated(
        [accepted[place] for place in sorted(kept.places)],
        [_rejection(accepted[place], reasons[place]) for place in sorted(reasons)],
        kept.shared,
    )


class _Kept:
    """The topics kept so far, numbered as they were kept, so that of equal ones the stronger is named first."""

    def __init__(self, accepted: Sequence[Accepted], max_alike: float) -> None:
        self.accepted, self.max_alike = accepted, max_alike
        self.places: list[int] = []
        self.shared: dict[str, list[Shared]] = {}
        self._namesakes: dict[str, list[int]] = {}
        self._holders: dict[str, list[int]] = {}
        self._sizes: list[int] = []

    def offer(self, place: int, documents: Sequence[str]) -> str | None:
        """Keep the topic, or say why it is merged into one that is kept."""
        topic = self.accepted[place].topic
        key = title_key(topic.title)
        common = Counter(other for doc_id in documents for other in self._holders.get(doc_id, ()))
        alike = {n: count / (len(documents) + self._sizes[n] - count) for n, count in common.items()}
        apart: list[int] = []
        for number in self._namesakes.get(key, ()):
            if self._is_one(topic, number, documents, alike.get(number, 0.0)):
                return self._merge(place, number, self._how(topic.title, number), alike.get(number, 0.0))
            apart.append(number)
        for number, share in sorted(alike.items(), key=lambda pair: (-pair[1], pair[0])):
            if share >= self.max_alike:
                return self._merge(place, number, "near", share)
        for number in apart:
            how, share = self._how(topic.title, number), alike.get(number, 0.0)
            self._note(number, place, how, share, "kept")
            self._note_topic(topic.topic_id, self.places[number], how, share, "kept")
        self._namesakes.setdefault(key, []).append(len(self.places))
        for doc_id in documents:
            self._holders.setdefault(doc_id, []).append(len(self.places))
        self.places.append(place)
        self._sizes.append(len(documents))
        return None

    def _is_one(self, topic: Topic, number: int, documents: Sequence[str], share: float) -> bool:
        """Whether two topics with one title are one subject. Without documents nothing says that they are two."""
        same_category = self.accepted[self.places[number]].topic.category == topic.category
        return same_category or share >= MIN_ALIKE or not documents or not self._sizes[number]

    def _merge(self, place: int, number: int, how: How, share: float) -> str:
        self._note(number, place, how, share, "merged")
        stronger = self.accepted[self.places[number]].topic
        what = {"exact": "the same title as", "normalised": "the same title, but for its form, as"}
        begin = what.get(how, "near the same as")
        end = "" if how != "near" else f": {share:.0%} of their best documents are the same"
        return f"{begin} '{stronger.title}' of {stronger.category}, which fits better{end}"

    def _how(self, title: str, number: int) -> How:
        return "exact" if title == self.accepted[self.places[number]].topic.title else "normalised"

    def _note(self, number: int, other: int, how: How, share: float, decision: Literal["merged", "kept"]) -> None:
        self._note_topic(self.accepted[self.places[number]].topic.topic_id, other, how, share, decision)

    def _note_topic(
        self, topic_id: str, other: int, how: How, share: float, decision: Literal["merged", "kept"]
    ) -> None:
        topic = self.accepted[other].topic
        noted = Shared(topic.topic_id, topic.title, topic.category, how, round(share, 3), decision)
        self.shared.setdefault(topic_id, []).append(noted)


def title_key(title: str) -> str:
    """What titles have in common that differ in form alone: their stems where they are plain words, else `same_title`.

    Symbols and other scripts tell topics apart in ways that an English stemmer does not know.
    """
    plain = same_title(title)
    if plain.isascii() and plain.replace(" ", "").isalpha():
        return " ".join(words(plain)) or plain
    return plain


def same_title(title: str) -> str:
    """What titles that differ in case, spacing and punctuation have in common. Symbols tell topics apart: C, C++ and C#."""
    folded = normalised(title)
    plain = "".join(c if c == "#" or unicode_category(c)[0] != "P" else " " for c in folded)
    return " ".join(plain.split()) or folded


def _priority(one: Accepted) -> tuple[float, int, str, str]:
    evidence = one.evidence
    return (-evidence.on_category, -evidence.documents, one.topic.category, one.topic.topic_id)


def _rejection(one: Accepted, reason: str) -> Rejection:
    topic = one.topic
    return Rejection(
        title=topic.title,
        explanation=topic.explanation,
        category=topic.category,
        proposed_by=", ".join(topic.provenance.proposed_by),
        rejected_by="curate",
        reason=reason,
        figures=(("on_category", one.evidence.on_category), ("documents", float(one.evidence.documents))),
    )
