"""encode: the documents that hits name (all, for a recipe over the whole corpus), fetched in one ordered pass, encoded once."""

import logging
from collections.abc import Iterator

import numpy as np

from graph.context import RunContext
from graph.documents import texts_of
from graph.progress import Tick
from tools.packing.tables import RowArray
from tools.tokens.fast import Chosen, DifferenceError, choose

LOG = logging.getLogger("litelong")
WORTH_PROVING = 20_000_000
"""Characters from which a faster engine repays the 1.6 CPU-seconds that its proof takes."""
PROVED_ON = 200
"""Documents of the corpus, by content hash, on which an engine must give the tokenizer's own ids."""


def run(context: RunContext) -> None:
    """Fill the token store; documents it holds already are not read again."""
    if context.run.stage("encode"):
        return
    documents = context.documents
    wanted = _missing(context)
    with context.stage("encode", len(documents)) as tick:
        tick(len(documents) - len(wanted))
        _fill(context, wanted, tick)
        tokens = int(context.store.lengths(documents.hashes).sum())
    characters = int(documents.characters.sum())
    context.run.finish("encode", {"documents": len(documents), "characters": characters, "tokens": tokens})


def _missing(context: RunContext) -> RowArray:
    """Rows of the documents that the store does not hold, in content-hash order."""
    return np.flatnonzero(~context.store.holds(context.documents.hashes))


def _fill(context: RunContext, wanted: RowArray, tick: Tick) -> None:
    """Encode by the fastest engine that proves itself; should it err all the same, what it encoded is encoded again."""
    store, workers = context.store, context.config.run.workers
    chosen = _choose(context, wanted)
    try:
        store.fill(_texts(context, wanted), workers, tick, encoder=chosen.tokenizer)
    except DifferenceError as error:
        LOG.warning("%s; its parts of the token store are encoded again by %s", error, store.tokenizer.engine)
        store.forget(chosen.tokenizer.engine)
        store.fill(_texts(context, _missing(context)), workers)
        chosen = Chosen(store.tokenizer, {**chosen.left_out, chosen.tokenizer.engine: str(error)})
    # Some may have been encoded before: by a run that was stopped, or one that shares the store.
    engines = " and ".join(store.engines(context.documents.hashes)) or chosen.tokenizer.engine
    context.run.note(token_engine={"engine": engines, "left_out": chosen.left_out})


def _choose(context: RunContext, wanted: RowArray) -> Chosen:
    tokenizer = context.store.tokenizer
    if context.config.run.encoder == "plain":
        return Chosen(tokenizer, {})
    if context.documents.characters[wanted].sum() < WORTH_PROVING:
        return Chosen(tokenizer, {})
    chosen = choose(tokenizer, [text for _, text in _texts(context, wanted[:PROVED_ON])])
    for engine, reason in chosen.left_out.items():
        context.progress.say(f"tokens: {engine} is not used ({reason}); {chosen.tokenizer.engine} encodes")
    return chosen


def _texts(context: RunContext, rows: RowArray) -> Iterator[tuple[bytes, str]]:
    for entry, text in texts_of(context, rows):
        yield entry.content_hash, text
