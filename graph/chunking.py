"""The chunks and negatives of a run as tables, for recipes that interleave."""

from dataclasses import replace

import numpy as np

from graph.context import RunContext
from graph.documents import texts_of
from graph.progress import Tick
from tools.columns import Column
from tools.files import ignore
from tools.packing.chunks import Chunks
from tools.packing.negatives_file import read_negatives
from tools.packing.tables import Tables
from tools.tokens.chunk_table import ChunkTable

_AT_ONCE = 1 << 16
"""Documents whose chunks are read at a time."""


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
    offsets, starts, lengths, documents = (Column(np.int64, context.scratch) for _ in range(4))
    offsets.append(np.zeros(1, np.int64))
    end = 0
    for begin in range(0, len(tables), _AT_ONCE):
        own = table.of_many(tables.hashes[begin : begin + _AT_ONCE])
        offsets.append(end + np.cumsum(own.counts))
        end += len(own.starts)
        starts.append(own.starts)
        lengths.append(own.lengths)
        documents.append(np.repeat(np.arange(begin, begin + len(own.counts)), own.counts))
    chunks = Chunks(offsets.array(), starts.array(), lengths.array(), documents.array(), context.documents.characters)
    return replace(tables, chunks=chunks)


def with_negatives(context: RunContext, tables: Tables) -> Tables:
    """What a recipe that mines plans with: `tables` with chunks and the negatives that the stage `mine` wrote."""
    if not context.parts.recipe.mines:
        return tables
    chunked = with_chunks(context, tables, chunk_table(context))
    return replace(chunked, negatives=read_negatives(context.path / "negatives", chunked, context.scratch))
