"""`negatives/*.parquet`: the chunks that were mined for each anchor, and the documents whose chunks were asked for (roots)."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from litelong import UsageError
from tools.columns import Column
from tools.files import replacing
from tools.packing.chunks import Chunks, Negatives
from tools.packing.tables import Tables

NEGATIVES = pa.schema(
    [
        ("unit_id", pa.string()),  # of the pool; empty where all units share one
        ("chunk", pa.string()),
        ("negative", pa.string()),
        ("rank", pa.int32()),
        ("score", pa.float32()),
    ]
)
ROOTS = pa.schema([("unit_id", pa.string()), ("doc_id", pa.string())])
_REFUSED = b"near_copies"


class NegativeRow(NamedTuple):
    """One row: `chunk` and `negative` are chunk ids (`DOC_ID#NUMBER`)."""

    unit_id: str
    chunk: str
    negative: str
    rank: int
    score: float


def write_negatives(path: Path, rows: Sequence[NegativeRow], near_copies: int) -> None:
    """Write one part, with the number of candidates that the guard against near-copies refused."""
    columns = [pa.array([row[i] for row in rows], field.type) for i, field in enumerate(NEGATIVES)]
    table = pa.table(columns, schema=NEGATIVES.with_metadata({_REFUSED: str(near_copies).encode()}))
    with replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def write_roots(path: Path, roots: Iterable[tuple[str, str]]) -> None:
    """Write which documents (unit_id, doc_id) are roots, in the order in which they are tried."""
    rows = list(roots)
    columns = [pa.array([row[i] for row in rows], pa.string()) for i in range(2)]
    with replacing(path) as temporary:
        pq.write_table(pa.table(columns, schema=ROOTS), temporary, compression="zstd")


def parts(folder: Path) -> list[Path]:
    """The parts in their order."""
    return sorted(folder.glob("part-*.parquet"))


def counts(folder: Path) -> tuple[int, int]:
    """(negatives, near-copies refused) over all parts."""
    metadata = [pq.read_metadata(path) for path in parts(folder)]
    refused = sum(int(dict(m.metadata or {}).get(_REFUSED, 0)) for m in metadata)
    return sum(m.num_rows for m in metadata), refused


def read_negatives(folder: Path, tables: Tables, scratch: Path) -> dict[str, Negatives]:
    """The negatives by unit (empty name: shared), chunks numbered as in `tables`; they lie in files without a name in `scratch`.

    Raises `UsageError` for unknown chunks, and when what was mined for one anchor does not stand together.
    """
    assert tables.chunks is not None
    chunks, scores = Column(np.int64, scratch), Column(np.float32, scratch)
    begun = [
        Column(dtype, scratch) for dtype in (np.int32, np.int64, np.int64)
    ]  # unit, anchor, where its negatives begin
    codes: dict[str, int] = {}
    before, last = 0, ("", "")
    for path in parts(folder):
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches():
                firsts = _firsts(batch, last)
                anchors = batch.take(pa.array(firsts))
                units = [codes.setdefault(unit_id, len(codes)) for unit_id in anchors["unit_id"].to_pylist()]
                numbers = _numbers(anchors["chunk"], tables, tables.chunks, folder)
                for column, values in zip(begun, (np.array(units), numbers, before + firsts), strict=True):
                    column.append(values)
                chunks.append(_numbers(batch["negative"], tables, tables.chunks, folder))
                scores.append(batch["score"].to_numpy())
                before += len(batch)
                if len(batch):
                    last = batch["unit_id"][-1].as_py(), batch["chunk"][-1].as_py()
    unit, anchor, begin = (column.array() for column in begun)
    order = np.lexsort((anchor, unit))
    again = (np.diff(unit[order]) == 0) & (np.diff(anchor[order]) == 0)
    if again.any():
        raise UsageError(f"{folder}: the negatives of a chunk stand apart; remove the run and make it again")
    anchor, begin, end = anchor[order], begin[order], np.append(begin[1:], before)[order]
    borders = np.searchsorted(unit[order], np.arange(len(codes) + 1)).tolist()
    flat, scored = chunks.array(), scores.array()
    return {
        unit_id: Negatives(anchor[own], begin[own], end[own], flat, scored)
        for unit_id, own in zip(codes, (slice(*pair) for pair in pairwise(borders)), strict=True)
    }


def _firsts(batch: pa.RecordBatch, last: tuple[str, str]) -> NDArray[np.int64]:
    """The rows at which another anchor begins than the row before has (before the first: `last`)."""
    ends = [np.asarray(pc.run_end_encode(batch[name]).run_ends) for name in ("unit_id", "chunk")]
    firsts = np.union1d(0, np.concatenate(ends))[:-1].astype(np.int64)
    goes_on = len(firsts) and (batch["unit_id"][0].as_py(), batch["chunk"][0].as_py()) == last
    return firsts[1:] if goes_on else firsts


def _numbers(column: pa.Array, tables: Tables, chunks: Chunks, folder: Path) -> NDArray[np.int64]:
    """int64 [m]: each chunk id's number over all documents."""
    documents = pc.replace_substring_regex(column, r"(?s)^(.*)#[0-9]+$", r"\1").dictionary_encode()
    rows = tables.doc_ids.rows(documents.dictionary)[np.asarray(documents.indices)]
    if (rows < 0).any():
        raise UsageError(
            f"{folder}: names a chunk of a document that was not encoded; remove the run and make it again"
        )
    numbers = np.asarray(pc.cast(pc.replace_substring_regex(column, r"(?s)^.*#", ""), pa.int64()))
    first = chunks.offsets[rows]
    if (numbers >= chunks.offsets[rows + 1] - first).any():
        raise UsageError(f"{folder}: names a chunk that its document has not; remove the run and make it again")
    return np.asarray(first + numbers)
