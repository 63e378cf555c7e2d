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
        self._taxonomy = taxonomy
        self.by_alias = {path_key(alias): taxonomy.category(path) for alias, path in self.listing.aliases.items()}
        for edge in self.listing.see_also:
            ends = [taxonomy.category(path).path for path in (edge.source, edge.target)]
            taxonomy.graph.add_edge(*ends, "see_also", kind="see_also", under=edge.under)

    @property
    def edition(self) -> str | None:
        """The list's own word for its version, where it is known."""
        return self.listing.edition

    def digest(self) -> str:
        """Hex digest of all that decides a debate: categories, codes, order, references, aliases."""
        return self.listing.digest()

    def see_also(self, category: Category) -> list[tuple[Category, bool]]:
        """The categories that this one refers to, each with whether only what lies under it is meant."""
        edges = self._taxonomy.graph.out_edges(category.path, keys=True, data="under")
        return [(self._taxonomy.category(target), under) for _, target, kind, under in edges if kind == "see_also"]

    def notes(self, category: Category) -> tuple[str, ...]:
        """The usage notes of the section that `category` belongs to."""
        return self.listing.notes.get(category.section, ())
