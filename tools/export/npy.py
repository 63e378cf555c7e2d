"""Flat `.npy`: the ids of a shard's samples one after the other, [n * length], to be mapped into memory with `np.load`."""

from pathlib import Path
from typing import Self

import numpy as np
from numpy.lib import format as npy

from tools.export.formats import Setting
from tools.export.samples import Sample
from tools.files import sync


class Npy:
    """`shard-00000.npy`, uint16 where the vocabulary allows, else uint32."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def open(self, folder: Path, number: int) -> "_Shard":
        return _Shard(folder / f"shard-{number:05d}.npy", self._setting)

    def finish(self, folder: Path) -> None:
        """Nothing stands over the shards."""

    @property
    def front_matter(self) -> dict[str, object]:
        return {}


class _Shard:
    """Ids stream to a file beside; the header, which says how many there are, is written last."""

    def __init__(self, path: Path, setting: Setting) -> None:
        self._path, self._dtype = path, setting.dtype
        self._ids = 0
        self._stream = path.open("wb")
        self._header()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def add(self, sample: Sample) -> int:
        self._ids += len(sample.ids)
        return self._stream.write(sample.ids.astype(self._dtype).tobytes())

    def close(self) -> None:
        self._stream.seek(0)
        self._header()
        self._stream.close()
        sync(self._path)

    def _header(self) -> None:
        # The header is padded to 64 bytes, and NumPy leaves room for the first axis to grow: its length stays the same.
        shape = (self._ids,)
        header = {"descr": npy.dtype_to_descr(np.dtype(self._dtype)), "fortran_order": False, "shape": shape}
        npy.write_array_header_1_0(self._stream, header)
