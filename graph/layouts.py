"""Layouts of samples, for `litelong validate`: against their documents' lengths, their chunks and what was mined."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from graph.chunking import chunk_table
from graph.context import RunContext
from graph.proving import Reached, SampleRows
from tools.packing.layout import EndToEnd, Interleaving, check_interleaved, check_knotted
from tools.packing.litelong import LiteLong
from tools.packing.negatives_file import NegativeRow, parts
from tools.packing.standard import Standard
from tools.packing.tables import Tables
from tools.packing.utk import Knotted
from tools.search.chunks import document_of


class LayoutReader:
    """What is wrong with the layout of the run's samples, read in their order; nothing for recipes of other packages."""

    def __init__(self, context: RunContext, tables: Tables, row_of: SampleRows) -> None:
        recipe, negatives = context.parts.recipe, context.config.negatives
        self._tables, self._row_of = tables, row_of
        self._how = Interleaving(negatives.position, negatives.truncate)
        self._mines = recipe.mines
        self._knots, self._marked = isinstance(recipe, Knotted), context.config.packing.back_trace
        self._whole = isinstance(recipe, Standard | LiteLong)
        reached = Reached(row_of, len(tables), context.scratch)
        self._documents = EndToEnd(self._length, carries=context.config.packing.tails == "carry", reached=reached)
        if self._mines:
            self._table = chunk_table(context)
            self._mined = MinedRoots(context.path / "negatives")

    def problems(self, row: Mapping[str, Any]) -> list[str]:
        """One line each; `row` is one of `samples/*.parquet`."""
        if self._whole or (self._mines and row["recipe"].endswith("/remainder")):
            return self._documents.problems(row)
        if self._mines:
            self._documents.reach(row["segments"])
            return check_interleaved(row, self._chunks_of, self._mined.of, self._how)
        return check_knotted(row, marked=self._marked) if self._knots else []

    def _chunks_of(self, doc_id: str) -> list[int] | None:
        row = self._row_of(doc_id)
        return None if row is None else self._table.of(self._tables.hashes[row]).tokens.tolist()

    def _length(self, doc_id: str) -> int | None:
        row = self._row_of(doc_id)
        return None if row is None else int(self._tables.lengths[row])


class MinedRoots:
    """What was mined for the anchors of one root at a time: memory holds the part that it stands in, and where roots are."""

    def __init__(self, folder: Path) -> None:
        self._parts: dict[tuple[str, str], list[Path]] = {}
        self._read: tuple[Path, pa.Table] | None = None
        self._root: tuple[str, str] | None = None
        self._mined: dict[str, dict[str, tuple[int, float]]] = {}
        for path in parts(folder):
            anchors = pq.read_table(path, columns=["unit_id", "chunk"]).group_by(["unit_id", "chunk"]).aggregate([])
            names = zip(*(anchors.column(name).to_pylist() for name in ("unit_id", "chunk")), strict=True)
            for root in dict.fromkeys((unit_id, document_of(chunk)) for unit_id, chunk in names):
                self._parts.setdefault(root, []).append(path)

    def of(self, topic_id: str, chunk_id: str) -> Mapping[str, tuple[int, float]]:
        """chunk_id of each negative mined for an anchor, for its topic or else for all, to its rank and score."""
        document = document_of(chunk_id)
        return self._of(topic_id, document).get(chunk_id) or self._of("", document).get(chunk_id) or {}

    def _of(self, unit_id: str, document: str) -> Mapping[str, Mapping[str, tuple[int, float]]]:
        root = (unit_id, document)
        if root not in self._parts:
            return {}
        if root != self._root:
            self._root, self._mined = root, {}
            for path in self._parts[root]:
                for row in self._rows(path, unit_id, f"{document}#"):
                    if document_of(row.chunk) == document:  # another's name may begin so
                        self._mined.setdefault(row.chunk, {})[row.negative] = (row.rank, row.score)
        return self._mined

    def _rows(self, path: Path, unit_id: str, beginning: str) -> Iterator[NegativeRow]:
        if self._read is None or self._read[0] != path:
            self._read = path, pq.read_table(path)
        table = self._read[1]
        own = pc.and_(pc.equal(table["unit_id"], unit_id), pc.starts_with(table["chunk"], beginning))
        columns = (column.to_pylist() for column in table.filter(own).columns)
        return (NegativeRow(*row) for row in zip(*columns, strict=True))
