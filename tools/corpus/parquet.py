"""Parquet files, in batches of a few MiB whatever the size of a row group; a document's position is its row."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfileobj
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from litelong import UsageError
from tools.corpus.arrow import column_kinds, items_of, strings
from tools.corpus.document import Document, Reject
from tools.corpus.rows import Columns, Wanted, choose_columns
from tools.corpus.sources import changed
from tools.corpus.streams import broken, kind_of, open_stream, readable

_BATCH_BYTES = 4 << 20
_BATCH_ROWS = 1024
_BUFFER = 1 << 20


class Parquet:
    """A `.parquet` file; compressed ones are read here too and fetched through `Compressed`."""

    def __init__(self, path: Path, label: str, doc_base: str, number: int, wanted: Wanted) -> None:
        """`doc_base` begins the doc_ids of rows that have none (`doc_base:ROW`, from 1)."""
        self._path = path
        self._label = label
        self._doc_base = doc_base
        self._number = number
        self._wanted = wanted

    @property
    def label(self) -> str:
        return self._label

    @property
    def size_bytes(self) -> int:
        with self._opened() as file:
            columns = [self._columns(file).text] if file.metadata.num_rows else []
            return _unpacked_size(file, range(file.num_row_groups), columns)

    def stamp(self) -> str:
        status = self._path.stat()
        return f"{self._label} {status.st_size} {status.st_mtime_ns} {self._wanted}"

    def read(self) -> Iterator[Document | Reject]:
        with self._opened() as file:
            if not file.metadata.num_rows:
                yield Reject(self._label, 0, "empty file")
                return
            columns = self._columns(file)
            names = list(columns.names)
            first = 0
            for batch in _batches(file, range(file.num_row_groups), names):
                yield from items_of(batch, columns, self._label, self._doc_base, self._number, first)
                first += batch.num_rows

    def fetch(self, positions: Iterable[int]) -> Iterator[str]:
        wanted = iter(positions)
        position = next(wanted, None)
        if not self._path.is_file():
            raise changed(self._label)
        with self._opened() as file:
            try:
                columns = self._columns(file)
            except UsageError as error:
                raise changed(self._label) from error
            first = 0
            for group in range(file.num_row_groups):
                end = first + file.metadata.row_group(group).num_rows
                if position is not None and position < end:
                    for batch in _batches(file, [group], [columns.text]):
                        while position is not None and position < first + batch.num_rows:
                            yield self._text(batch.column(0).slice(position - first, 1))
                            position = next(wanted, None)
                        first += batch.num_rows
                        if position is None or position >= end:
                            break
                first = end
        if position is not None:
            raise changed(self._label)

    def _text(self, cell: pa.Array) -> str:
        (text,) = strings(cell)
        if not isinstance(text, str):
            raise changed(self._label)
        return text

    def _columns(self, file: pq.ParquetFile) -> Columns:
        return choose_columns(self._label, column_kinds(file.schema_arrow), self._wanted)

    @contextmanager
    def _opened(self) -> Iterator[pq.ParquetFile]:
        with readable(self._label, "Parquet"), _seekable(self._path, self._label) as place:
            try:
                with pq.ParquetFile(place, buffer_size=_BUFFER, pre_buffer=False) as file:
                    yield file
            except pa.ArrowException as error:
                raise broken(self._label, "Parquet", error) from error


@contextmanager
def _seekable(path: Path, label: str) -> Iterator[Path | BinaryIO]:
    # A Parquet file begins at its end, so that a compressed one has to lie unpacked somewhere while it is read.
    if not kind_of(path.name).packing:
        yield path
        return
    with tempfile.TemporaryFile() as unpacked:
        with open_stream(path, label) as stream:
            copyfileobj(stream, unpacked, _BUFFER)
        unpacked.seek(0)
        yield unpacked


def _batches(file: pq.ParquetFile, groups: Iterable[int], names: list[str]) -> Iterator[pa.RecordBatch]:
    groups = list(groups)
    rows = sum(file.metadata.row_group(group).num_rows for group in groups)
    size = _unpacked_size(file, groups, names)
    batch_rows = max(1, min(_BATCH_ROWS, _BATCH_BYTES * rows // max(1, size)))
    yield from file.iter_batches(batch_size=batch_rows, row_groups=groups, columns=names, use_threads=False)


def _unpacked_size(file: pq.ParquetFile, groups: Iterable[int], names: list[str]) -> int:
    """Bytes of these columns of these row groups before compression."""
    parts = [file.metadata.row_group(group) for group in groups]
    return sum(
        part.column(index).total_uncompressed_size
        for part in parts
        for index in range(part.num_columns)
        if part.column(index).path_in_schema in names
    )
