"""Counts of a taxonomy, for `litelong taxonomy stats` and the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from taxonomy.categories import Category, Taxonomy


@dataclass(frozen=True, slots=True)
class SectionStats:
    """Counts of one section: its categories (itself included), the debated ones among them, and their topics.

    `covered` of the debated ones have topics of their own; `coverage` is their share (0 to 1; 0 where none is debated).
    """

    name: str
    code: str | None
    categories: int
    debated: int
    topics: int
    covered: int
    coverage: float


@dataclass(frozen=True, slots=True)
class TaxonomyStats:
    """Counts of a taxonomy. `leaves` + `inner` = `categories`; `by_depth[d]` counts the categories at depth d, sections at 0."""

    name: str
    categories: int
    sections: int
    leaves: int
    inner: int
    coded: int
    debated: int
    topics: int
    covered: int
    coverage: float
    by_depth: tuple[int, ...]
    per_section: tuple[SectionStats, ...]


def count(taxonomy: Taxonomy, debated: Sequence[Category] | None = None) -> TaxonomyStats:
    """The counts of `taxonomy`; `debated` are the categories of a run (None: those debated by default)."""
    among = taxonomy.debated() if debated is None else debated
    have = {topic.category for topic in taxonomy.topics()}
    asked = Counter(c.section for c in among)
    covered = Counter(c.section for c in among if c.path in have)
    depths = Counter(c.depth for c in taxonomy)
    leaves = len(taxonomy.leaves())
    per_section = tuple(
        SectionStats(
            section.name,
            section.code,
            len(taxonomy.subtree(section)),
            asked[section.section],
            len(taxonomy.topics(section, subtree=True)),
            covered[section.section],
            _share(covered[section.section], asked[section.section]),
        )
        for section in taxonomy.sections()
    )
    return TaxonomyStats(
        name=taxonomy.name,
        categories=len(taxonomy),
        sections=len(per_section),
        leaves=leaves,
        inner=len(taxonomy) - leaves,
        coded=sum(1 for c in taxonomy if c.code),
        debated=asked.total(),
        topics=sum(section.topics for section in per_section),
        covered=covered.total(),
        coverage=_share(covered.total(), asked.total()),
        by_depth=tuple(depths[depth] for depth in range(len(depths))),
        per_section=per_section,
    )


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
