"""Which document stands at which number: content hashes and `doc_id`s in flat files, beside an engine's own.

    documents.hash      the content hashes, 16 bytes each: two numbers, little-endian, that compare as the hash's bytes do
    documents.ids       the doc_ids, UTF-8, end to end
    documents.offsets   int64 little-endian, one more than documents: where each id begins, and where the last one ends

Memory-mapped, so opening takes next to no time. An engine's document store unpacks a block for each document (0.5 ms for 500
of tantivy's); Arrow reads the ids where they lie, in one call (0.04 ms, no more than a list of all of them in memory takes).
"""

import mmap
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from litelong import UsageError
from tools.search.rounding import STEP_BITS, Steps

DOC_TABLE = ("documents.hash", "documents.ids", "documents.offsets")
"""Its files. An addition copies them (some 40 bytes a document) and appends."""
Numbers = NDArray[np.int64]


class DocTableWriter:
    """Appends documents to the table in a folder; the first has the number `len(self)`."""

    def __init__(self, folder: Path) -> None:
        self._hashes, self._ids, self._offsets = self._files = [(folder / name).open("ab") for name in DOC_TABLE]
        if not self._offsets.tell():
            self._offsets.write(bytes(8))
        self._count = self._offsets.tell() // 8 - 1
        self._end = self._ids.tell()

    def append(self, doc_id: str, digest: bytes) -> int:
        """Add a document with its content hash (16 bytes). Returns its number."""
        name = doc_id.encode("utf-8", "surrogatepass")
        self._end += len(name)
        self._hashes.write(digest[7::-1] + digest[:7:-1])
        self._ids.write(name)
        self._offsets.write(self._end.to_bytes(8, "little"))
        self._count += 1
        return self._count - 1

    def __len__(self) -> int:
        return self._count

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for file in self._files:
            file.close()


class DocTable:
    """Reads the table in a folder. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        """Raises `UsageError` when the files do not fit together."""
        hashes, self._bytes, offsets = (mapped(folder / name) for name in DOC_TABLE)
        whole = len(offsets) % 8 == 0 and len(offsets) >= 8 and len(hashes) == 16 * (len(offsets) // 8 - 1)
        self._offsets: NDArray[np.int64] = np.frombuffer(offsets, "<i8") if whole else np.zeros(1, np.int64)
        # Arrow trusts them, so none may point outside.
        rising = bool((self._offsets[1:] >= self._offsets[:-1]).all())
        if not (whole and rising and self._offsets[0] == 0 and self._offsets[-1] == len(self._bytes)):
            raise UsageError(f"search index {folder.parent}: its table of documents is damaged; build it again")
        self._hashes: NDArray[np.uint64] = np.frombuffer(hashes, "<u8").reshape(-1, 2)
        self._ids: pa.LargeStringArray = pa.LargeStringArray.from_buffers(
            len(self), pa.py_buffer(offsets), pa.py_buffer(self._bytes)
        )

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def order(self, numbers: Numbers, steps: Steps, bits: int = STEP_BITS) -> Numbers:
        """int64 [n]: the places of `numbers` [n] by score (`steps` below 2**bits, falling), then content hash, then `doc_id`."""
        first = self._hashes[numbers, 0]
        keys = (((1 << bits) - 1 - steps) << (64 - bits)) | (first >> bits)
        order = np.argsort(keys)
        ranked = keys[order]
        return self._full_order(numbers, steps) if (ranked[1:] == ranked[:-1]).any() else order

    def _full_order(self, numbers: Numbers, steps: Steps) -> Numbers:
        """`order` where 32 to 43 bits of the content hash do not tell two documents apart, mostly as their texts are equal."""
        hashes = self._hashes[numbers]
        order = np.lexsort((hashes[:, 1], hashes[:, 0], ~steps))
        ordered, ranked = hashes[order], steps[order]
        same = (ordered[1:] == ordered[:-1]).all(axis=1) & (ranked[1:] == ranked[:-1])
        for group in np.split(np.arange(len(order)), np.flatnonzero(~same) + 1):
            if len(group) > 1:
                order[group] = sorted(order[group].tolist(), key=lambda place: self.doc_ids(numbers[[place]])[0])
        return order

    def doc_ids(self, numbers: Numbers) -> list[str]:
        """The `doc_id` of each of `numbers`."""
        # `pa.array` would look for pandas, and where there is one the first search would take 0.1 s longer.
        places = pa.Array.from_buffers(pa.int64(), len(numbers), [None, pa.py_buffer(np.ascontiguousarray(numbers))])
        try:
            return pc.take(self._ids, places).to_pylist()  # type: ignore[no-any-return]
        except UnicodeDecodeError:  # an id with half a surrogate pair, from a file's name
            spans = zip(self._offsets[numbers].tolist(), self._offsets[numbers + 1].tolist(), strict=True)
            return [str(self._bytes[start:end], "utf-8", "surrogatepass") for start, end in spans]


def mapped(path: Path) -> bytes | mmap.mmap:
    """The file's bytes, memory-mapped."""
    with path.open("rb") as file:
        try:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError:  # an empty file cannot be mapped
            return b""
