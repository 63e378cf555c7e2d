"""`litelong taxonomy import`: read a list, keep it under a name, and give an account of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from litelong import UsageError
from taxonomy import Taxonomy
from taxonomy.importing.reading import read_file
from taxonomy.sources import SHIPPED
from taxonomy.store import NAME, place
from tools.files import write_atomic


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import read, left out and made. Counts are of rows and categories; `by_depth[0]` are the sections."""

    name: str
    file: str
    form: str
    origin: str | None
    edition: str | None
    digest: str
    place: str
    replaced: bool
    read: int
    categories: int
    by_depth: tuple[int, ...]
    coded: int
    leaves: int
    see_also: int
    see_also_sources: int
    aliases: int
    notes: int
    skipped: dict[str, int]
    changed: dict[str, int]
    warnings: tuple[str, ...]
    terms: str | None

    def lines(self) -> Iterator[str]:
        """The account for people."""
        what = ", ".join(filter(None, [self.edition and f"{self.edition} edition", self.origin]))
        yield f"read {self.read:,} lines of {self.file} as {self.form}{f': {what}' if what else ''}"
        depths = ", ".join(f"{n:,} at depth {depth}" for depth, n in enumerate(self.by_depth))
        inner = self.categories - self.leaves
        yield f"{self.categories:,} categories ({depths}); {self.coded:,} with a code, {self.leaves:,} leaves, {inner:,} inner"
        yield (
            f"{self.see_also:,} 'see also' references from {self.see_also_sources:,} categories, {self.aliases:,} aliases, "
            f"{self.notes:,} usage notes"
        )
        yield from (f"changed: {n:,} {what}" for what, n in self.changed.items())
        yield from (f"skipped: {n:,} {what}" for what, n in self.skipped.items())
        yield from (f"warning: {warning}" for warning in self.warnings)
        if self.terms:
            yield f"terms: {self.terms}"
        yield f"{'replaced' if self.replaced else 'kept as'} {self.place}"
        yield f"use it with `taxonomy: {self.name}`; look at it with `litelong taxonomy show --source {self.name} --depth 1`"


def import_taxonomy(file: Path, name: str | None = None, *, keep_general: bool = False) -> Imported:
    """Read `file` and keep the taxonomy in it as `name` (`bisac` for a BISAC list, else the file's own name).

    Raises `UsageError` for a file that holds no list or contradicts itself, and for a name that cannot be one; nothing
    is stored then, and what was imported under that name before stays.
    """
    if name is not None:
        _check(name)
    found, gathered = read_file(file, name or "import", keep_general=keep_general)
    name = name or ("bisac" if gathered.listing.terms else _own_name(file))
    _check(name)
    listing = gathered.listing.named(name)
    tree = Taxonomy.of(listing)  # raises for what would only be found when it is used
    path = place(name)
    replaced = path.exists()
    try:
        write_atomic(path, listing.to_bytes())
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror}); set LITELONG_HOME to another folder") from None
    stats = tree.stats()
    return Imported(
        name=name,
        file=str(file),
        form=found.form,
        origin=found.origin,
        edition=listing.edition,
        digest=listing.digest(),
        place=str(path),
        replaced=replaced,
        read=gathered.read,
        categories=stats.categories,
        by_depth=stats.by_depth,
        coded=stats.coded,
        leaves=stats.leaves,
        see_also=len(listing.see_also),
        see_also_sources=len({edge.source for edge in listing.see_also}),
        aliases=len(listing.aliases),
        notes=sum(map(len, listing.notes.values())),
        skipped=dict(gathered.skipped),
        changed=dict(gathered.changed),
        warnings=gathered.warnings,
        terms=listing.terms,
    )


def _check(name: str) -> None:
    place(name)
    if name in SHIPPED:
        raise UsageError(f"--name {name}: that one is part of litelong; give the list another name")


def _own_name(file: Path) -> str:
    """The file's name, where it can be a taxonomy's."""
    stem = file.name.split(".")[0].casefold()
    if not NAME.fullmatch(stem) or stem in SHIPPED:
        raise UsageError(f"{file}: the list needs a name; give it one with --name my-list")
    return stem
