"""Curation: the same topic, accepted under several categories, is kept once.

The rule, in order of the topics' on-category share (ties: more documents, then category path): a topic is rejected when
one kept before it has the same title, up to case and punctuation, or when 60 % of their best documents are the same.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from unicodedata import category as unicode_category

from agents.evidence import TOP
from agents.messages import Accepted, Rejection
from taxonomy.names import normalised

MAX_ALIKE = 0.6
"""Jaccard overlap of best documents from which topics of two categories are one."""

BestDocuments = Callable[[str, str], Sequence[str]]
"""(title, category path) -> doc_ids of the topic, best first."""


@dataclass(frozen=True, slots=True)
class Curated:
    """Topics kept, in the order they came in, and those rejected."""

    kept: list[Accepted]
    rejected: list[Rejection]


def curate(accepted: Sequence[Accepted], best: BestDocuments, max_alike: float = MAX_ALIKE) -> Curated:
    """Apply the rule. `best` is asked once a topic."""
    titles: dict[str, Accepted] = {}
    holders: dict[str, list[int]] = {}
    sizes: dict[int, int] = {}
    kept: list[int] = []
    reasons: dict[int, str] = {}
    for place in sorted(range(len(accepted)), key=lambda i: _priority(accepted[i])):
        topic = accepted[place].topic
        title = same_title(topic.title)
        twin = titles.get(title)
        documents = list(dict.fromkeys(best(topic.title, topic.category)))[:TOP]
        if twin:
            reasons[place] = f"the same title as '{twin.topic.title}' of {twin.topic.category}, which fits better"
            continue
        shared = Counter(other for doc_id in documents for other in holders.get(doc_id, ()))
        # Holders are numbered as they were kept, so of equal ones the stronger is named, whatever order the topics came in.
        for other, count in sorted(shared.items(), key=lambda kv: (-kv[1], kv[0])):
            share = count / (len(documents) + sizes[other] - count)
            if share >= max_alike:
                stronger = accepted[kept[other]].topic
                reasons[place] = (
                    f"near the same as '{stronger.title}' of {stronger.category}, which fits better: "
                    f"{share:.0%} of their best documents are the same"
                )
                break
        if place in reasons:
            continue
        titles[title] = accepted[place]
        sizes[len(kept)] = len(documents)
        for doc_id in documents:
            holders.setdefault(doc_id, []).append(len(kept))
        kept.append(place)
    return Curated(
        [accepted[place] for place in sorted(kept)],
        [_rejection(accepted[place], reasons[place]) for place in sorted(reasons)],
    )


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
