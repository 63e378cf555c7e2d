"""Writing files so that a reader sees the old file or the whole new one, and never half of one."""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path

from xxhash import xxh3_128

_FILES_BESIDE = 512


def content_hash(text: str) -> bytes:
    """The 16 bytes that stand for a text: BLAKE2b of its UTF-8. Orders ties, finds exact duplicates, keys the token store."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def file_digest(path: Path) -> str:
    """Hex XXH3 (16 bytes) of a file's content, read in blocks of 1 MiB: it finds damage, ten times as fast as BLAKE2b."""
    digest = xxh3_128()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it is fsynced and renamed to `path`, on failure removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        yield temporary
        sync(temporary)
        temporary.replace(path)
        sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def write_atomic(path: Path, data: bytes) -> None:
    """Write `data` to `path` through a temporary name, fsync, rename."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def sync(path: Path) -> None:
    """fsync a file or a directory (a rename is durable only once its directory is)."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folders(path: Path) -> list[Path]:
    """Create a folder and those above it that are missing; return those created, the innermost first. Raises `OSError`."""
    created: list[Path] = []
    try:
        for folder in reversed([path, *path.parents]):
            if not folder.exists():
                folder.mkdir(exist_ok=True)
                created.insert(0, folder)
    except OSError:
        remove_empty(created)
        raise
    return created


def remove_empty(folders: Iterable[Path]) -> None:
    """Remove folders, the innermost first, up to the first that holds something."""
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return


def allow_open_files(count: int) -> None:
    """Have the system let this process hold `count` files open beside those that it needs anyway, as far as it may.

    Many systems begin with 1,024 (or 256), and let a process ask for more.
    """
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + _FILES_BESIDE
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    with suppress(OSError, ValueError):  # the kernel may have a lower bound of its own
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))


def ignore(_: int) -> None:
    """A progress callback for those who want no progress bar."""
