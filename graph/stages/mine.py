"""mine: for each chunk of the documents that will be roots, the most similar chunks of other documents: its hard negatives.

The pool's chunks go into an index (BM25, or embeddings in FAISS) that is thrown away at the end. Roots are asked for in parts of
`ROOTS_PER_FILE`; parts that are there are kept, so a killed run goes on with the next.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from graph.chunking import chunk_table, with_chunks
from graph.context import RunContext
from graph.documents import texts_of
from graph.negatives import pool_of
from graph.packing import read_tables, read_units
from graph.progress import Tick
from litelong import UsageError
from tools.columns import mapped
from tools.packing.near import signatures
from tools.packing.negatives_file import NegativeRow, counts, write_negatives, write_roots
from tools.packing.nextlong import depth_of, roots_of
from tools.packing.tables import Tables, Unit
from tools.search.chunks import ChunkIndex, ChunkText, document_of
from tools.search.interface import Hit
from tools.tokens.chunk_table import ChunkTable

ROOTS_PER_FILE = 64
SPARE = 3
"""Chunks are looked for to so many times the depth k: others have used some of them, and near-copies fall out."""


class Search(Protocol):
    """What an index of chunks must do here: `tools.search.chunks.ChunkIndex`, or embeddings."""

    def __call__(
        self, chunks: Sequence[ChunkText], k: int, *, excluded: Callable[[ChunkText, str], bool]
    ) -> list[list[Hit]]: ...


class _Kept(NamedTuple):
    """An anchor's negatives by rank, and how many better ones were near-copies of it."""

    hits: list[Hit]
    refused: int


class Root(NamedTuple):
    """A document whose chunks will be anchors: its row, and the unit that it was chosen for."""

    row: int
    unit: Unit


def run(context: RunContext) -> None:
    """Mine and write `negatives/`. Raises `UsageError` when the pool is empty."""
    if not context.parts.recipe.mines or context.run.stage("mine"):
        return
    folder = context.path / "negatives"
    bare = read_tables(context)
    with context.stage("chunk", len(bare)) as tick:
        table = chunk_table(context, tick)
        tables = with_chunks(context, bare, table)
    units = read_units(context, tables)
    chosen = roots_of(units, tables, context.recipe_settings, context.config.packing.max_uses_per_document)
    roots = [Root(row, unit) for unit in units for row in chosen[unit.unit_id].tolist()]
    write_roots(folder / "roots.parquet", ((root.unit.unit_id, tables.doc_ids[root.row]) for root in roots))
    miner = _Miner(context, tables, table, {root.row for root in roots})
    files = _mine(context, folder, roots, miner)
    found, near_copies = counts(folder)
    facts = {"roots": len(roots), "chunks": miner.pool_chunks, "negatives": found, "near_copies": near_copies}
    context.run.finish("mine", facts, [folder / "roots.parquet", *files])


def _mine(context: RunContext, folder: Path, roots: Sequence[Root], miner: "_Miner") -> list[Path]:
    """Write the parts that are missing; all of them. The index of chunks is there only while one is."""
    groups = [roots[begin : begin + ROOTS_PER_FILE] for begin in range(0, max(1, len(roots)), ROOTS_PER_FILE)]
    parts = {folder / f"part-{number:05d}.parquet": group for number, group in enumerate(groups)}
    missing = [path for path in parts if not path.exists()]
    if missing and not roots:
        write_negatives(missing[0], [], 0)  # nobody asks: the stage that packs says why
    elif missing:
        with context.stage("chunk index", miner.pool_chunks) as tick:
            search = miner.search(folder / "index", tick)
        with closing(miner), context.stage("mine", len(roots)) as tick:
            for path, group in parts.items():
                if path in missing:
                    miner.mine(group, search, path)
                tick(len(group))
    if (folder / "index").exists():
        shutil.rmtree(folder / "index")
    return list(parts)


