"""Files at the speed of the disk: made by one thread, written by others behind it, and past the page cache.

Where the system can (`O_DIRECT`), whole blocks go from our memory to the disk. Through the page cache each byte takes a page of
its own first: 0.5 to 4 CPU-seconds for 2 GiB on a virtual machine, whose host hands fresh pages out one by one, against 0.1.
The same blocks are used again and again, so that memory is bounded however much is written. A file is whole or not there:
it has a temporary name until its bytes and its name are on the disk.
"""

import errno
import mmap
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from types import TracebackType
from typing import Self

from xxhash import xxh3_128

from tools.files import sync

BLOCK = 4 << 20
"""Bytes of a block: long enough for a disk to be fast, short enough to stay in a processor's cache until it is written."""
_ALIGNED = 4096
_THREADS = 2
"""While one waits for an fsync, the other writes."""
_DIRECT: int = getattr(os, "O_DIRECT", 0)
_PLACED = Lock()


class Disk:
    """Writes the blocks of files in the background. `files` are made at a time, and a few blocks more are under way."""

    def __init__(self, files: int) -> None:
        # From the system and not from NumPy: direct writes want memory that begins at a page.
        self._free: SimpleQueue[mmap.mmap] = SimpleQueue()
        for _ in range(files + 2 * _THREADS):
            self._free.put(mmap.mmap(-1, BLOCK))

    def __enter__(self) -> Self:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="disk")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown()

    def begin(self, path: Path) -> "Written":
        """Begin the file `path`, whose folder exists."""
        return Written(path, self)

    def take(self) -> mmap.mmap:
        """A block to fill, once there is one that is not being written."""
        return self._free.get()

    @property
    def blocks(self) -> int:
        """How many blocks are neither filled nor written at the moment."""
        return self._free.qsize()

    def give(self, block: mmap.mmap) -> None:
        self._free.put(block)

    def behind(self, work: Callable[[], None]) -> Future[None]:
        return self._threads.submit(work)


class Written:
    """One file on its way, a stream to who fills it (`pyarrow.PythonFile`). Left without `finish`, nothing remains of it."""

    def __init__(self, path: Path, disk: Disk) -> None:
        self._path, self._disk = path, disk
        self._temporary = path.with_name(f".{path.name}.tmp")
        self._file = _open(self._temporary)
        self._block = disk.take()
        self._filled = self._begun = 0
        self._pending: list[Future[None]] = []
        self._digest = xxh3_128()
        self._finished = False
        self.closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._finished:
            self._disk.give(self._block)
            for pending in self._pending:
                pending.exception()
            os.close(self._file)
            self._temporary.unlink(missing_ok=True)

    def write(self, data: bytes | memoryview) -> int:
        """Take all of `data`. Raises what a block before it met (`OSError`: the disk is full)."""
        view = memoryview(data).cast("B")
        self._digest.update(view)
        while len(view):
            part = view[: BLOCK - self._filled]
            self._block[self._filled : self._filled + len(part)] = part
            self._filled += len(part)
            view = view[len(part) :]
            if self._filled == BLOCK:
                self._send()
                self._block, self._filled = self._disk.take(), 0
        return len(data)

    def flush(self) -> None:
        """Part of a stream; blocks go when they are full."""

    def close(self) -> None:
        """Part of a stream: its writer is through. The file ends with `finish`."""
        self.closed = True

    def finish(self) -> Future[None]:
        """No more comes. Done when the file has its name and all is on the disk; raises what writing met."""
        size = self._begun + self._filled
        self._send()
        self._finished = True
        return self._disk.behind(lambda: self._name(size))

    @property
    def digest(self) -> str:
        """Hex XXH3 (16 bytes) of all that was written, as `tools.files.file_digest` gives it."""
        return str(self._digest.hexdigest())

    def _send(self) -> None:
        """Have the block written at its place in the file: whole pages of it, of which the last is cut to size at the end."""
        for done in [pending for pending in self._pending if pending.done()]:
            done.result()
            self._pending.remove(done)
        block, place = self._block, self._begun
        length = -(-self._filled // _ALIGNED) * _ALIGNED

        def write() -> None:
            try:
                _write(self._file, memoryview(block)[:length], place)
            finally:
                self._disk.give(block)

        self._pending.append(self._disk.behind(write))
        self._begun += self._filled

    def _name(self, size: int) -> None:
        try:
            try:
                for pending in self._pending:
                    pending.result()
                os.ftruncate(self._file, size)
                os.fsync(self._file)
            finally:
                os.close(self._file)
            self._temporary.replace(self._path)
            sync(self._path.parent)
        finally:
            self._temporary.unlink(missing_ok=True)


def _open(path: Path) -> int:
    flags = os.O_CREAT | os.O_TRUNC | os.O_WRONLY | getattr(os, "O_BINARY", 0)
    try:
        return os.open(path, flags | _DIRECT, 0o666)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return os.open(path, flags, 0o666)  # a file system without direct writes


def _write(file: int, data: memoryview, place: int) -> None:
    direct = bool(_DIRECT)
    while len(data):
        try:
            done = _write_at(file, data, place)
        except OSError as error:
            if error.errno != errno.EINVAL or not direct:
                raise
            # It said at first that it takes direct writes. Two threads may find out at once.
            _take_direct_off(file)
            direct = False
            continue
        data, place = data[done:], place + done


def _write_at(file: int, data: memoryview, place: int) -> int:
    if hasattr(os, "pwrite"):
        return os.pwrite(file, data, place)
    with _PLACED:  # Windows: two threads share the file's one place
        os.lseek(file, place, os.SEEK_SET)
        return os.write(file, data)


def _take_direct_off(file: int) -> None:
    from fcntl import F_GETFL, F_SETFL, fcntl

    fcntl(file, F_SETFL, fcntl(file, F_GETFL) & ~_DIRECT)
