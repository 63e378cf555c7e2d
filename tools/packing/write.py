"""PLAN -> WRITE: samples gathered from the token store, part by part, to `samples/part-*.parquet`.

A part is written to a temporary name, fsynced and renamed, so a part that is there is whole and a killed run goes on
with the next. Parts hold a fixed number of samples and no clock or host, so the bytes do not depend on who wrote them.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tools.columns import Names
from tools.disk import Disk, Written
from tools.memory import give_back
from tools.packing.gather import Specials, TokenSource, gather
from tools.packing.plan_file import label_columns, segment_column
from tools.packing.schema import SAMPLES
from tools.packing.tables import Plan, PlannedSample, Tables

PART_TOKENS = 1 << 23
"""Tokens a part of samples: 64 samples of 131,072 (32 MiB before compression)."""
ROW_GROUP_TOKENS = 1 << 20
"""Tokens a row group: what a reader of single samples must read (4 MiB before compression)."""

GATHERED_GROUPS = 4
"""Row groups that each worker gathers at a time (16 MiB of ids): one at a time takes 5 % more CPU."""

SMALL_WRITES = 1 << 18
"""Bytes up to which writes of a file are joined."""

Boundaries = Literal["sample", "document"]
Compression = Literal["zstd", "none"]

_SEGMENT = "segments.list.element."
# What repeats in a part (roles, documents begun at 0) goes through a dictionary, what grows is written as differences: without,
# segments of short documents would take 0.15 bytes a token. Ids do not repeat enough for a dictionary to pay.
_DICTIONARY = ["recipe", "category", *(_SEGMENT + name for name in ("role", "chunk", "doc_start"))]
_DIFFERENCES = {_SEGMENT + name: "DELTA_BINARY_PACKED" for name in ("rank", "start", "length")}
_AT_ONCE = 1 << 14
"""Ids that the Parquet writer takes at a time: with 1,024 it takes 3 % longer."""
_LEVELS_AT_ONCE = 1 << 17
"""Ids of a chunk of the column: the writer makes levels for a chunk at a time, 12 bytes an id."""
_STATISTICS = ["sample_id", "topic_id", "n_tokens"]


@dataclass(frozen=True, slots=True)
class Shape:
    """How samples are written: their length in ids, their attention spans, and the files' compression."""

    context_length: int
    boundaries: Boundaries = "sample"
    compression: Compression = "zstd"


def write_samples(
    plan: Plan,
    tables: Tables,
    folder: Path,
    *,
    store: TokenSource,
    specials: Specials,
    shape: Shape,
    workers: int,
    tick: Callable[[int], None],
) -> dict[Path, str]:
    """Write every planned sample; parts that are there already are kept. `tick` gets the samples of each part done.

    `workers` threads make parts while those before are written and fsynced behind them. Returns the digests
    (`tools.files.file_digest`) of the parts that this call wrote.
    """
    per_part = max(1, PART_TOKENS // shape.context_length)
    at_once = GATHERED_GROUPS * _row_group(shape)
    documents = store.locate(tables.hashes)
    digests: dict[Path, str] = {}
    # Gathering is short calls that take turns at the interpreter's lock: two at a time take a third more CPU, and no less time.
    alone = threading.Lock()

    # Fresh memory each time would cost a tenth of the time: the system clears every page of it.
    places: SimpleQueue[NDArray[np.uint32]] = SimpleQueue()
    for _ in range(workers):
        places.put(np.empty(min(at_once, len(plan.samples)) * shape.context_length, np.uint32))

    def tables_of(samples: Sequence[PlannedSample], place: NDArray[np.uint32]) -> Iterator[pa.Table]:
        for begin in range(0, len(samples), at_once):
            some = samples[begin : begin + at_once]
            with alone:
                ids = gather(some, documents, specials, shape.context_length, place)
            yield pa.table(list(_columns(some, ids, tables.doc_ids, shape)), schema=SAMPLES)

    def make(begin: int, path: Path) -> Future[None] | None:
        if path.exists():
            return None
        place = places.get()
        try:
            with disk.begin(path) as file:
                _write_tables(tables_of(plan.samples[begin : begin + per_part], place), file, shape)
                digests[path] = file.digest
                return file.finish()
        finally:
            places.put(place)

    folder.mkdir(parents=True, exist_ok=True)
    # What planning freed is not what writing takes, nor that what comes after: threads have places of their own in allocators.
    give_back()
    with Disk(workers) as disk, ThreadPoolExecutor(workers) as pool:
        begins = range(0, len(plan.samples), per_part)
        parts = [pool.submit(make, begin, folder / f"part-{begin // per_part:05d}.parquet") for begin in begins]
        try:
            for begin, part in zip(begins, parts, strict=True):
                if written := part.result():
                    written.result()
                tick(min(per_part, len(plan.samples) - begin))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    give_back()
    return digests


def _columns(
    samples: Sequence[PlannedSample], ids: NDArray[np.uint32], doc_ids: Names, shape: Shape
) -> Iterator[pa.Array | pa.ChunkedArray]:
    yield from label_columns(samples)
    yield ids_column(ids, shape.context_length)
    yield pa.array([shape.context_length - sample.padding for sample in samples], pa.int32())
    yield pa.array([spans(sample, shape) for sample in samples], pa.list_(pa.int32()))
    yield segment_column(samples, doc_ids)


def ids_column(ids: NDArray[np.uint32], context_length: int) -> pa.ChunkedArray:
    """The column `input_ids` of samples' ids, one after the other: uint32 [n * context_length], which it shares."""
    offsets = np.arange(0, len(ids) + 1, context_length, dtype=np.int64)
    lists = pa.LargeListArray.from_arrays(offsets, pa.array(ids))
    at_once = max(1, _LEVELS_AT_ONCE // context_length)
    return pa.chunked_array([lists.slice(begin, at_once) for begin in range(0, len(lists), at_once)])


def spans(sample: PlannedSample, shape: Shape) -> list[int]:
    """The lengths of the attention spans of a sample; padding is a span of its own, the last."""
    end = shape.context_length - sample.padding
    padding = [sample.padding] if sample.padding else []
    if shape.boundaries == "sample":
        return [end, *padding]
    # A span runs from its document's first id to the next document's, so a separator belongs to the document before it.
    starts = sample.table["start"][1:].tolist()
    return [*np.diff([0, *starts, end]).tolist(), *padding]


def _row_group(shape: Shape) -> int:
    return max(1, ROW_GROUP_TOKENS // shape.context_length)


def _write_tables(tables: Iterable[pa.Table], file: Written, shape: Shape) -> None:
    # Small writes are joined before they reach Python.
    with (
        pa.BufferedOutputStream(pa.PythonFile(file, "w"), SMALL_WRITES) as stream,
        pq.ParquetWriter(
            stream,
            SAMPLES,
            write_batch_size=_AT_ONCE,
            compression=shape.compression,
            use_dictionary=_DICTIONARY,
            column_encoding=_DIFFERENCES,
            write_statistics=_STATISTICS,
        ) as writer,
    ):
        for table in tables:
            writer.write_table(table, _row_group(shape))
