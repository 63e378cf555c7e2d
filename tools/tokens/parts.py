"""The parts of a token store: files that are written once, whole or not at all.

part-00000.ids    the token ids, one document after the other, flat little-endian uint16 or uint32
part-00000.npz    hashes uint8 [n, 16] and offsets int64 [n + 1] (tokens); and the engine's name;
                  it is written last and makes the part count
"""

from errno import EMFILE
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from litelong import UsageError
from tools.columns import Hashes
from tools.files import replacing, sync
from tools.tokens.interface import Encoded


class Part(NamedTuple):
    """One part: n documents, their hashes in the order of the ids, offsets int64 [n + 1], and the mapped ids."""

    hashes: Hashes
    offsets: NDArray[np.int64]
    ids: NDArray[np.uint16] | NDArray[np.uint32]


def part_numbers(folder: Path) -> list[int]:
    """The numbers of the whole parts in `folder`, ascending."""
    return sorted(int(file.stem.removeprefix("part-")) for file in folder.glob("part-*.npz"))


def remove_leftovers(folder: Path) -> None:
    """Remove what a killed fill left: temporary files, and ids without the file that makes them count."""
    whole = set(part_numbers(folder))
    for file in folder.glob(".part-*.tmp"):
        file.unlink()
    for file in folder.glob("part-*.ids"):
        if int(file.stem.removeprefix("part-")) not in whole:
            file.unlink()


BROKEN = (OSError, ValueError, KeyError, EOFError, IndexError, BadZipFile)
"""What reading a damaged `.npz` raises."""


def read_arrays(path: Path, *names: str) -> list[NDArray[Any]]:
    """The arrays of an `.npz`. Raises one of `BROKEN` when it is damaged."""
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:  # np.load leaves a bad file open
        return [stored[name] for name in names]


def read_part(folder: Path, number: int, dtype: np.dtype[np.unsignedinteger]) -> Part:
    """Map a part. Raises `UsageError` when its files do not fit each other."""
    path = folder / f"part-{number:05}.npz"
    try:
        hashes, offsets = read_arrays(path, "hashes", "offsets")
        whole = (
            hashes.ndim == 2 and hashes.shape[1] == 16 and hashes.dtype == np.uint8 and len(offsets) == len(hashes) + 1
        )
        size = path.with_suffix(".ids").stat().st_size
        if not (whole and size == offsets[-1] * dtype.itemsize):
            raise ValueError("its files do not fit each other")
    except BROKEN as error:
        raise UsageError(
            f"token store {path}: damaged ({error!s:.100}); delete that file, and it is encoded again"
        ) from error
    try:
        # An empty file cannot be mapped.
        ids = np.memmap(path.with_suffix(".ids"), dtype, "r").view(np.ndarray) if size else np.empty(0, dtype)
    except OSError as error:
        if error.errno != EMFILE:
            raise
        raise UsageError(
            f"token store {folder}: has more parts than the system lets a process open files; raise that limit (ulimit -n)"
        ) from None
    ids.flags.writeable = False
    return Part(Hashes(hashes), offsets.astype(np.int64), ids)


def read_hashes(folder: Path, number: int) -> Hashes:
    """The hashes of a part that was just written."""
    return Hashes(read_arrays(folder / f"part-{number:05}.npz", "hashes")[0])


def engine_of(folder: Path, number: int) -> str:
    """The engine that encoded a part."""
    return str(read_arrays(folder / f"part-{number:05}.npz", "engine")[0])


class PartWriter:
    """Writes one part: ids stream to a temporary file, so that memory holds a batch and not a part."""

    def __init__(self, folder: Path, number: int, dtype: np.dtype[np.unsignedinteger], engine: str) -> None:
        self._engine = engine
        self._ids = folder / f"part-{number:05}.ids"
        self._temporary = self._ids.with_name(f".{self._ids.name}.tmp")
        self._dtype = dtype
        self._hashes: list[bytes] = []
        self._lengths: list[NDArray[np.int64]] = []
        self.held: set[bytes] = set()
        self.tokens = 0

    def __enter__(self) -> Self:
        self._stream = self._temporary.open("wb")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()
        self._temporary.unlink(missing_ok=True)

    def append(self, hashes: list[bytes], encoded: Encoded) -> None:
        """Write the ids of some documents."""
        # Not `tofile`: its error on a full disk says neither that it is full nor where.
        self._stream.write(encoded.ids.astype(self._dtype, copy=False).data)
        self._hashes += hashes
        self.held.update(hashes)
        self._lengths.append(np.diff(encoded.offsets))
        self.tokens += len(encoded.ids)

    def finish(self) -> None:
        """Make the part count: sync and rename the ids, then the table of hashes and offsets."""
        self._stream.close()
        sync(self._temporary)
        self._temporary.replace(self._ids)
        offsets = np.zeros(len(self._hashes) + 1, np.int64)
        np.cumsum(np.concatenate(self._lengths), out=offsets[1:])
        hashes = np.frombuffer(b"".join(self._hashes), np.uint8).reshape(-1, 16)
        with replacing(self._ids.with_suffix(".npz")) as temporary, temporary.open("wb") as stream:
            np.savez(stream, hashes=hashes, offsets=offsets, engine=np.array(self._engine))
