"""Columns of ids and content hashes, for as many documents as there are: sequences to who reads one, arrays to who reads all.

A list of Python strings takes 60 bytes a short id and one of hashes 57; these take the id's own bytes and 8 more, and 16.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self, TypeVar, overload

import numpy as np
import pyarrow as pa
from numpy.typing import DTypeLike, NDArray

from tools.files import content_hash

if TYPE_CHECKING:
    from tools.lookup import HashLookup

_HASH = 16
_AT_ONCE = 1 << 16
_WORTH_A_FILE = 1 << 20

T = TypeVar("T")
Numbers = TypeVar("Numbers", bound=NDArray[Any])


def mapped(array: Numbers, folder: Path) -> Numbers:
    """The same array, read-only, in a file without a name in `folder`: its pages are the system's to take back.

    It stays as it is when it is small (below 1 MiB), and where no file can be written.
    """
    if array.nbytes < _WORTH_A_FILE:
        return array
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            array.tofile(file)
            file.flush()
            return np.memmap(file, array.dtype, "r", shape=array.shape).view(np.ndarray)  # type: ignore[return-value]
    except OSError:
        return array


def blocks(n: int) -> Iterator[slice]:
    """0 to n in slices of 65,536, for work on columns that makes others as long."""
    return (slice(begin, min(begin + _AT_ONCE, n)) for begin in range(0, n, _AT_ONCE))


def zeros(n: int, dtype: DTypeLike, folder: Path | None) -> NDArray[Any]:
    """An array [n] of zeros, to be written in any order; in a file without a name in `folder` from 1 MiB on, where one can be."""
    array = np.zeros(n, dtype)
    if folder is None or array.nbytes < _WORTH_A_FILE:
        return array
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            # Reserved, so that a full disk is an error here and not a signal in the middle of a write.
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, array.nbytes)
            else:
                file.truncate(array.nbytes)
            return np.memmap(file, dtype, "r+", shape=n).view(np.ndarray)
    except OSError:
        return array


class Column:
    """An array [n] made block by block: from 1 MiB on it lies in a file without a name in `folder`, and memory holds a block.

    It stays in memory where no file can be made, and without a folder.
    """

    def __init__(self, dtype: DTypeLike, folder: Path | None) -> None:
        self._dtype, self._folder = np.dtype(dtype), folder
        self._file: IO[bytes] = BytesIO()

    def append(self, block: NDArray[Any]) -> None:
        """Put `block` [m] behind what there is. Raises `OSError` when the disk is full."""
        self._file.write(np.ascontiguousarray(block, self._dtype).reshape(-1).view(np.uint8).data)
        if self._folder and isinstance(self._file, BytesIO) and self._file.tell() >= _WORTH_A_FILE:
            with suppress(OSError):
                file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - `array` closes it
                file.write(self._file.getvalue())
                self._file = file

    def array(self) -> NDArray[Any]:
        """All of it, read-only; nothing is to be appended afterwards."""
        if isinstance(self._file, BytesIO):
            return np.frombuffer(self._file.getvalue(), self._dtype)
        with self._file as file:
            file.flush()
            return np.memmap(file, self._dtype, "r").view(np.ndarray)


class Names(Sequence[str]):
    """Strings in a fixed order, such as doc_ids by row; `array` is the Arrow large_string array [n] behind them."""

    def __init__(self, names: Iterable[str]) -> None:
        self._folder = Path(tempfile.gettempdir())
        blocks = [pa.array(block, pa.large_string()) for block in _blocks(names)]
        self.array: pa.LargeStringArray = pa.chunked_array(blocks, pa.large_string()).combine_chunks()

    @classmethod
    def filed(cls, names: Iterable[str], folder: Path) -> Self:
        """Names whose bytes lie in files without a name in `folder` (`Column`), as do where they end."""
        offsets, characters = Column(np.int64, folder), Column(np.uint8, folder)
        offsets.append(np.zeros(1, np.int64))
        count = end = 0
        for block in _blocks(names):
            _, ends, held = pa.array(block, pa.large_string()).buffers()
            borders = np.frombuffer(ends, np.int64)
            offsets.append(borders[1:] + end)
            if held is not None:
                characters.append(np.frombuffer(held, np.uint8)[: borders[-1]])
            count, end = count + len(block), end + int(borders[-1])
        found = cls(())
        found._folder = folder
        buffers = map(pa.py_buffer, (offsets.array(), characters.array()))
        found.array = pa.LargeStringArray.from_buffers(count, *buffers)
        return found

    def __len__(self) -> int:
        return len(self.array)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> list[str]: ...

    def __getitem__(self, index: int | slice) -> str | list[str]:
        found = self.array[index]
        return found.to_pylist() if isinstance(index, slice) else found.as_py()  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[str]:
        for begin in range(0, len(self), _AT_ONCE):
            yield from self[begin : begin + _AT_ONCE]

    def row(self, name: str) -> int | None:
        """The row of one name."""
        found = int(self._lookup.places([content_hash(name)])[0])
        return found if found >= 0 else None

    def rows(self, names: pa.Array | pa.ChunkedArray) -> NDArray[np.int64]:
        """int64 [m]: the row of each of `names` (Arrow strings), or -1. `_AT_ONCE` of them are looked up at a time."""
        blocks = (names[begin : begin + _AT_ONCE].to_pylist() for begin in range(0, len(names), _AT_ONCE))
        return np.concatenate(
            [np.empty(0, np.int64), *(self._lookup.places(list(map(content_hash, block))) for block in blocks)]
        )

    @cached_property
    def _lookup(self) -> "HashLookup":
        """20 bytes a name in files: Arrow's tables of strings take as much memory as the strings and 60 bytes more."""
        from tools.lookup import HashLookup  # which is made of columns

        hashes = (Hashes(map(content_hash, block)) for block in _blocks(self))
        return HashLookup(hashes, self._folder)


