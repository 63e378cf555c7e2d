"""The plan on the disk: `plan/part-*.parquet`, a row a sample, its segments and no ids."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tools.columns import Names
from tools.files import replacing
from tools.packing.schema import LABELS, PLAN, SEGMENT
from tools.packing.tables import ROLES, Plan, PlannedSample, Tables, joined

PLAN_ROWS = 65_536
GROUP_SEGMENTS = 65_536
_ROLES = pa.array([str(role) for role in ROLES], pa.string())


def write_plan(plan: Plan, tables: Tables, folder: Path) -> list[Path]:
    """Write the plan as `part-*.parquet` and return the paths. At least one part, even with no sample."""
    paths = []
    for number, begin in enumerate(range(0, max(len(plan.samples), 1), PLAN_ROWS)):
        rows = plan.samples[begin : begin + PLAN_ROWS]
        path = folder / f"part-{number:05d}.parquet"
        with replacing(path) as temporary, pq.ParquetWriter(temporary, PLAN, compression="zstd") as writer:
            for some in _in_groups(rows):
                writer.write_table(pa.table([*label_columns(some), segment_column(some, tables.doc_ids)], schema=PLAN))
        paths.append(path)
    return paths


def _in_groups(rows: Sequence[PlannedSample]) -> Iterator[Sequence[PlannedSample]]:
    """Rows a row group: at most `GROUP_SEGMENTS` segments, so that short documents take no more memory than long ones."""
    begin = held = 0
    for number, row in enumerate(rows):
        held += len(row.segments)
        if held > GROUP_SEGMENTS and number > begin:
            yield rows[begin:number]
            begin, held = number, len(row.segments)
    yield rows[begin:]


def read_plan(folder: Path, batch_size: int) -> Iterator[pa.RecordBatch]:
    """The planned samples in order, `batch_size` rows at a time."""
    for path in sorted(folder.glob("part-*.parquet")):
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(batch_size=batch_size)


def label_columns(samples: Sequence[PlannedSample]) -> list[pa.Array]:
    """The columns of `LABELS`, in their order."""
    rows = [
        (s.sample_id, s.recipe, s.unit.topic_id, s.unit.topic, s.unit.category, s.unit.category_code) for s in samples
    ]
    return [pa.array([row[i] for row in rows], type_) for i, (_, type_) in enumerate(LABELS)]


def segment_column(samples: Sequence[PlannedSample], doc_ids: Names) -> pa.Array:
    """The column `segments`; `doc_ids` are those of all rows of the tables."""
    flat = joined(samples)
    numbers = (np.ascontiguousarray(flat[name]) for name in ("rank", "score", "chunk", "start", "length", "doc_start"))
    values = pa.StructArray.from_arrays(
        [
            doc_ids.array.take(pa.array(flat["document"])).cast(pa.string()),
            _ROLES.take(pa.array(flat["role"])),
            *map(pa.array, numbers),
        ],
        fields=list(SEGMENT),
    )
    offsets = np.cumsum([0, *(len(sample.segments) for sample in samples)], dtype=np.int32)
    return pa.ListArray.from_arrays(offsets, values)
