"""From the rows of any file to a listing: every code once, references resolved, and an account of what was left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

from litelong import UsageError
from taxonomy.importing.found import MAX_CATEGORIES, MAX_LEVELS, Found, Row, UnreadableError
from taxonomy.listing import Listing, SeeAlso
from taxonomy.literals import (
    BISAC_CODE,
    Literal,
    LiteralError,
    clean,
    is_bisac,
    parse_literal,
    theme_of,
    under_heading,
)
from taxonomy.names import SEPARATOR, path_key
from taxonomy.references import References

NON_CLASSIFIABLE = "NON000000"
EDITIONS = {"061b53da8068492e": "2024"}
"""Editions by the digest of their codes, for files that do not say which one they are."""
BISAC_TERMS = (
    "the BISAC Subject Headings belong to the Book Industry Study Group (BISG); this copy is for your own use under their "
    "terms: do not publish the list, or data that contains it, without a licence from them"
)


@dataclass(frozen=True, slots=True)
class Gathered:
    """A listing and how it came about: rows read, what was skipped and why, what was changed, and what leads nowhere."""

    listing: Listing
    read: int
    skipped: Mapping[str, int]
    changed: Mapping[str, int]
    warnings: tuple[str, ...]


class _Entry(NamedTuple):
    row: Row
    names: tuple[str, ...]
    literal: Literal
    general: bool
    """Whether `General` was folded away at its end."""


def gather(found: Found, name: str, *, keep_general: bool = False) -> Gathered:
    """Make the listing `name` of a file's rows.

    Raises `UnreadableError` when there are none, when a code stands in two places with different literals, when two
    codes have one literal, and for a row that cannot be a category.
    """
    work = _Gathering(found, keep_general=keep_general)
    entries, aliases = work.entries()
    placed = [(work.place(entry), entry) for entry in entries]
    if not placed:
        raise UnreadableError("there is no category in it")
    known = work.aliases(aliases)
    listing = Listing(
        name=name,
        categories=tuple(_depth_first(work.codes)),
        see_also=work.see_also(placed, known),
        aliases=known,
        notes=work.notes(),
        edition=found.edition or work.edition(),
        terms=BISAC_TERMS if work.bisac else None,
    )
    return Gathered(listing, len(found.rows), dict(work.skipped), dict(work.changed), tuple(work.warnings))


class _Gathering:
    """The work of `gather`, step by step; what it leaves out or changes is counted as it goes."""

    def __init__(self, found: Found, *, keep_general: bool) -> None:
        self.found = found
        self.keep_general = keep_general
        self.bisac = is_bisac([row.code for row in found.rows if row.code])
        self.skipped = Counter(found.skipped)
        self.changed: Counter[str] = Counter()
        self.warnings: list[str] = []
        self.paths: dict[str, str] = {}  # path key to path
        self.codes: dict[str, str | None] = {}  # path to code, ancestors before descendants
        self._coded_at: dict[str, str] = {}  # path to the row that gave it its code
        self._spelling = _bisac_sections() if self.bisac else {}

    def entries(self) -> tuple[list[_Entry], list[_Entry]]:
        """The rows that are categories, each code once, and the `see` lines among them."""
        entries: list[_Entry] = []
        aliases: list[_Entry] = []
        first: dict[str, _Entry] = {}
        for row in self.found.rows:
            if self._left_out(row):
                continue
            literal = self._literal(row)
            if literal.see is not None:
                aliases.append(_Entry(row, literal.names, literal, general=False))
                continue
            if self.bisac and not row.code and row.names is None:
                self.skipped["lines without a code"] += 1
                continue
            entry = _Entry(row, literal.names, literal, general=False)
            twin = first.setdefault(row.code.casefold(), entry) if row.code else entry
            if twin is entry:
                entries.append(entry)
            elif _key(twin.names) == _key(entry.names):
                self.skipped["repeated lines"] += 1
            else:
                raise UnreadableError(
                    f"code {row.code} stands in two places: {SEPARATOR.join(twin.names)!r} ({twin.row.where}) and "
                    f"{SEPARATOR.join(entry.names)!r} ({row.where})"
                )
        return self._folded(entries), aliases

    def place(self, entry: _Entry) -> str:
        """Give an entry its place in the tree, with the ancestors that are not there yet; returns its path."""
        row, names = entry.row, entry.names
        if len(names) > MAX_LEVELS:
            raise UnreadableError(f"{row.where}: {len(names)} levels; a tree has at most {MAX_LEVELS}")
        path, key = "", ""
        for name in names:
            key += ("/" if key else "") + path_key(name)
            known = self.paths.get(key)
            spelled = f"{path}{SEPARATOR}{name}" if path else name
            if known is None:
                self.paths[key] = known = spelled
                self.codes[known] = None
            elif known != spelled:
                self._another_spelling(row, known, spelled)
            path = known
        if len(self.paths) > MAX_CATEGORIES:
            raise UnreadableError(f"{row.where}: more than {MAX_CATEGORIES:,} categories")
        seen = self._coded_at.get(path)
        if seen is not None and row.names is not None:
            raise UnreadableError(f"{row.where}: {path!r} is one category with that at {seen}; spell it once")
        if seen is not None and row.code and self.codes[path]:
            raise UnreadableError(f"{path!r} has code {self.codes[path]} ({seen}) and code {row.code} ({row.where})")
        if seen is not None and not row.code:
            self.skipped["repeated lines"] += 1
        else:
            self._coded_at[path] = row.where
        self.codes[path] = self.codes[path] or row.code
        return path

    def aliases(self, entries: list[_Entry]) -> dict[str, str]:
        """The `see` lines whose target is there, by the path that is no category."""
        found = {alias: path for alias, path in self.found.aliases.items() if path in self.codes}
        for _ in range(2):  # an alias may lead to one that stands below it
            references = self._references(found)
            for entry in entries:
                targets, lost = references.resolve(entry.literal.see or "", entry.names)
                path = SEPARATOR.join(entry.names)
                if len(targets) == 1 and not lost and path_key(path) not in self.paths:
                    found |= dict.fromkeys(filter(None, [path, entry.row.code]), targets[0][0])
        self.warnings += [self._no_alias(entry) for entry in entries if SEPARATOR.join(entry.names) not in found]
        return found

    def see_also(self, placed: list[tuple[str, _Entry]], aliases: Mapping[str, str]) -> tuple[SeeAlso, ...]:
        """The cross-references that lead somewhere, each once; the others become warnings."""
        references = self._references(aliases)
        edges: dict[SeeAlso, None] = {}
        for path, entry in placed:
            for target, under in entry.row.also:
                if target in self.codes and target != path:
                    edges[SeeAlso(path, target, under)] = None
                else:
                    self.warnings.append(f"{entry.row.where}: its reference to {target!r} leads nowhere")
            for text in entry.literal.also:
                targets, lost = references.resolve(text, path.split(SEPARATOR))
                edges |= dict.fromkeys(SeeAlso(path, target, under) for target, under in targets)
                self.warnings += [f"{entry.row.where}: 'see also {words}' of {path!r} leads nowhere" for words in lost]
        return tuple(edges)

    def notes(self) -> dict[str, tuple[str, ...]]:
        """The usage notes by section. A note that many sections repeat is about none of them, nor is its own name one."""
        every = Counter(note for notes in self.found.notes.values() for note in set(notes))
        common = {note for note, count in every.items() if 4 * count > len(self.found.notes) > 7}
        if common:
            self.skipped["notes about the list as a whole"] += len(common)
        kept: dict[str, tuple[str, ...]] = {}
        for heading, notes in self.found.notes.items():
            path = self.paths.get(path_key(heading))
            if path is None:
                self.skipped["notes of a heading that is no section"] += len(notes)
                continue
            cleaned = {note: " ".join(note.split()) for note in notes if note not in common}
            own = [note for note in dict.fromkeys(cleaned.values()) if note and path_key(note) != path_key(path)]
            if own:
                kept[path] = tuple(own)
        return kept

    def edition(self) -> str | None:
        """The edition that has exactly these codes, if it is known."""
        codes = sorted(code for code in self.codes.values() if code and code != NON_CLASSIFIABLE)
        return EDITIONS.get(blake2b("\n".join(codes).encode(), digest_size=8).hexdigest())

    def _left_out(self, row: Row) -> bool:
        if not self.bisac or not row.code or row.names is not None or BISAC_CODE.fullmatch(row.code):
            return False
        self.skipped[theme_of(row.code) or "codes of another shape"] += 1
        return True

    def _literal(self, row: Row) -> Literal:
        """The row taken apart, its section in the spelling that the list itself uses."""
        try:
            if row.names is not None:
                return Literal(tuple(map(clean, row.names)))
            if row.code == NON_CLASSIFIABLE:
                return Literal(("NON-CLASSIFIABLE",))
            text = row.literal if row.heading is None else under_heading(row.heading, row.literal)
            literal = parse_literal(text, bare_see=not row.code, bisac=self.bisac)
        except LiteralError as error:
            raise UnreadableError(f"{row.where}: {error}") from None
        section = self._spelling.get(path_key(literal.names[0]), literal.names[0])
        return Literal((section, *literal.names[1:]), literal.also, literal.see)

    def _folded(self, entries: list[_Entry]) -> list[_Entry]:
        """`X / General` folded into X, unless X has a code of its own."""
        own = {_key(entry.names) for entry in entries if entry.row.code}
        folded = []
        for entry in entries:
            is_general = entry.row.names is None and len(entry.names) > 1 and entry.names[-1].casefold() == "general"
            if is_general and not self.keep_general:
                if _key(entry.names[:-1]) in own:
                    self.warnings.append(
                        f"{entry.row.where}: {SEPARATOR.join(entry.names)!r} stays beside its parent's code"
                    )
                else:
                    self.changed["'General' folded into its parent"] += 1
                    entry = entry._replace(names=entry.names[:-1], general=True)  # noqa: PLW2901
            folded.append(entry)
        return folded

    def _no_alias(self, entry: _Entry) -> str:
        path = SEPARATOR.join(entry.names)
        why = "does not lead to one category" if path_key(path) not in self.paths else "stands at a category"
        return f"{entry.row.where}: 'see {entry.literal.see}' of {path!r} {why}; the line is left out"

    def _another_spelling(self, row: Row, known: str, spelled: str) -> None:
        if row.names is not None:
            raise UnreadableError(
                f"{row.where}: {known!r} and {spelled!r} are one category (case, spacing and '&' do not count); spell it one way"
            )
        self.changed["names spelled as they were first"] += 1

    def _references(self, aliases: Mapping[str, str]) -> References:
        also = {path_key(alias): path for alias, path in aliases.items()}
        return References({**also, **self.paths}, [path for path in self.codes if SEPARATOR not in path])


def _depth_first(codes: Mapping[str, str | None]) -> Iterator[tuple[str, str | None]]:
    """The rows as a taxonomy lists them, so that one tree has one digest: children as listed, each after its parent."""
    below: dict[str, list[str]] = {}
    for path in codes:
        below.setdefault(path.rpartition(SEPARATOR)[0], []).append(path)
    stack = below[""][::-1]
    while stack:
        path = stack.pop()
        yield path, codes[path]
        stack += reversed(below.get(path, []))


def _key(names: tuple[str, ...]) -> str:
    return path_key(SEPARATOR.join(names))


def _bisac_sections() -> dict[str, str]:
    """The sections as the list prints them, by path key: some exports write `Body, Mind and Spirit`."""
    from taxonomy.sources import load_taxonomy

    try:
        return {path_key(section.path): section.path for section in load_taxonomy("compact").sections()}
    except UsageError:  # pragma: no cover - the compact tree is part of the package
        return {}
