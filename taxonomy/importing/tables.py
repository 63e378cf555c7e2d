"""Tables of text: CSV and TSV with any of four separators, in UTF-8 (with or without mark), UTF-16 or cp1252."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from io import StringIO
from itertools import islice

from taxonomy.importing.columns import PREAMBLE, Columns, Line, by_content, by_headings
from taxonomy.importing.found import FORMS, Found, Row, UnreadableError
from taxonomy.importing.parent_child import read_edges
from taxonomy.literals import MAX_LITERAL

_SEPARATORS = ",\t;|"
_LOOKED_AT = 200
_EDITION = re.compile(r"\b((?:19|20)\d\d)\s+edition\b|\bedition\W{0,3}((?:19|20)\d\d)\b", re.IGNORECASE)
_LOOKED_AT_CHARACTERS = 1 << 18


def decode(data: bytes) -> str:
    """The text of a file. Raises `UnreadableError` for what is no text."""
    try:
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            text = data.decode("utf-16")
        else:
            try:
                text = data.decode("utf-8-sig")
            except UnicodeDecodeError:
                text = data.decode("cp1252")
    except UnicodeDecodeError:
        raise UnreadableError("not text in UTF-8 or cp1252", FORMS) from None
    if "\0" in text:
        raise UnreadableError("not text (it has NUL bytes)", FORMS)
    return text


def headed_table(text: str) -> Found | None:
    """The table in a text whose columns are headed; None when there is no such heading."""
    for separator in _SEPARATORS:
        if by_headings(_first(text, separator, PREAMBLE)):
            return table(list(_lines(text, separator)))
    return None


def bare_table(text: str) -> Found:
    """The table in a text without headings. Raises `UnreadableError` when its columns cannot be told."""
    return table(list(_lines(text, max(_SEPARATORS, key=lambda separator: _evenness(text, separator)))))


def table(lines: Sequence[Line]) -> Found:
    """What a table holds. Raises `UnreadableError`."""
    filled = [line for line in lines if any(line.cells)]
    headed = by_headings(filled)
    columns, first = headed or (by_content(filled), 0)
    body = filled[first:]
    form = f"a table with columns {columns.form}" + ("" if headed else " (found by what is in them)")
    if columns.parent is not None:
        return Found(form, read_edges(body, columns))
    found = Found(form, [])
    found.edition = _edition(filled[:first])
    if first > 1:
        found.skipped["lines before the headings"] += first - 1
    for line in body:
        row = _row(line, columns)
        if row is None:
            found.skipped["lines without a literal"] += 1
        else:
            found.rows.append(row)
    return found


def _edition(preamble: Sequence[Line]) -> str | None:
    """The year before or after the word "edition" in what stands above the rows."""
    found = _EDITION.search("\n".join(" ".join(line.cells) for line in preamble))
    return next(filter(None, found.groups())) if found else None


def _row(line: Line, columns: Columns) -> Row | None:
    def cell(column: int | None) -> str:
        return line.cells[column] if column is not None and column < len(line.cells) else ""

    code, heading = cell(columns.code) or None, cell(columns.heading) or None
    literal = cell(columns.literal) or cell(columns.label)
    if not literal and heading:
        literal, heading = heading, None
    return Row(line.where, code, literal, heading) if literal else None


def _lines(text: str, separator: str) -> Iterator[Line]:
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator)
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            longest = max(map(len, stripped), default=0)
            if longest > MAX_LITERAL:
                raise UnreadableError(
                    f"line {reader.line_num}: a cell of {longest:,} characters; a literal has at most {MAX_LITERAL:,}"
                )
            yield Line(f"line {reader.line_num}", stripped)
    except csv.Error as error:
        raise UnreadableError(f"line {reader.line_num}: not a table ({error})") from None


def _evenness(text: str, separator: str) -> int:
    """Lines that have the commonest number of cells, where that is more than one."""
    widths = Counter(len(line.cells) for line in _first(text, separator, _LOOKED_AT))
    del widths[1]
    return max(widths.values(), default=0)


def _first(text: str, separator: str, count: int) -> list[Line]:
    """The first lines, up to one that cannot be read: this is only a look."""
    found: list[Line] = []
    with suppress(UnreadableError):
        found.extend(islice(_lines(text[:_LOOKED_AT_CHARACTERS], separator), count))
    return found
