"""Markdown tables: readable as they are printed, and in a page. A command writes its own part of a page and leaves the rest."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from litelong import UsageError
from tools.files import write_atomic
from tools.report.text import safe


def write_part(page: Path, name: str, content: str) -> None:
    """Put `content` between the marks of the part `name`. Raises `UsageError` when the page has no such part."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    text = page.read_text("utf-8") if page.is_file() else ""
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise UsageError(f"{page}: has no part {name!r}; it stands between {begin!r} and {end!r}")
    write_atomic(page, f"{before}{begin}\n{content.strip()}\n{end}{after}".encode())


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], right: int) -> str:
    """A table whose last `right` columns are figures. Text of models is made harmless (control characters, bars)."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(3, len(heading), *(len(row[i]) for row in cells)) for i, heading in enumerate(headings)]
    left = len(headings) - right
    ruler = ["-" * width if i < left else "-" * (width - 1) + ":" for i, width in enumerate(widths)]
    lines = [list(headings), ruler, *cells]
    return "\n".join(_line(line, widths, left) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int], left: int) -> str:
    padded = [c.ljust(w) if i < left else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths, strict=True))]
    return f"| {' | '.join(padded)} |"


def _cell(value: object) -> str:
    return " ".join(safe(str(value)).split()).replace("|", "\\|")
