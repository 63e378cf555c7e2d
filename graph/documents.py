"""The documents that a run's plan may draw from, as columns: what every stage after retrieval begins with."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tools.columns import Column, Hashes, Names, mapped
from tools.corpus import Entry, fetch_texts

if TYPE_CHECKING:
    from graph.context import RunContext

_AT_ONCE = 1 << 16
"""Documents whose texts are asked for in one go; of the others nothing but the columns is held."""


class Documents(NamedTuple):
    """n documents in content-hash order: `characters`, `source` and `position` int64 [n] are those of the catalogue's entries."""

    doc_ids: Names
    hashes: Hashes
    characters: NDArray[np.int64]
    source: NDArray[np.int64]
    position: NDArray[np.int64]

    def __len__(self) -> int:  # a NamedTuple would count its columns
        return len(self.hashes)

    def entries(self, rows: NDArray[np.int64]) -> Iterator[Entry]:
        """Entries of some rows, in their order, without titles."""
        for row in rows.tolist():
            place = int(self.source[row]), int(self.position[row])
            yield Entry(self.doc_ids[row], "", int(self.characters[row]), self.hashes[row], *place)


def read_documents(context: "RunContext") -> Documents:
    """Those that hits name; all, for a recipe over the whole corpus."""
    if context.parts.draws_from_corpus:
        found = context.indexed.entries()
    else:
        found = context.indexed.entries(_named(context.path / "hits"), context.scratch)
    hashes, *numbers = (Column(dtype, context.scratch) for dtype in (np.uint8, np.int64, np.int64, np.int64))

    def names() -> Iterator[str]:
        for entries in _some(found):
            hashes.append(Hashes(entry.content_hash for entry in entries).array)
            rows = np.array([(entry.n_chars, entry.source, entry.position) for entry in entries], np.int64)
            for column, values in zip(numbers, rows.T, strict=True):
                column.append(values)
            yield from (entry.doc_id for entry in entries)

    doc_ids = Names.filed(names(), context.scratch)
    return Documents(doc_ids, Hashes(hashes.array().reshape(-1, 16)), *(column.array() for column in numbers))


def texts_of(context: "RunContext", rows: NDArray[np.int64]) -> Iterator[tuple[Entry, str]]:
    """The texts of some rows, in one ordered pass over the corpus. Raises `UsageError` where the corpus has changed."""
    documents = context.documents
    ordered = mapped(rows[np.lexsort((documents.position[rows], documents.source[rows]))], context.scratch)
    for begin in range(0, len(ordered), _AT_ONCE):
        yield from fetch_texts(context.indexed.corpus, documents.entries(ordered[begin : begin + _AT_ONCE]))


def _named(hits: Path) -> Iterator[str]:
    """Every document that a hit names; once for each batch of hits that does."""
    for path in sorted(hits.glob("part-*.parquet")):
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(columns=["doc_id"]):
                yield from pc.unique(batch["doc_id"]).to_pylist()


def _some(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    while block := list(islice(entries, _AT_ONCE)):
        yield block
