"""Counts of a taxonomy, for `litelong taxonomy stats` and the report."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from taxonomy.categories import Taxonomy


@dataclass(frozen=True, slots=True)
class SectionStats:
    """Counts of one section: its categories (itself included), the debated ones among them, and their topics."""

    name: str
    code: str | None
    categories: int
    debated: int
    topics: int


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
    by_depth: tuple[int, ...]
    per_section: tuple[SectionStats, ...]


def count(taxonomy: Taxonomy) -> TaxonomyStats:
    """The counts of `taxonomy`."""
    debated = Counter(c.section for c in taxonomy.debated())
    depths = Counter(c.depth for c in taxonomy)
    leaves = len(taxonomy.leaves())
    per_section = tuple(
        SectionStats(
            section.name,
            section.code,
            len(taxonomy.subtree(section)),
            debated[section.section],
            len(taxonomy.topics(section, subtree=True)),
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
        debated=debated.total(),
        topics=sum(section.topics for section in per_section),
        by_depth=tuple(depths[depth] for depth in range(len(depths))),
        per_section=per_section,
    )
