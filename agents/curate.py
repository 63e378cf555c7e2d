"""Curation: the same topic, accepted under several categories, is kept once.

The rule, in order of the topics' on-category share (ties: more documents, then category path): a topic is rejected when
one kept before it has the same title, up to case and punctuation, or when 60 % of their best documents are the same.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agents.evidence import TOP
from agents.lexical.critic import Thresholds
from agents.messages import Accepted, Rejection

BestDocuments = Callable[[str, str], Sequence[str]]
"""(title, category path) -> doc_ids of the topic, best first."""


@dataclass(frozen=True, slots=True)
class Curated:
    """Topics kept, in the order they came in, and those rejected."""

    kept: list[Accepted]
    rejected: list[Rejection]


def curate(accepted: Sequence[Accepted], best: BestDocuments, max_alike: float = Thresholds().max_alike) -> Curated:
    """Apply the rule. `best` is asked once a topic."""
    titles: dict[str, Accepted] = {}
    holders: dict[str, list[int]] = {}
    sizes: dict[int, int] = {}
    kept: set[int] = set()
    reasons: dict[int, str] = {}
    for place in sorted(range(len(accepted)), key=lambda i: _priority(accepted[i])):
        topic = accepted[place].topic
        twin = titles.get(normalised(topic.title))
        documents = list(dict.fromkeys(best(topic.title, topic.category)))[:TOP]
        if twin:
            reasons[place] = f"the same title as '{twin.topic.title}' of {twin.topic.category}, which fits better"
            continue
        shared = Counter(other for doc_id in documents for other in holders.get(doc_id, ()))
        for other, count in sorted(shared.items(), key=lambda kv: (-kv[1], kv[0])):
            share = count / (len(documents) + sizes[other] - count)
            if share >= max_alike:
                stronger = accepted[other].topic
                reasons[place] = (
                    f"near the same as '{stronger.title}' of {stronger.category}, which fits better: "
                    f"{share:.0%} of their best documents are the same"
                )
                break
        if place in reasons:
            continue
        kept.add(place)
        titles[normalised(topic.title)] = accepted[place]
        sizes[place] = len(documents)
        for doc_id in documents:
            holders.setdefault(doc_id, []).append(place)
    return Curated(
        [accepted[place] for place in sorted(kept)],
        [_rejection(accepted[place], reasons[place]) for place in sorted(reasons)],
    )


def normalised(title: str) -> str:
    """A title without case and punctuation."""
    return " ".join(re.findall(r"\w+", title.casefold()))


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
