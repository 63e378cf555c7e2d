"""The chunks and negatives of a run as tables, for recipes that interleave."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph.context import RunContext
from graph.documents import texts_of
from graph.progress import Tick
from tools.columns import Column, mapped
from tools.files import ignore
from tools.packing.chunks import Chunks
from tools.packing.near import groups_of
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
    mined = replace(chunked, negatives=read_negatives(context.path / "negatives", chunked, context.scratch))
    return _with_near_copies(context, mined)


def _with_near_copies(context: RunContext, tables: Tables) -> Tables:
    """`tables` with the near-copies among the chunks that may stand in a sample of anchors and negatives."""
    threshold, chunks = context.config.negatives.near_copies, tables.chunks
    assert chunks is not None
    if threshold is None:
        return tables
    placed = np.zeros(len(chunks), np.bool_)
    for own in tables.negatives.values():
        placed[own.anchors] = placed[own.chunks] = True
    numbers = placed.nonzero()[0]
    with context.stage("near-copies", len(numbers)) as tick:
        first = groups_of(_ids_of(context, tables, chunks, numbers, tick), len(numbers), threshold, context.scratch)
    group = np.arange(len(chunks))
    group[numbers] = numbers[first]
    return replace(tables, chunks=replace(chunks, group=mapped(group, context.scratch)))


def _ids_of(
    context: RunContext, tables: Tables, chunks: Chunks, numbers: NDArray[np.int64], tick: Tick
) -> Iterator[NDArray[Any]]:
    """The ids of chunks, one after the other."""
    documents = context.store.locate(tables.hashes)
    for begin in range(0, len(numbers), _AT_ONCE):
        some = numbers[begin : begin + _AT_ONCE]
        part, starts = documents.of(chunks.documents[some])
        starts = starts + chunks.starts[some]
        ends = starts + chunks.lengths[some]
        for number, start, end in zip(part.tolist(), starts.tolist(), ends.tolist(), strict=True):
            yield documents.arrays[number][start:end]
        tick(len(some))
