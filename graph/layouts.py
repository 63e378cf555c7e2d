"""Layouts of samples, for `litelong validate`: against their documents' lengths, their chunks and what was mined."""

from collections.abc import Mapping
from typing import Any

from graph.chunking import chunk_table
from graph.context import RunContext
from tools.packing.layout import EndToEnd, Interleaving, check_interleaved, check_knotted
from tools.packing.litelong import LiteLong
from tools.packing.negatives_file import rows
from tools.packing.standard import Standard
from tools.packing.tables import Tables
from tools.packing.utk import Knotted


class LayoutReader:
    """What is wrong with the layout of the run's samples, read in their order; nothing for recipes of other packages."""

    def __init__(self, context: RunContext, tables: Tables) -> None:
        recipe, negatives = context.parts.recipe, context.config.negatives
        self._tables = tables
        self._how = Interleaving(negatives.position, negatives.truncate)
        self._mines = recipe.mines
        self._knots, self._marked = isinstance(recipe, Knotted), context.config.packing.back_trace
        self._whole = isinstance(recipe, Standard | LiteLong)
        self._documents = EndToEnd(self._length, carries=context.config.packing.tails == "carry")
        self._mined: dict[tuple[str, str], dict[str, tuple[int, float]]] = {}
        if self._mines:
            self._table = chunk_table(context)
            for row in rows(context.path / "negatives"):
                self._mined.setdefault((row.unit_id, row.chunk), {})[row.negative] = (row.rank, row.score)

    def problems(self, row: Mapping[str, Any]) -> list[str]:
        """One line each; `row` is one of `samples/*.parquet`."""
        if self._whole or (self._mines and row["recipe"].endswith("/remainder")):
            return self._documents.problems(row)
        if self._mines:
            self._documents.reach(row["segments"])
            return check_interleaved(row, self._chunks_of, self._mined_for, self._how)
        return check_knotted(row, marked=self._marked) if self._knots else []

    def _chunks_of(self, doc_id: str) -> list[int] | None:
        row = self._tables.doc_ids.row(doc_id)
        return None if row is None else self._table.of(self._tables.hashes[row]).tokens.tolist()

    def _length(self, doc_id: str) -> int | None:
        row = self._tables.doc_ids.row(doc_id)
        return None if row is None else int(self._tables.lengths[row])

    def _mined_for(self, topic_id: str, chunk_id: str) -> Mapping[str, tuple[int, float]]:
        return self._mined.get((topic_id, chunk_id)) or self._mined.get(("", chunk_id)) or {}
