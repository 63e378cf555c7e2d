"""A file to what is in it. The content decides how it is read, never the file's name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from litelong import UsageError
from taxonomy.importing.columns import Line
from taxonomy.importing.found import FORMS, MAX_BYTES, Found, Row, UnreadableError
from taxonomy.importing.gather import Gathered, gather
from taxonomy.importing.nested import is_code_map, is_records, read_nested
from taxonomy.importing.package_json import is_package_json, read_package_json
from taxonomy.importing.tables import bare_table, decode, headed_table, table
from taxonomy.importing.tarball import Archive, is_tarball, read_tarball
from taxonomy.importing.values import parse_json, parse_yaml
from taxonomy.importing.xlsx import read_xlsx


def read_file(path: Path, name: str, *, keep_general: bool = False) -> tuple[Found, Gathered]:
    """What a file holds, and the listing `name` made of it.

    Raises `UsageError` (file, place, what to do) when it cannot be read or contradicts itself.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(512)
            stream.seek(0)
            if is_tarball(head):
                found = _of_archive(read_tarball(stream, head))
            else:
                data = stream.read(MAX_BYTES + 1)
                if len(data) > MAX_BYTES:
                    raise UnreadableError(f"more than {MAX_BYTES:,} bytes", FORMS)
                found = read_bytes(data)
        return found, gather(found, name, keep_general=keep_general)
    except UnreadableError as error:
        raise UsageError(f"{path}: {error}; {error.advice}") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror or error}); name a file with a list") from None


def read_bytes(data: bytes) -> Found:
    """What a file's content holds. Raises `UnreadableError`."""
    if data.startswith(b"PK"):
        return read_xlsx(data)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableError("an old Excel file (.xls)", "save it as .xlsx or CSV")
    text = decode(data)
    if text.lstrip()[:1] in ("{", "["):
        return _of_values(_json_or_yaml(text))
    found = headed_table(text)
    if found is not None:
        return found
    try:
        values = parse_yaml(text)
    except UnreadableError:
        values = None
    return _of_values(values) if isinstance(values, dict | list) else bare_table(text)


def _json_or_yaml(text: str) -> Any:  # noqa: ANN401 - whatever stands in the file
    try:
        return parse_json(text)
    except UnreadableError as error:
        try:
            return parse_yaml(text)  # a YAML tree in flow style begins like JSON
        except UnreadableError:
            raise error from None


def _of_values(values: Any) -> Found:  # noqa: ANN401
    """The form of a JSON or YAML value, and what is in it."""
    if is_package_json(values):
        return read_package_json(values)
    if is_code_map(values):
        rows = [Row(f"key {code[:40]!r}", code.strip() or None, literal) for code, literal in values.items()]
        return Found("a mapping of code to literal", rows)
    if is_records(values):
        headings = list(dict.fromkeys(key for row in values for key in row))
        lines = [Line("the keys", headings)]
        for number, row in enumerate(values, 1):
            lines.append(Line(f"row {number}", [_text(row.get(key)) for key in headings]))
        return table(lines)
    return read_nested(values)


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def _of_archive(archive: Archive) -> Found:
    """The first list in an archive that can be read, with what package.json says of it."""
    first: UnreadableError | None = None
    for member in archive.members:
        try:
            found = read_bytes(member.data)
        except UnreadableError as error:
            first = first or UnreadableError(f"{member.name[:80]} in it: {error}", error.advice)
            continue
        found.form = f"{member.name} ({found.form})"
        found.skipped["other files of the archive"] += archive.others + len(archive.members) - 1
        found.origin = ", ".join(filter(None, [_package(archive.package), found.origin]))
        return found
    raise first or UnreadableError("an archive without a list in it", FORMS)


def _package(data: bytes | None) -> str | None:
    """Name and version from a package.json."""
    import orjson

    try:
        values = orjson.loads(data or b"")
        return f"{values['name']} {values['version']}"[:80]
    except (ValueError, KeyError, TypeError):
        return None