class _Miner:
    """The pool, its index, and what is asked of it."""

    def __init__(self, context: RunContext, tables: Tables, table: ChunkTable, roots: set[int]) -> None:
        assert tables.chunks is not None
        self._context, self._tables, self._table = context, tables, table
        self._chunks, self._settings = tables.chunks, context.config.negatives
        # A root stays whole until its turn, so its chunks are no other root's negatives.
        counts = np.diff(self._chunks.offsets)
        in_pool = counts > 0
        in_pool[list(roots)] = False
        self._pool = mapped(in_pool.nonzero()[0], context.scratch)
        self.pool_chunks = int(counts[in_pool].sum())
        by_group = np.argsort(tables.group, kind="stable") if tables.grouped else np.empty(0, np.int64)
        self._by_group, self._groups = (mapped(a, context.scratch) for a in (by_group, tables.group[by_group]))
        self._by_topic = pool_of(context.config, context.parts.recipe) == "topic"
        self._index: ChunkIndex | None = None

    def search(self, folder: Path, tick: Tick) -> Search:
        """The index of the pool, built unless a killed run built it."""
        if not len(self._pool):
            raise UsageError(
                f"{self._context.path}: every document would be a root and none is left for negatives; add documents, or lower "
                "packing.samples_per_topic"
            )
        if self._settings.source == "dense":
            from tools.search.dense import DenseIndex, load_embed

            embed = load_embed(self._settings.embeddings)
            done = (folder / "vectors.faiss").exists()
            dense = DenseIndex.open(folder, embed) if done else DenseIndex.build(self._texts(), folder, embed, tick)
            return dense.negatives_many
        built = (folder / "manifest.json").exists()
        settings = self._context.search_settings
        self._index = ChunkIndex.open(folder) if built else ChunkIndex.build(self._texts(), folder, settings, tick)
        return partial(self._index.negatives_many, words=self._settings.words)

    def close(self) -> None:
        if self._index is not None:
            self._index.close()

    def mine(self, roots: Sequence[Root], search: Search, path: Path) -> None:
        """Ask for the chunks of some roots and write one part."""
        rows = np.array([root.row for root in roots], np.int64)
        texts = {entry.doc_id: text for entry, text in texts_of(self._context, rows)}

        def one(root: Root) -> tuple[list[NegativeRow], int]:
            return self._mine_one(root, texts[self._tables.doc_ids[root.row]], search)

        with ThreadPoolExecutor(self._context.config.run.workers) as pool:
            mined = list(pool.map(one, roots))
        write_negatives(path, [row for rows, _ in mined for row in rows], sum(near for _, near in mined))

    def _mine_one(self, root: Root, text: str, search: Search) -> tuple[list[NegativeRow], int]:
        """The rows of one root, and how many candidates were near-copies of their anchor."""
        doc_id = self._tables.doc_ids[root.row]
        pieces = self._table.of(self._tables.hashes[root.row]).texts(text)
        anchors = [ChunkText.of(doc_id, number, piece) for number, piece in enumerate(pieces)]
        allowed = {self._tables.doc_ids[row] for row in root.unit.documents.tolist()} if self._by_topic else None
        duplicates = self._near_duplicates(root.row)

        def excluded(_: ChunkText, found: str) -> bool:
            document = document_of(found)
            return document in duplicates or (allowed is not None and document not in allowed)

        wanted = SPARE * depth_of(root.row, self._chunks, self._context.recipe_settings)
        unit_id = root.unit.unit_id if self._by_topic else ""
        found = {anchor.number: _Kept([], 0) for anchor in anchors}
        asked, depth = anchors, wanted
        while asked:
            short = []
            for anchor, hits in zip(asked, search(asked, depth, excluded=excluded), strict=True):
                kept = found[anchor.number] = self._without_near_copies(root.row, anchor.number, hits, wanted)
                if len(kept.hits) < wanted and len(hits) == depth:
                    short.append(anchor)
            asked, depth = short, 2 * depth
        rows = [
            NegativeRow(unit_id, anchor.chunk_id, hit.doc_id, rank, hit.score)
            for anchor in anchors
            for rank, hit in enumerate(found[anchor.number].hits, 1)
        ]
        return rows, sum(kept.refused for kept in found.values())

    def _near_duplicates(self, root: int) -> set[str]:
        """Documents that never share a sample with the root: asked for, they would take the best places of its own negatives."""
        group = self._tables.group_of(root)
        first, end = np.searchsorted(self._groups, (group, group + 1)).tolist()
        return {self._tables.doc_ids[row] for row in self._by_group[first:end].tolist() if row != root}

    def _without_near_copies(self, root: int, number: int, hits: list[Hit], wanted: int) -> "_Kept":
        """The first `wanted` hits whose estimated similarity to the anchor's own tokens is below the threshold."""
        threshold = self._settings.near_copies
        if threshold is None or not hits:
            return _Kept(hits[:wanted], 0)
        sketches = signatures([self._ids(root, number), *(self._ids(*self._place(hit.doc_id)) for hit in hits)])
        far = np.flatnonzero((sketches[1:] == sketches[0]).mean(axis=1) < threshold)[:wanted].tolist()
        looked_at = far[-1] + 1 if len(far) == wanted else len(hits)
        return _Kept([hits[place] for place in far], looked_at - len(far))

    def _place(self, chunk_id: str) -> tuple[int, int]:
        document, _, number = chunk_id.rpartition("#")
        row = self._tables.doc_ids.row(document)
        assert row is not None, "the pool is made of the tables' own documents"
        return row, int(number)

    def _ids(self, row: int, number: int) -> "np.ndarray[tuple[int], np.dtype[np.unsignedinteger]]":
        chunk = self._chunks.of(row)[number]
        start = int(self._chunks.starts[chunk])
        return self._context.store.ids(self._tables.hashes[row])[start : start + int(self._chunks.lengths[chunk])]

    def _texts(self) -> Iterator[ChunkText]:
        """Every chunk of the pool, in one ordered pass over the corpus."""
        for entry, text in texts_of(self._context, self._pool):
            for number, piece in enumerate(self._table.of(entry.content_hash).texts(text)):
                yield ChunkText.of(entry.doc_id, number, piece)
