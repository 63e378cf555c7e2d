"""Archives (.tgz, .tar): the lists in them, read in memory. Nothing is ever extracted.

An npm package holds plain files under one folder. Links, devices, absolute names and names with ".." have no business
in it, so an archive with any of them is refused whole rather than read around.
"""

from __future__ import annotations

import gzip
import tarfile
import zlib
from io import RawIOBase
from pathlib import PurePosixPath
from typing import IO, NamedTuple

from taxonomy.importing.found import AGAIN, FORMS, MAX_BYTES, UnreadableError

_MOST_MEMBERS = 10_000
DISTRUST = "it is refused whole; unpack what you trust and import that"
_LISTS = (".json", ".csv", ".tsv", ".xlsx")
_NOT_LISTS = {"package-lock.json", "tsconfig.json"}


class Member(NamedTuple):
    """A file of the archive that may be a list."""

    name: str
    data: bytes


class Archive(NamedTuple):
    """The files that may be lists, likeliest first; `package` is package.json's content; `others` were not looked into."""

    members: list[Member]
    package: bytes | None
    others: int


def is_tarball(head: bytes) -> bool:
    """Whether a file that begins so (512 bytes) is a gzip or tar file."""
    return head.startswith(b"\x1f\x8b") or head[257:262] == b"ustar"


def read_tarball(stream: IO[bytes], head: bytes) -> Archive:
    """The lists in an archive. Raises `UnreadableError` for one that is damaged, that is too large, or that escapes."""
    plain = gzip.GzipFile(fileobj=stream) if head.startswith(b"\x1f\x8b") else stream
    members: list[Member] = []
    package, others = None, 0
    try:
        with tarfile.open(fileobj=_Bounded(plain), mode="r|") as archive:
            for number, info in enumerate(archive):
                _check(info, number)
                data = archive.extractfile(info) if _is_list(info) else None
                if data is None:
                    others += info.isfile()
                elif PurePosixPath(info.name).name == "package.json":
                    package = package or data.read()
                else:
                    members.append(Member(info.name, data.read()))
    except (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError) as error:
        raise UnreadableError(
            f"a damaged or truncated archive ({str(error)[:80] or 'it ends too early'})", AGAIN
        ) from None
    return Archive(sorted(members, key=_likeliest), package, others)


def _check(info: tarfile.TarInfo, number: int) -> None:
    path = PurePosixPath(info.name)
    shown = repr(info.name[:80])
    if path.is_absolute() or ".." in path.parts or "\\" in info.name or "\0" in info.name:
        raise UnreadableError(f"an archive with a path that leads out of it ({shown})", DISTRUST)
    if not info.isfile() and not info.isdir():
        raise UnreadableError(f"an archive with a link or a device in it ({shown})", DISTRUST)
    if info.size > MAX_BYTES:
        raise UnreadableError(f"{shown} in it has {info.size:,} bytes; at most {MAX_BYTES:,} are read", FORMS)
    if number >= _MOST_MEMBERS:
        raise UnreadableError(f"an archive of more than {_MOST_MEMBERS:,} files", FORMS)


def _is_list(info: tarfile.TarInfo) -> bool:
    name = PurePosixPath(info.name).name.casefold()
    return info.isfile() and name.endswith(_LISTS) and name not in _NOT_LISTS


def _likeliest(member: Member) -> tuple[bool, int, bool, str]:
    """JSON before tables (it has the notes), what calls itself BISAC and lies higher before the rest."""
    path = PurePosixPath(member.name)
    return ("bisac" not in path.name.casefold(), len(path.parts), path.suffix != ".json", member.name)


class _Bounded(RawIOBase):
    """A stream that fails after `MAX_BYTES`: a small gzip file can hold petabytes."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile) -> None:
        self._stream = stream
        self._left = MAX_BYTES

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise UnreadableError(f"an archive that holds more than {MAX_BYTES:,} bytes", FORMS)
        return data
