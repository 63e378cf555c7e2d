"""The chunks and negatives of a run as tables, for recipes that interleave."""

from dataclasses import replace

import numpy as np

from graph.context import RunContext
from graph.progress import Tick
from graph.stages.encode import needed
from tools.corpus import fetch_texts
from tools.files import ignore
from tools.packing.chunks import Chunks
from tools.packing.negatives_file import read_negatives
from tools.packing.tables import Tables
from tools.tokens.chunk_table import ChunkTable


def chunk_table(context: RunContext, tick: Tick = ignore) -> ChunkTable:
    """The chunk table of the encoded documents; those that it lacks are fetched and cut first."""
    settings = context.config.negatives
    table = ChunkTable(context.store, settings.granularity, settings.unit)
    entries = list(needed(context))
    missing = set(table.missing([entry.content_hash for entry in entries]))
    wanted = [entry for entry in entries if entry.content_hash in missing]
    tick(len(entries) - len(wanted))
    if wanted:
        table.fill(((e.content_hash, text) for e, text in fetch_texts(context.indexed.corpus, wanted)), tick)
    return table


def with_chunks(context: RunContext, tables: Tables, table: ChunkTable) -> Tables:
    """`tables` with the chunks of their documents."""
    firsts = [table.of(key).tokens for key in tables.hashes]
    counts = np.array([len(own) - 1 for own in firsts], np.int64)
    empty = np.empty(0, np.int64)
    by_id = {entry.doc_id: entry.n_chars for entry in needed(context)}
    chunks = Chunks(
        offsets=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
        starts=np.concatenate([empty, *(own[:-1] for own in firsts)]),
        lengths=np.concatenate([empty, *(np.diff(own) for own in firsts)]),
        documents=np.repeat(np.arange(len(counts)), counts),
        characters=np.array([by_id[doc_id] for doc_id in tables.doc_ids], np.int64),
    )
    return replace(tables, chunks=chunks)


def with_negatives(context: RunContext, tables: Tables) -> Tables:
    """What a recipe that mines plans with: `tables` with chunks and the negatives that the stage `mine` wrote."""
    if not context.parts.recipe.mines:
        return tables
    chunked = with_chunks(context, tables, chunk_table(context))
    return replace(chunked, negatives=read_negatives(context.path / "negatives", chunked))
