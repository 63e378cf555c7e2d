"""A listing: all that a taxonomy is made of, before it is a graph. What importers make, what is stored, what is digested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any, NamedTuple

from litelong import UsageError

FORMAT = 1


class SeeAlso(NamedTuple):
    """A cross-reference from one category's path to another's; with `under` to what lies under it."""

    source: str
    target: str
    under: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """Paths with codes in the list's own order (ancestors before their descendants), and what goes with them.

    `aliases` maps a path that is no category (`see` lines) to the one it stands for; `notes` a section's path to its
    usage notes. `edition` is the list's own word for its version; `terms` says whose it is, where it is not the user's.
    """

    name: str
    categories: tuple[tuple[str, str | None], ...]
    see_also: tuple[SeeAlso, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    edition: str | None = None
    terms: str | None = None

    def named(self, name: str) -> Listing:
        """The same listing under another name."""
        return replace(self, name=name)

    def digest(self) -> str:
        """Hex BLAKE2b (16 bytes) of what decides a debate: categories in order, references, aliases; not the name."""
        import orjson

        content = [self.categories, sorted(tuple(edge) for edge in self.see_also), sorted(self.aliases.items())]
        return blake2b(orjson.dumps(content), digest_size=16).hexdigest()

    def to_bytes(self) -> bytes:
        """The stored form (JSON)."""
        import orjson

        values = {
            "format": FORMAT,
            "name": self.name,
            "edition": self.edition,
            "terms": self.terms,
            "digest": self.digest(),
            "categories": self.categories,
            "see_also": [tuple(edge) for edge in self.see_also],
            "aliases": dict(self.aliases),
            "notes": dict(self.notes),
        }
        return orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE)

    @classmethod
    def from_bytes(cls, data: bytes, where: str) -> Listing:
        """Read the stored form again. Raises `UsageError` for anything else, and when its digest does not fit."""
        import orjson

        try:
            values: Any = orjson.loads(data)
            if values["format"] != FORMAT:
                raise UsageError(
                    f"{where}: format {values['format']}, this version reads {FORMAT}; import the list again"
                )
            listing = cls(
                name=values["name"],
                categories=tuple((path, code) for path, code in values["categories"]),
                see_also=tuple(SeeAlso(*edge) for edge in values["see_also"]),
                aliases=values["aliases"],
                notes={path: tuple(notes) for path, notes in values["notes"].items()},
                edition=values["edition"],
                terms=values["terms"],
            )
            intact = listing.digest() == values["digest"]
        except (ValueError, KeyError, TypeError, AttributeError):
            intact = False
        if not intact:
            raise UsageError(f"{where}: damaged; import the list again")
        return listing
