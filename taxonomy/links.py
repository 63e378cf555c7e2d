"""What goes across the tree of a taxonomy or stands beside it: cross-references, aliases, usage notes, its edition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taxonomy.listing import Listing
from taxonomy.names import path_key

if TYPE_CHECKING:
    from taxonomy.categories import Category, Taxonomy


class Links:
    """The links of one taxonomy; those of a listing become `see_also` edges of its graph."""

    def __init__(self, taxonomy: Taxonomy, listing: Listing | None = None) -> None:
        """Add the listing's links to the graph. Raises `UsageError` when one leads to a category that is not there."""
        rows = tuple((category.path, category.code) for category in taxonomy)
        self.listing = listing or Listing(taxonomy.name, rows)
        self.by_alias = {path_key(alias): taxonomy.category(path) for alias, path in self.listing.aliases.items()}
        self._see_also: dict[str, list[tuple[Category, bool]]] = {}
        for edge in self.listing.see_also:
            source, target = taxonomy.category(edge.source), taxonomy.category(edge.target)
            taxonomy.graph.add_edge(source.path, target.path, "see_also", kind="see_also", under=edge.under)
            self._see_also.setdefault(source.path, []).append((target, edge.under))

    @property
    def edition(self) -> str | None:
        """The list's own word for its version, where it is known."""
        return self.listing.edition

    def digest(self) -> str:
        """Hex digest of all that decides a debate: categories, codes, order, references, aliases."""
        return self.listing.digest()

    def see_also(self, category: Category) -> list[tuple[Category, bool]]:
        """The categories that this one refers to, each with whether only what lies under it is meant."""
        return list(self._see_also.get(category.path, ()))

    def notes(self, category: Category) -> tuple[str, ...]:
        """The usage notes of the section that `category` belongs to."""
        return self.listing.notes.get(category.section, ())
