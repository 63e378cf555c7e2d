"""A file to what is in it. The content decides how it is read, never the file's name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from litelong import UsageError
from taxonomy.importing.found import MAX_BYTES, Found, UnreadableError
from taxonomy.importing.gather import Gathered, gather
from taxonomy.importing.package_json import is_package_json, read_package_json
from taxonomy.importing.tarball import Archive, is_tarball, read_tarball

FORMS = (
    "an npm tarball of isbn-bisac-tools, its JSON or CSV, a spreadsheet (.xlsx), a CSV or TSV with columns code and "
    "literal (or code, heading, label; or parent and child), a JSON of code to literal, or a nested tree (YAML, JSON)"
)


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
                    raise UnreadableError(f"more than {MAX_BYTES:,} bytes")
                found = read_bytes(data)
        return found, gather(found, name, keep_general=keep_general)
    except UnreadableError as error:
        raise UsageError(f"{path}: {error}; nothing was imported. What can be read: {FORMS}") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror or error}); name a file with a list") from None


def read_bytes(data: bytes) -> Found:
    """What a file's content holds. Raises `UnreadableError`."""
    import orjson

    try:
        values: Any = orjson.loads(data)
    except ValueError:
        raise UnreadableError("another kind of file") from None
    if is_package_json(values):
        return read_package_json(values)
    raise UnreadableError("no list that is known")


def _of_archive(archive: Archive) -> Found:
    """The first list in an archive that can be read, with what package.json says of it."""
    first: UnreadableError | None = None
    for member in archive.members:
        try:
            found = read_bytes(member.data)
        except UnreadableError as error:
            first = first or UnreadableError(f"{member.name[:80]} in it: {error}")
            continue
        found.form = f"{member.name} ({found.form})"
        found.skipped["other files of the archive"] += archive.others + len(archive.members) - 1
        found.origin = ", ".join(filter(None, [_package(archive.package), found.origin]))
        return found
    raise first or UnreadableError("an archive without a list in it")


def _package(data: bytes | None) -> str | None:
    """Name and version from a package.json."""
    import orjson

    try:
        values = orjson.loads(data or b"")
        return f"{values['name']} {values['version']}"[:80]
    except (ValueError, KeyError, TypeError):
        return None