class Hashes(Sequence[bytes]):
    """Content hashes in a fixed order; `array` is uint8 [n, 16]."""

    def __init__(self, hashes: Iterable[bytes] | NDArray[np.uint8]) -> None:
        """Raises `ValueError` for one that has not 16 bytes."""
        if not isinstance(hashes, np.ndarray):
            hashes = np.concatenate([np.empty((0, _HASH), np.uint8), *map(_joined, _blocks(hashes))])
        self.array = np.ascontiguousarray(hashes)

    def __len__(self) -> int:
        return len(self.array)

    @overload
    def __getitem__(self, index: int) -> bytes: ...

    @overload
    def __getitem__(self, index: "slice | NDArray[np.int64]") -> "Hashes": ...

    def __getitem__(self, index: "int | slice | NDArray[np.int64]") -> "bytes | Hashes":
        if isinstance(index, slice | np.ndarray):
            return Hashes(self.array[index])
        return bytes(self.array[index])

    def __iter__(self) -> Iterator[bytes]:
        for begin in range(0, len(self), _AT_ONCE):
            yield from (row.tobytes() for row in self.array[begin : begin + _AT_ONCE])

    def halves(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """The first and the last eight bytes as numbers [n] that sort as the bytes do."""
        halves = self.array.view(">u8").astype(np.uint64)
        return np.ascontiguousarray(halves[:, 0]), np.ascontiguousarray(halves[:, 1])


def as_hashes(hashes: Sequence[bytes]) -> Hashes:
    """`hashes` as a column. Raises `ValueError` for one that has not 16 bytes."""
    return hashes if isinstance(hashes, Hashes) else Hashes(hashes)


def _blocks(items: Iterable[T]) -> Iterator[list[T]]:
    block: list[T] = []
    for item in items:
        block.append(item)
        if len(block) == _AT_ONCE:
            yield block
            block = []
    if block:
        yield block


def _joined(hashes: list[bytes]) -> NDArray[np.uint8]:
    if set(map(len, hashes)) - {_HASH}:
        raise ValueError("a content hash has 16 bytes")
    return np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, _HASH)
