"""MDS, written by MosaicML Streaming: `input_ids` and `indices`, as the ProLong trainer reads them (docs/export.md).

Each shard is a partition in a folder of its own, and their indexes are merged at the end: so Streaming's own tools write
data in parallel, and so an export goes on where it stopped.
"""

import importlib
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import numpy as np

from litelong import UsageError
from tools.export.formats import Setting
from tools.export.samples import Sample
from tools.files import write_atomic

COLUMNS = {"input_ids": "ndarray:uint32", "indices": "ndarray:uint32"}
_INDEX = "index.json"
_NO_LIMIT = 1 << 32
"""A partition is one file of at most this many bytes: the exporter decides where a shard ends."""


class Mds:
    """`shard-00000/shard.00000.mds`, and `index.json` over all of them."""

    def __init__(self, setting: Setting) -> None:
        try:
            self._format = importlib.import_module("streaming.base.format")
            self._util = importlib.import_module("streaming.base.util")
        except ImportError as error:
            raise UsageError(
                f"--format mds: needs mosaicml-streaming, in an environment of its own (docs/export.md): {error}"
            ) from None

    def open(self, folder: Path, number: int) -> "_Shard":
        out = str(folder.absolute() / f"shard-{number:05d}")
        with _quiet():
            return _Shard(self._format.MDSWriter(out=out, columns=COLUMNS, size_limit=_NO_LIMIT - 1))

    def finish(self, folder: Path) -> None:
        # Streaming takes a path for an URL, which ends at `#` and `?`, and replaces no merged index: here the folder has a plain
        # name, and the index is moved from beside it.
        with tempfile.TemporaryDirectory() as beside, _quiet():
            place, merged = Path(beside) / "shards", Path(beside) / "merged"
            place.symlink_to(folder.absolute(), target_is_directory=True)
            partitions = sorted(place.glob("shard-*/index.json"))
            self._util.merge_index([str(file) for file in partitions], str(merged), keep_local=True)
            write_atomic(folder / _INDEX, (merged / _INDEX).read_bytes())

    @property
    def front_matter(self) -> dict[str, object]:
        return {}


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the warnings that Streaming logs for folders which are there already."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


class _Shard:
    def __init__(self, writer: Any) -> None:  # noqa: ANN401 - streaming's types are not needed to check this
        self._writer = writer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """A writer that was given up has no file open."""

    def add(self, sample: Sample) -> int:
        row = {"input_ids": sample.ids.astype(np.uint32), "indices": indices(sample)}
        self._writer.write(row)
        return row["input_ids"].nbytes + row["indices"].nbytes

    def close(self) -> None:
        self._writer.finish()


def indices(sample: Sample) -> np.typing.NDArray[np.uint32]:
    """uint32 [spans, 2]: where each attention span begins and ends. Padding has none, so no loss falls on it."""
    ends = np.cumsum(sample.doc_lens)
    spans = np.stack((ends - sample.doc_lens, ends), axis=1).astype(np.uint32)
    return spans[spans[:, 1] <= sample.n_tokens]
