"""The quirks of subject lists: from what a literal says to the names, references and marks in it.

A literal is a whole path in one string, `MUSIC / Genres & Styles / Folk (see also DANCE / Folk) *`. The list that
people bring separates with no-break spaces, marks new subjects with a trailing star, and writes cross-references into
the literal itself. Everything here is pure text; whether a reference leads anywhere is `taxonomy.references`' business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from unicodedata import category, normalize

from taxonomy.names import normalised

MAX_LITERAL = 1_000
"""Characters. The longest literal of the 2024 edition has 144 with its reference; a cell beyond this is no literal."""

BISAC_CODE = re.compile(r"[A-Z]{3}\d{6}")
THEMES = {
    "merchandising themes": re.compile(r"[A-Z]{2}\d{3}"),
    "regional themes": re.compile(r"\d+(?:\.\d+)+"),
}
"""Other lists that the same spreadsheets carry, by the shape of their codes."""

_SEPARATOR = re.compile(r"\s+/\s*|\s*/\s+")
_STARS = re.compile(r"(?:\s\*+|^\*+)+$")
_ATTACHED_STARS = re.compile(r"\s*\*+$")
_CLAUSE = re.compile(r"\s*[(\[]\s*see\s+(also\b)?\s*", re.IGNORECASE)
_BARE_ALSO = re.compile(r"[\s,;]+see\s+also\s+", re.IGNORECASE)
_BARE_SEE = re.compile(r"\s+see\s+(?!also\b)", re.IGNORECASE)
_UNDER = re.compile(r"^(?:the\s+)?headings\s+under\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal taken apart. `also` and `see` are the texts of its references, as written."""

    names: tuple[str, ...]
    also: tuple[str, ...] = ()
    see: str | None = None


class LiteralError(ValueError):
    """A text that cannot be a literal; the message says why, and whoever knows the place adds it."""


def clean(text: str) -> str:
    """`text` in NFC, with every kind of space as one plain space and invisible format characters left out.

    Raises `LiteralError` for control characters and for texts beyond `MAX_LITERAL`.
    """
    if len(text) > MAX_LITERAL:
        raise LiteralError(f"a cell of {len(text):,} characters; a literal has at most {MAX_LITERAL:,}")
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    kept = "".join(c for c in normalize("NFC", text) if category(c) != "Cf")
    line = " ".join(kept.split())
    if not line.isprintable():
        bad = next(c for c in line if not c.isprintable())
        raise LiteralError(f"a control or private character ({bad!r}) in {line[:60]!r}")
    return line


def split_path(text: str) -> tuple[str, ...]:
    """The names of a cleaned path. A "/" without a space beside it belongs to a name, where it is written "-"."""
    parts = (part.strip("/ ") for part in _SEPARATOR.split(text))
    return tuple(part.replace("/", "-") for part in parts if part)


def parse_literal(text: str, *, bare_see: bool = False, bisac: bool = False) -> Literal:
    """Take a literal apart. `bare_see` (a line without a code): `Cars see AUTOMOBILES` is a reference, too.

    A star is a mark where a space stands before it (`A*` may be a name), and in a `bisac` list always.

    Raises `LiteralError` for what `clean` refuses and for a literal without a name.
    """
    stars = _ATTACHED_STARS if bisac else _STARS
    rest, also, see = stars.sub("", clean(text)), [], None
    while found := _CLAUSE.search(rest):
        end = _closing(rest, found.end())
        target = rest[found.end() : end].strip()
        rest = stars.sub("", (rest[: found.start()] + " " + rest[end + 1 :]).strip())
        if not found[1]:
            see = target
        elif target:
            also.append(target)
    if bare_also := _BARE_ALSO.search(rest):
        also.append(stars.sub("", rest[bare_also.end() :]))
        rest = rest[: bare_also.start()]
    if see is None and bare_see and (bare := _BARE_SEE.search(rest)):
        rest, see = rest[: bare.start()], rest[bare.end() :]
    names = split_path(" ".join(rest.split()))
    if not names:
        raise LiteralError(f"no name in {text[:60]!r}")
    return Literal(names, tuple(also), see)


def under_heading(heading: str, label: str) -> str:
    """The literal of a label that stands under a heading.

    Some exports leave the tail of a heading in the label (`& SPIRIT / Dreams` under `Body, Mind & Spirit`), or the whole
    of it in capitals (`GAMES & ACTIVITIES / Puzzles` under `Games and Activities`).
    """
    heading, label = clean(heading), clean(label)
    first, *others = _SEPARATOR.split(label)
    key, whole = normalised(first), normalised(heading)
    tail = first.startswith("&") and whole.endswith(f" {key}")
    shouted = key == whole and first.isupper() and not heading.isupper()
    return " / ".join([heading, *others]) if tail or shouted else f"{heading} / {label}"


def reference(text: str) -> tuple[str, bool]:
    """The path in a reference, and whether what lies under it is meant (`headings under ...`)."""
    path = _UNDER.sub("", text)
    return path, path != text


def is_bisac(codes: list[str]) -> bool:
    """Whether these codes are those of a BISAC list: three letters and six digits, but for theme lists beside them."""
    ours = sum(1 for code in codes if BISAC_CODE.fullmatch(code))
    themes = sum(1 for code in codes if theme_of(code))
    return ours > 0 and 2 * ours >= len(codes) - themes


def theme_of(code: str) -> str | None:
    """The theme list that a code belongs to, by its shape."""
    return next((name for name, shape in THEMES.items() if shape.fullmatch(code)), None)


def _closing(text: str, start: int) -> int:
    """Where the bracket that is open at `start` closes; the end of the text when it never does."""
    depth = 1
    for position in range(start, len(text)):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(text[position], 0)
        if not depth:
            return position
    return len(text)
