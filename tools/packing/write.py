"""PLAN -> WRITE: plans to Parquet, then samples gathered from the token store, part by part.

A part is written to a temporary name, fsynced and renamed, so a part that is there is whole and a killed run goes on
with the next. Parts hold a fixed number of samples and no clock or host, so the bytes do not depend on who wrote them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tools.files import replacing
from tools.packing.schema import LABELS, PLAN, SAMPLES, SEGMENT
from tools.packing.tables import Layout, Plan, Segment, Tables

PART_TOKENS = 1 << 23
"""Tokens a part of samples: 64 samples of 131,072 (32 MiB before compression)."""
PLAN_ROWS = 65_536


class TokenSource(Protocol):
    """Where a document's ids come from (`tools.tokens.TokenStore`)."""

    def ids(self, content_hash: bytes) -> NDArray[Any]: ...


@dataclass(frozen=True, slots=True)
class Specials:
    """The ids that stand between documents: `bos` at a sample's start, `separator` after a document (None: neither)."""

    bos: int | None
    separator: int | None

    def layout(self, context_length: int) -> Layout:
        return Layout(context_length, bos=self.bos is not None, separator=self.separator is not None)


class SampleRow(NamedTuple):
    """One sample's ids [context_length] uint32 and its attention spans `doc_lens`, in tokens."""

    ids: NDArray[np.uint32]
    doc_lens: list[int]


def write_plan(plan: Plan, tables: Tables, folder: Path) -> list[Path]:
    """Write the plan as `part-*.parquet`, a row a sample, and return the paths. At least one part, even with no sample."""
    paths = []
    for number, begin in enumerate(range(0, max(len(plan.samples), 1), PLAN_ROWS)):
        rows = plan.samples[begin : begin + PLAN_ROWS]
        labels = [
            (s.sample_id, s.recipe, s.unit.topic_id, s.unit.topic, s.unit.category, s.unit.category_code) for s in rows
        ]
        columns = _label_columns(labels)
        columns.append(_segment_column([s.segments for s in rows], tables))
        path = folder / f"part-{number:05d}.parquet"
        with replacing(path) as temporary:
            pq.write_table(pa.table(columns, schema=PLAN), temporary, compression="zstd")
        paths.append(path)
    return paths


def read_plan(folder: Path, batch_size: int) -> Iterator[pa.RecordBatch]:
    """The planned samples in order, `batch_size` rows at a time."""
    for path in sorted(folder.glob("part-*.parquet")):
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(batch_size=batch_size)


def gather(
    segments: Sequence[dict[str, Any]],
    hashes: dict[str, bytes],
    store: TokenSource,
    specials: Specials,
    context_length: int,
    boundaries: Literal["sample", "document"],
) -> SampleRow:
    """One sample from its segments: slices of the token store, specials in the gaps between them.

    `segments` are rows of the `segments` column in order of `start`; `hashes` maps their doc_ids to content hashes.
    """
    fill = specials.separator if specials.separator is not None else 0
    ids = np.full(context_length, fill, dtype=np.uint32)
    if specials.bos is not None:
        ids[0] = specials.bos
    for segment in segments:
        begin, length, doc_start = segment["start"], segment["length"], segment["doc_start"]
        source = store.ids(hashes[segment["doc_id"]])
        ids[begin : begin + length] = source[doc_start : doc_start + length]
    if boundaries == "sample":
        return SampleRow(ids, [context_length])
    # A span runs from its document's first id to the next document's, so a separator belongs to the document before it.
    starts = [0, *(segment["start"] for segment in segments[1:]), context_length]
    return SampleRow(ids, np.diff(starts).tolist())


def write_samples(
    plan_folder: Path,
    folder: Path,
    *,
    hash_of: Callable[[Iterable[str]], dict[str, bytes]],
    store: TokenSource,
    specials: Specials,
    context_length: int,
    boundaries: Literal["sample", "document"],
    workers: int,
    tick: Callable[[int], None],
) -> None:
    """Write every planned sample; parts that are there already are kept. `tick` gets the samples of each part done."""
    per_part = max(1, PART_TOKENS // context_length)

    def write_part(number: int, batch: pa.RecordBatch) -> int:
        path = folder / f"part-{number:05d}.parquet"
        if not path.exists():
            rows = batch.column("segments").to_pylist()
            hashes = hash_of({segment["doc_id"] for row in rows for segment in row})
            samples = [gather(row, hashes, store, specials, context_length, boundaries) for row in rows]
            with replacing(path) as temporary:
                _write_part(temporary, batch, samples)
        return int(batch.num_rows)

    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(workers) as pool:
        parts = enumerate(_rebatch(plan_folder, per_part))
        while group := list(islice(parts, workers)):
            for done in pool.map(lambda part: write_part(*part), group):
                tick(done)


def _rebatch(plan_folder: Path, rows: int) -> Iterator[pa.RecordBatch]:
    """Plan rows in batches of exactly `rows` (the last may be shorter), across the plan's own parts."""
    pending: list[pa.RecordBatch] = []
    held = 0
    for batch in read_plan(plan_folder, rows):
        pending.append(batch)
        held += batch.num_rows
        while held >= rows:
            table = pa.Table.from_batches(pending)
            yield table.slice(0, rows).combine_chunks().to_batches()[0]
            rest = table.slice(rows)
            pending, held = rest.to_batches(), rest.num_rows
    if held:
        yield pa.Table.from_batches(pending).combine_chunks().to_batches()[0]


def _write_part(path: Path, batch: pa.RecordBatch, samples: Sequence[SampleRow]) -> None:
    ids = pa.LargeListArray.from_arrays(
        np.cumsum([0, *(len(sample.ids) for sample in samples)], dtype=np.int64),
        pa.array(np.concatenate([sample.ids for sample in samples])),
    )
    columns = [batch.column(name) for name, _ in LABELS]
    columns += [
        ids,
        pa.array([len(sample.ids) for sample in samples], pa.int32()),
        pa.array([sample.doc_lens for sample in samples], pa.list_(pa.int32())),
        batch.column("segments"),
    ]
    # Ids do not repeat enough for a dictionary to pay; zstd alone is smaller and quicker to write.
    pq.write_table(pa.table(columns, schema=SAMPLES), path, compression="zstd", use_dictionary=False)


def _label_columns(labels: Sequence[tuple[str, ...]]) -> list[pa.Array]:
    return [pa.array([label[i] for label in labels], type_) for i, (_, type_) in enumerate(LABELS)]


def _segment_column(samples: Sequence[tuple[Segment, ...]], tables: Tables) -> pa.Array:
    flat = [segment for segments in samples for segment in segments]
    values = pa.StructArray.from_arrays(
        [
            pa.array([tables.doc_ids[s.document] for s in flat], pa.string()),
            pa.array([str(s.role) for s in flat], pa.string()),
            pa.array([s.rank for s in flat], pa.int32()),
            pa.array([s.score for s in flat], pa.float32()),
            pa.array([s.chunk for s in flat], pa.int32()),
            pa.array([s.start for s in flat], pa.int32()),
            pa.array([s.length for s in flat], pa.int32()),
            pa.array([s.doc_start for s in flat], pa.int64()),
        ],
        fields=list(SEGMENT),
    )
    offsets = np.cumsum([0, *(len(segments) for segments in samples)], dtype=np.int32)
    return pa.ListArray.from_arrays(offsets, values)
