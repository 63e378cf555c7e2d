"""Which columns of a table hold what: by their headings, or without headings by what stands in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from taxonomy.importing.found import UnreadableError
from taxonomy.literals import BISAC_CODE, split_path

PREAMBLE = 30
"""Lines in which the headings are looked for: spreadsheets begin with a title and a copyright."""

_HEADINGS = {
    "code": "code|codes|bisac code|bisac codes|bisac subject code|bisac subject codes|subject code|subject codes|bisac|notation",
    "id": "id|identifier|node id|key",
    "literal": "literal|literals|bisac literal|bisac literals|subject literal|bisac subject literal|full literal|full subject"
    "|bisac subject heading|bisac subject headings|subject heading|subject headings|bisac heading|bisac subject|path",
    "heading": "heading|section|main heading|subject area|top",
    "label": "label|name|subject|subheading|subject label|title|term|description",
    "parent": "parent|parent id|parent code|parent name|parent path|broader",
    "child": "child|child name|narrower",
}
_KIND = {heading: kind for kind, headings in _HEADINGS.items() for heading in headings.split("|")}
_ASIDE = re.compile(r"\(.*?\)")
_CODE_LIKE = re.compile(r"(?=.*\d)[A-Za-z0-9.\-]{2,16}")


class Line(NamedTuple):
    """A row of a table and where it stands."""

    where: str
    cells: list[str]


class Columns(NamedTuple):
    """Positions of the columns, None where there is none. Either `literal`, `heading` and `label`, or `parent` and `child`."""

    code: int | None = None
    id: int | None = None
    literal: int | None = None
    heading: int | None = None
    label: int | None = None
    parent: int | None = None
    child: int | None = None

    @property
    def form(self) -> str:
        """The columns by name, for people."""
        return ", ".join(name for name, at in self._asdict().items() if at is not None)


def by_headings(lines: Sequence[Line]) -> tuple[Columns, int] | None:
    """The columns, and how many lines go before the first row; None when no line names them.

    A line that names codes or parents comes before one that names literals alone, which may be a title.
    """
    alone: tuple[Columns, int] | None = None
    for at, line in enumerate(lines[:PREAMBLE]):
        kinds: dict[str, int] = {}
        for position, cell in enumerate(line.cells):
            kind = _KIND.get(" ".join(_ASIDE.sub("", cell).replace("_", " ").split()).casefold())
            if kind:
                kinds.setdefault(kind, position)
        columns = _usable(kinds)
        if columns and (columns.code is not None or columns.parent is not None):
            return columns, at + 1
        if columns:
            alone = alone or (columns, at + 1)
    return alone


def by_content(lines: Sequence[Line]) -> Columns:
    """The columns of a table without headings: codes, and beside them literals, or headings and labels.

    Raises `UnreadableError` when they cannot be told.
    """
    width = max((len(line.cells) for line in lines), default=0)
    columns = [[line.cells[at] if at < len(line.cells) else "" for line in lines] for at in range(width)]
    codes = [at for at in range(width) if _mostly(columns[at], lambda cell: BISAC_CODE.fullmatch(cell) is not None)]
    codes = codes or [at for at in range(width) if _mostly(columns[at], lambda c: _CODE_LIKE.fullmatch(c) is not None)]
    texts = [
        at for at in range(width) if at not in codes and _mostly(columns[at], lambda cell: any(map(str.isalpha, cell)))
    ]
    whole = [at for at in texts if codes and _are_literals(columns[codes[0]], columns[at])]
    if codes and len(whole or texts) == 1:
        return Columns(code=codes[0], literal=(whole or texts)[0])
    if codes and len(texts) == 2:
        return Columns(code=codes[0], heading=texts[0], label=texts[1])
    first = ", ".join(lines[0].cells)[:60] if lines else ""
    raise UnreadableError(
        f"no columns of codes and literals in it (it begins {first!r})",
        "head them code and literal, or code, heading and label, or parent and child",
    )


def _usable(kinds: dict[str, int]) -> Columns | None:
    """The columns that make a list, if these do."""
    name = next((kinds[kind] for kind in ("child", "label", "literal") if kind in kinds), None)
    if "parent" in kinds:
        child = name if name is not None else kinds.get("code", kinds.get("id"))
        return (
            None if child is None else Columns(kinds.get("code"), kinds.get("id"), parent=kinds["parent"], child=child)
        )
    code = kinds.get("code", kinds.get("id"))
    if "literal" in kinds:
        return Columns(code=code, literal=kinds["literal"])
    if "heading" in kinds and "label" in kinds:
        return Columns(code=code, heading=kinds["heading"], label=kinds["label"])
    if code is not None and "label" in kinds:
        return Columns(code=code, literal=kinds["label"])
    if code is not None and "heading" in kinds:
        return Columns(code=code, literal=kinds["heading"])
    return None


def _are_literals(codes: Sequence[str], cells: Sequence[str]) -> bool:
    """Whether `cells` are whole paths: nearly all have a separator, and BISAC codes of one prefix share the first name."""
    paths = [(code[:3], split_path(cell.replace("\xa0", " "))) for code, cell in zip(codes, cells, strict=True) if cell]
    if not _mostly([" / ".join(names) for _, names in paths], lambda path: " / " in path):
        return False
    first = Counter((prefix, names[0]) for prefix, names in paths if names)
    usual: dict[str, int] = {}
    for (prefix, _), count in first.items():
        usual[prefix] = max(usual.get(prefix, 0), count)
    return 10 * sum(usual.values()) >= 9 * len(paths)


def _mostly(cells: Sequence[str], test: Callable[[str], bool]) -> bool:
    filled = [cell for cell in cells if cell]
    return 10 * sum(map(test, filled)) >= 8 * max(1, len(filled)) and 2 * len(filled) >= len(cells)
