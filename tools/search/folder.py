"""An index's folder: a manifest of our own that names one data folder, so that half an index is never served.

    INDEX/manifest.json    format, backend and why it was chosen, settings, document count, name of the data folder, digest
    INDEX/data-00001/      the backend's files, never changed once the manifest names them

A build or an addition writes the next data folder and then replaces the manifest; that single rename is the commit. What a
killed one leaves behind is named by no manifest, and the next one removes it. The manifest is read and checked before a
backend sees a file, because Whoosh unpickles what it opens. The digest covers names, sizes and both ends of
each file: it finds truncated, lost, added and overwritten files without reading gigabytes, and no forger; an index is as
trustworthy as where it came from.
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from time import sleep
from typing import Any

import orjson
from filelock import FileLock, Timeout

from litelong import UsageError
from tools.files import sync, write_atomic
from tools.search.analysis import ANALYSIS_VERSION
from tools.search.interface import SearchSettings

FORMAT = f"litelong search index 4.{ANALYSIS_VERSION}"
_MANIFEST, _LOCK = "manifest.json", "write.lock"
_EDGE = 1 << 16
_DATA = re.compile(r"data-[0-9]{5}")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an index says of itself. `digest` is `digest_of` the folder `data`, `chosen` says who chose the backend and why."""

    backend: str
    chosen: str
    k1: float
    b: float
    analysis: str
    documents: int
    data: str
    digest: str
    format: str = FORMAT

    @property
    def settings(self) -> SearchSettings:
        """The settings that the index was built with."""
        return SearchSettings(self.backend, self.k1, self.b, self.analysis)


def digest_of(folder: Path) -> str:
    """Hex BLAKE2b (16 bytes) over the names and sizes of a folder's files, and the first and last 64 KiB of each."""
    digest = blake2b(digest_size=16)
    for file in sorted(folder.iterdir()):
        with file.open("rb") as stream:
            head = stream.read(_EDGE)
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - _EDGE))
            digest.update(orjson.dumps([file.name, size]) + head + stream.read())
    return digest.hexdigest()


def read_manifest(path: Path) -> Manifest:
    """The checked manifest of the index in `path`. Raises `UsageError` when it or a file it answers for is missing or wrong."""
    if not (path / _MANIFEST).is_file():
        raise UsageError(f"search index {path}: no index of litelong there; build one with `litelong index`")
    manifest = _parse((path / _MANIFEST).read_bytes(), path)
    data = path / manifest.data
    if not data.is_dir() or digest_of(data) != manifest.digest:
        raise UsageError(f"search index {path}: files in {manifest.data} are missing, added or damaged; build it again")
    return manifest


def _parse(content: bytes, path: Path) -> Manifest:
    try:
        fields: dict[str, Any] = orjson.loads(content)
        found = fields["format"]
        if found == FORMAT:
            manifest = Manifest(**fields)
            whole = isinstance(manifest.documents, int) and isinstance(manifest.backend, str)
            whole = whole and isinstance(manifest.chosen, str)
            if whole and _DATA.fullmatch(manifest.data) and manifest.settings:
                return manifest
    except (ValueError, KeyError, TypeError, UsageError):
        found = None
    if isinstance(found, str) and found != FORMAT:
        raise UsageError(f"search index {path}: it is a {found[:80]!r}, this version reads {FORMAT!r}; build it again")
    raise UsageError(f"search index {path}: {_MANIFEST} is damaged; build the index again")


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Yield a fresh data folder in `path`, held by this process alone; it is removed unless `commit` is called for it.

    Raises `UsageError` when `path` is a file or holds something else than an index, or when another process writes there.
    """
    if path.exists() and not path.is_dir():
        raise UsageError(f"search index {path}: a file is in the way; give another folder")
    with ExitStack() as held:
        try:
            path.mkdir(parents=True, exist_ok=True)
            _check_foreign(path)
            held.enter_context(FileLock(path / _LOCK, timeout=0))
            current = _current(path)
            _remove_all_but(path, current)
            number = int(current.removeprefix("data-")) if current else 0
            data = path / f"data-{(number + 1) % 100_000:05}"
            data.mkdir()
        except Timeout:
            raise UsageError(f"search index {path}: another process is writing it; wait for it to end") from None
        except OSError as error:
            raise UsageError(
                f"search index {path}: cannot be written ({error.strerror}); give another folder, or the rights to it"
            ) from None
        try:
            yield data
        finally:
            _remove_all_but(path, _current(path))


def _check_foreign(path: Path) -> None:
    foreign = [e.name for e in path.iterdir() if e.name not in (_MANIFEST, _LOCK) and not _ours(e.name)]
    if foreign:
        raise UsageError(
            f"search index {path}: the folder holds other things ({min(foreign)!r}); give a folder of its own"
        )


def commit(path: Path, data: Path, settings: SearchSettings, documents: int, chosen: str) -> Manifest:
    """Make the folder `data` what the index in `path` consists of, durably and at once. `settings` names the backend."""
    for file in data.iterdir():
        sync(file)
    sync(data)
    s = settings
    manifest = Manifest(s.backend, chosen, s.k1, s.b, s.analysis, documents, data.name, digest_of(data))
    write_atomic(path / _MANIFEST, orjson.dumps(asdict(manifest), option=orjson.OPT_INDENT_2))
    return manifest


def link(source: Path, target: Path) -> None:
    """Make `target` the same file as `source`, which is never written again; a copy where hard links are not to be had."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _ours(name: str) -> bool:
    return bool(_DATA.fullmatch(name)) or name == f".{_MANIFEST}.tmp"


def _current(path: Path) -> str | None:
    try:
        return read_manifest(path).data
    except UsageError:
        return None


def _remove_all_but(path: Path, kept: str | None) -> None:
    for entry in path.iterdir():
        if _DATA.fullmatch(entry.name) and entry.name != kept:
            remove(entry)


def remove(folder: Path) -> None:
    """Remove a folder with all in it, also when an engine's thread puts a last file there meanwhile."""
    for wait in (0.01, 0.1, 1.0):
        try:
            shutil.rmtree(folder)
        except OSError:
            sleep(wait)
        else:
            return
    shutil.rmtree(folder)
