"""The chunks and negatives of a run as tables, for recipes that interleave."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph.context import RunContext
from graph.documents import texts_of
from graph.progress import Tick
from tools.columns import blocks, mapped
from tools.files import ignore
from tools.packing.chunks import Chunks, chunks_of
from tools.packing.near import groups_of
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
    return replace(tables, chunks=chunks_of(tables.hashes, table, context.documents.characters, context.scratch))


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
        placed[own.anchors] = True
    # Units' own pools share one column.
    for column in {id(own.chunks): own.chunks for own in tables.negatives.values()}.values():
        placed[column] = True
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
    for at in blocks(len(numbers)):
        some = numbers[at]
        part, starts = documents.of(chunks.documents[some])
        starts = starts + chunks.starts[some]
        ends = starts + chunks.lengths[some]
        for number, start, end in zip(part.tolist(), starts.tolist(), ends.tolist(), strict=True):
            yield documents.arrays[number][start:end]
        tick(len(some))
