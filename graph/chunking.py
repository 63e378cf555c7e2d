"""The chunks and negatives of a run as tables, for recipes that interleave."""

from dataclasses import replace

import numpy as np

from graph.context import RunContext
from graph.documents import texts_of
from graph.progress import Tick
from tools.files import ignore
from tools.packing.chunks import Chunks
from tools.packing.negatives_file import read_negatives
from tools.packing.tables import Tables
from tools.tokens.chunk_table import ChunkTable


def chunk_table(context: RunContext, tick: Tick = ignore) -> ChunkTable:
    """The chunk table of the encoded documents; those that it lacks are fetched and cut first."""
    settings = context.config.negatives
    table = ChunkTable(context.store, settings.granularity, settings.unit)
    wanted = np.flatnonzero(~table.holds(context.documents.hashes))
    tick(len(context.documents) - len(wanted))
    if len(wanted):
        table.fill(((entry.content_hash, text) for entry, text in texts_of(context, wanted)), tick)
    return table


def with_chunks(context: RunContext, tables: Tables, table: ChunkTable) -> Tables:
    """`tables` with the chunks of their documents."""
    firsts = [table.of(key).tokens for key in tables.hashes]
    counts = np.array([len(own) - 1 for own in firsts], np.int64)
    empty = np.empty(0, np.int64)
    chunks = Chunks(
        offsets=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
        starts=np.concatenate([empty, *(own[:-1] for own in firsts)]),
        lengths=np.concatenate([empty, *(np.diff(own) for own in firsts)]),
        documents=np.repeat(np.arange(len(counts)), counts),
        characters=context.documents.characters,
    )
    return replace(tables, chunks=chunks)


def with_negatives(context: RunContext, tables: Tables) -> Tables:
    """What a recipe that mines plans with: `tables` with chunks and the negatives that the stage `mine` wrote."""
    if not context.parts.recipe.mines:
        return tables
    chunked = with_chunks(context, tables, chunk_table(context))
    return replace(chunked, negatives=read_negatives(context.path / "negatives", chunked))
