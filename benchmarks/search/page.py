"""docs/search.md: each measuring command writes its own part of the page, between two marks, and leaves the rest alone."""

from pathlib import Path

from litelong import UsageError
from tools.files import write_atomic


def write_part(page: Path, name: str, content: str) -> None:
    """Put `content` between the marks of the part `name`. Raises `UsageError` when the page has no such part."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    text = page.read_text("utf-8") if page.is_file() else ""
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise UsageError(f"{page}: has no part {name!r}; it stands between {begin!r} and {end!r}")
    write_atomic(page, f"{before}{begin}\n{content.strip()}\n{end}{after}".encode())
