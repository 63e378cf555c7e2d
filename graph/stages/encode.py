"""encode: the documents that hits name (all, for a recipe over the whole corpus), fetched in one ordered pass, encoded once."""

import logging
from collections.abc import Iterator

from graph.context import RunContext
from graph.progress import Tick
from graph.stages.retrieve import read_hits
from tools.corpus import Entry, fetch_texts
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
    entries = list(needed(context))
    missing = set(context.store.missing([entry.content_hash for entry in entries]))
    wanted = [entry for entry in entries if entry.content_hash in missing]
    with context.stage("encode", len(entries)) as tick:
        tick(len(entries) - len(wanted))
        _fill(context, wanted, tick)
        lengths = context.store.lengths([entry.content_hash for entry in entries])
    characters = sum(entry.n_chars for entry in entries)
    counts = {"documents": len(entries), "characters": characters, "tokens": int(lengths.sum())}
    context.run.finish("encode", counts)


def _fill(context: RunContext, wanted: list[Entry], tick: Tick) -> None:
    """Encode by the fastest engine that proves itself; should it err all the same, what it encoded is encoded again."""
    store, workers = context.store, context.config.run.workers
    chosen = _choose(context, wanted)
    try:
        store.fill(_texts(context, wanted), workers, tick, encoder=chosen.tokenizer)
    except DifferenceError as error:
        LOG.warning("%s; its parts of the token store are encoded again", error)
        store.forget(chosen.tokenizer.engine)
        missing = set(store.missing([entry.content_hash for entry in wanted]))
        store.fill(_texts(context, [entry for entry in wanted if entry.content_hash in missing]), workers)
        chosen = Chosen(store.tokenizer, {**chosen.left_out, chosen.tokenizer.engine: str(error)})
    context.run.note(token_engine={"engine": chosen.tokenizer.engine, "left_out": chosen.left_out})


def _choose(context: RunContext, wanted: list[Entry]) -> Chosen:
    tokenizer = context.store.tokenizer
    if sum(entry.n_chars for entry in wanted) < WORTH_PROVING:
        return Chosen(tokenizer, {})
    sample = sorted(wanted, key=lambda entry: entry.content_hash)[:PROVED_ON]
    chosen = choose(tokenizer, [text for _, text in fetch_texts(context.indexed.corpus, sample)])
    for engine, reason in chosen.left_out.items():
        LOG.info("tokens: %s is not used: %s", engine, reason)
    return chosen


def needed(context: RunContext) -> Iterator[Entry]:
    """Catalogue entries of the documents that a plan may draw from, in content-hash order."""
    if context.parts.draws_from_corpus:
        yield from context.indexed.entries()
        return
    named: set[str] = set()
    for batch in read_hits(context.path / "hits"):
        named.update(batch.column("doc_id").to_pylist())
    yield from context.indexed.entries(sorted(named))


def _texts(context: RunContext, entries: list[Entry]) -> Iterator[tuple[bytes, str]]:
    for entry, text in fetch_texts(context.indexed.corpus, entries):
        yield entry.content_hash, text
