"""`negatives/*.parquet`: the chunks that were mined for each anchor, and the documents whose chunks were asked for (roots)."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from litelong import UsageError
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


def read_negatives(folder: Path, tables: Tables) -> dict[str, Negatives]:
    """The negatives by unit (empty name: shared), chunks numbered as in `tables`. Raises `UsageError` for unknown chunks."""
    assert tables.chunks is not None
    read = [pq.read_table(path) for path in parts(folder)]
    table = pa.concat_tables(
        [NEGATIVES.empty_table(), *(one.replace_schema_metadata() for one in read)]
    ).combine_chunks()
    anchors = _numbers(table.column("chunk"), tables, tables.chunks, folder)
    negatives = _numbers(table.column("negative"), tables, tables.chunks, folder)
    scores = table.column("score").to_numpy()
    units = table.column("unit_id").dictionary_encode().combine_chunks()
    found = {}
    for code, unit_id in enumerate(units.dictionary.to_pylist()):
        own = np.flatnonzero(units.indices.to_numpy() == code)
        found[unit_id] = _grouped(anchors[own], negatives[own], scores[own])
    return found


def _grouped(anchors: NDArray[np.int64], negatives: NDArray[np.int64], scores: NDArray[np.float32]) -> Negatives:
    """Rows by anchor; an anchor's rows stand in the order of their ranks already."""
    order = np.argsort(anchors, kind="stable")
    names, begins = np.unique(anchors[order], return_index=True)
    offsets = np.append(begins, len(order)).astype(np.int64)
    return Negatives(names, offsets, negatives[order], scores[order])


def _numbers(column: pa.ChunkedArray, tables: Tables, chunks: Chunks, folder: Path) -> NDArray[np.int64]:
    """int64 [m]: each chunk id's number over all documents."""
    documents = pc.replace_substring_regex(column, r"(?s)^(.*)#[0-9]+$", r"\1")
    rows = tables.doc_ids.rows(documents)
    if (rows < 0).any():
        raise UsageError(
            f"{folder}: names a chunk of a document that was not encoded; remove the run and make it again"
        )
    numbers = pc.cast(pc.replace_substring_regex(column, r"(?s)^.*#", ""), pa.int64()).to_numpy()
    if (numbers >= np.diff(chunks.offsets)[rows]).any():
        raise UsageError(f"{folder}: names a chunk that its document has not; remove the run and make it again")
    return np.asarray(chunks.offsets[rows] + numbers)
