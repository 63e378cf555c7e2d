"""encode: the documents that hits name (all, for a recipe over the whole corpus), fetched in one ordered pass, encoded once."""

from collections.abc import Iterator

from graph.context import RunContext
from graph.stages.retrieve import read_hits
from tools.corpus import Entry, fetch_texts


def run(context: RunContext) -> None:
    """Fill the token store; documents it holds already are not read again."""
    if context.run.stage("encode"):
        return
    entries = list(needed(context))
    missing = set(context.store.missing([entry.content_hash for entry in entries]))
    wanted = [entry for entry in entries if entry.content_hash in missing]
    with context.stage("encode", len(entries)) as tick:
        tick(len(entries) - len(wanted))
        context.store.fill(_texts(context, wanted), threads=context.config.run.workers, tick=tick)
        lengths = context.store.lengths([entry.content_hash for entry in entries])
    characters = sum(entry.n_chars for entry in entries)
    counts = {"documents": len(entries), "characters": characters, "tokens": int(lengths.sum())}
    context.run.finish("encode", counts)


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
