"""Chunks and mined negatives for a warm store, in the formats that a run writes, without mining for hours.

Each copy of a document has the chunks of the document that it is a copy of. An anchor's negatives are chunks of a seeded shuffle
of the pool, as many as `mine` asks for; two thirds are also the next anchors', so that a plan meets what others have used.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.packing.warm_store import Warm
from graph.stages.mine import ROOTS_PER_FILE, SPARE
from tools.corpus import open_corpus
from tools.corpus.document import Document
from tools.packing.chunks import Chunks, chunks_of
from tools.packing.negatives_file import NegativeRow, write_negatives
from tools.packing.nextlong import depth_of, roots_of
from tools.packing.recipe import Interleave, Settings
from tools.packing.tables import Layout, RowArray, Tables, Unit
from tools.tokens.borders import token_chunks
from tools.tokens.chunk_table import ChunkTable, DocumentChunks

GRANULARITY = 2048
CHARACTERS_PER_TOKEN = 4.3
_PART_DOCUMENTS = 1 << 14


def settings_of(context_length: int) -> Settings:
    """What the recipes are asked for."""
    interleave = Interleave(granularity=GRANULARITY, characters_per_token=CHARACTERS_PER_TOKEN)
    return Settings(Layout(context_length, bos=False, separator=False), 1, "rank", None, 0, interleave=interleave)


def read_chunks(warm: Warm) -> Chunks:
    """The chunks of all documents, as `pack` reads them; the table is filled at first."""
    table = ChunkTable(warm.store, GRANULARITY)
    if not len(table):
        _fill(warm, table)
        table = ChunkTable(warm.store, GRANULARITY)
    characters = (warm.tables.lengths * CHARACTERS_PER_TOKEN).astype(np.int64)
    return chunks_of(warm.tables.hashes, table, characters, warm.store.folder)


def _fill(warm: Warm, table: ChunkTable) -> None:
    texts = [d.text for d in open_corpus(["demo"], base=Path(), name="demo").read() if isinstance(d, Document)]
    tokenizer = warm.store.tokenizer
    encoded = tokenizer.encode_batch(texts, threads=2)
    own = []
    for text, begin, end in zip(texts, encoded.offsets[:-1], encoded.offsets[1:], strict=True):
        borders = tokenizer.borders(text, encoded.ids[begin:end])
        firsts = token_chunks(text, borders, GRANULARITY)
        own.append(DocumentChunks(firsts, borders[firsts]))
    for part, begin in enumerate(range(0, len(warm.tables), _PART_DOCUMENTS)):
        rows = slice(begin, begin + _PART_DOCUMENTS)
        numbers = [int(name.partition("/")[2]) for name in warm.tables.doc_ids[rows]]
        table.write_part(part, list(warm.tables.hashes[rows]), [own[number] for number in numbers])


def write_mined(folder: Path, tables: Tables, units: list[Unit], settings: Settings) -> None:
    """Write what `mine` would have found for every root, `ROOTS_PER_FILE` a part."""
    chunks = tables.chunks
    assert chunks is not None
    roots = np.concatenate([*roots_of(units, tables, settings, 1).values()])
    outside = np.ones(len(tables), np.bool_)
    outside[roots] = False
    pool = np.random.default_rng(1).permutation(np.flatnonzero(outside[chunks.documents]))
    mean, at = chunks.lengths.mean(), 0
    for part, begin in enumerate(range(0, len(roots), ROOTS_PER_FILE)):
        rows: list[NegativeRow] = []
        for root in roots[begin : begin + ROOTS_PER_FILE].tolist():
            anchors = np.array(chunks.of(root))
            depth = SPARE * depth_of(root, chunks, settings)
            step = int((settings.layout.capacity - tables.lengths[root]) / mean) // len(anchors) + 1
            for anchor in _names(anchors, tables, chunks):
                found = _names(pool[(at + np.arange(depth)) % len(pool)], tables, chunks)
                rows += [NegativeRow("", anchor, name, rank, 30 / rank) for rank, name in enumerate(found, 1)]
                at = (at + step) % len(pool)
        write_negatives(folder / f"part-{part:05d}.parquet", rows, 0)


def _names(numbers: RowArray, tables: Tables, chunks: Chunks) -> list[str]:
    documents = chunks.documents[numbers]
    names = tables.doc_ids.array.take(pa.array(documents)).to_pylist()
    return [f"{name}#{n}" for name, n in zip(names, (numbers - chunks.offsets[documents]).tolist(), strict=True)]
