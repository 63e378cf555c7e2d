"""Spreadsheets (.xlsx) through openpyxl, read-only; needs the extra `xlsx`.

An .xlsx is a zip of XML, so it can hold bombs of both kinds. The sizes in the zip's directory are checked before
anything is unpacked, and every part is read in full against them; entities are refused by defusedxml, which the extra
brings and openpyxl uses.
"""

from __future__ import annotations

import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from litelong import UsageError
from taxonomy.importing.columns import Line, by_content, by_headings
from taxonomy.importing.found import AGAIN, FORMS, MAX_BYTES, Found, UnreadableError
from taxonomy.importing.tables import table
from taxonomy.literals import MAX_LITERAL

_MOST_PARTS = 2_000
_MOST_COLUMNS = 64
_ASIDE = re.compile(r"inactiv|delet|remov|retire|chang|histor|theme|region|revis|alias", re.IGNORECASE)
"""Titles of sheets that are about the list rather than the list: what changed, what is gone, other lists."""


def read_xlsx(data: bytes) -> Found:
    """The lists in a workbook's sheets, joined. Raises `UnreadableError`, and `UsageError` without the extra."""
    try:
        import defusedxml  # noqa: F401 - openpyxl reads XML through it when it is there
        import openpyxl
    except ImportError as error:
        raise UsageError(
            f"a spreadsheet needs {error.name}, which is not installed: pip install 'litelong[xlsx]'"
        ) from None
    _check(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of styles and extensions, which say nothing of the list
            book = openpyxl.load_workbook(BytesIO(data), read_only=True, data_only=True)
            sheets = [(sheet.title, list(_lines(sheet))) for sheet in book.worksheets]
            book.close()
    except UnreadableError:
        raise
    except Exception as error:  # what openpyxl raises for a damaged workbook is any of a dozen kinds
        cause = error.__cause__ or error.__context__ or error
        why = f"{type(cause).__name__}: {' '.join(str(cause).split())[:80]}"
        raise UnreadableError(f"a spreadsheet that cannot be read ({why})", AGAIN) from None
    return _joined(sheets)


def _joined(sheets: list[tuple[str, list[Line]]]) -> Found:
    joined: Found | None = None
    skipped: dict[str, int] = {}
    first: UnreadableError | None = None
    for title, lines in sheets:
        filled = [line for line in lines if any(line.cells)]
        if not filled:
            continue
        if len(sheets) > 1 and _ASIDE.search(title):
            skipped[f"lines of the sheet {title!r}, which is not the list"] = len(filled)
            continue
        try:
            if by_headings(filled) is None:
                by_content(filled)
        except UnreadableError as error:
            first = first or error
            skipped[f"lines of the sheet {title!r}, which has no codes and literals"] = len(filled)
            continue
        found = table(lines)
        if joined is None:
            joined = found
            joined.form = f"a spreadsheet: {found.form}"
        else:
            joined.rows += found.rows
            joined.skipped.update(found.skipped)
    if joined is None:
        raise first or UnreadableError("a spreadsheet without a list in it", FORMS)
    joined.skipped.update(skipped)
    return joined


def _lines(sheet: Any) -> Iterator[Line]:  # noqa: ANN401 - openpyxl's read-only sheet
    sheet.reset_dimensions()  # the file may claim a million columns
    for number, cells in enumerate(sheet.iter_rows(values_only=True, max_col=_MOST_COLUMNS), 1):
        where = f"sheet {sheet.title!r}, row {number}"
        line = Line(where, [_text(cell) for cell in cells])
        longest = max(map(len, line.cells), default=0)
        if longest > MAX_LITERAL:
            raise UnreadableError(f"{where}: a cell of {longest:,} characters; a literal has at most {MAX_LITERAL:,}")
        yield line


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).strip()


def _check(data: bytes) -> None:
    """Unpack every part against the size that the directory gives for it. Raises `UnreadableError`."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as book:
            parts = book.infolist()
            if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > MAX_BYTES:
                raise UnreadableError(
                    f"a spreadsheet of more than {_MOST_PARTS:,} parts or {MAX_BYTES:,} bytes unpacked"
                )
            if not any(part.filename == "xl/workbook.xml" for part in parts):
                raise UnreadableError("a zip file, but no .xlsx spreadsheet", FORMS)
            for part in parts:
                with book.open(part) as stream:
                    while stream.read(1 << 20):
                        pass
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise UnreadableError(f"a damaged or truncated spreadsheet ({str(error)[:80]})", AGAIN) from None
