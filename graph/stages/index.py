"""index: read the corpus once into the catalogue and the BM25 index, and measure characters a token."""

from dataclasses import asdict

from graph.context import RunContext
from litelong import UsageError
from tools import indexed as indexing
from tools.corpus import fetch_texts
from tools.indexed import IndexedCorpus
from tools.search.folder import read_manifest

MEASURED_DOCUMENTS = 300
"""Documents, by content hash, on which characters a token are measured."""


def run(context: RunContext) -> None:
    """Build or open the index. Raises `UsageError` for a corpus that cannot fill one sample."""
    if context.run.stage("index"):
        _check_tokenizer(context)
        return
    with context.stage("index", None) as tick:
        if not (context.index_path / "index.json").exists() and context.config.search.index is None:
            indexing.build(context.parts.corpus, context.index_path, context.search_settings, tick).close()
        indexed = context.indexed
        _check_spec(context, indexed)
        counts = indexed.counts()
        per_token = _characters_per_token(context, indexed)
        _check_size(context, indexed, counts.characters / per_token)
    context.run.note(
        corpus_fingerprint=indexed.fingerprint,
        tokenizer={"name": context.parts.tokenizer.name, "fingerprint": context.parts.tokenizer.fingerprint},
        search={**asdict(indexed.index.settings), "chosen": read_manifest(indexed.index.path).chosen},
        characters_per_token=round(per_token, 4),
    )
    context.run.finish("index", counts._asdict())


def _check_tokenizer(context: RunContext) -> None:
    """A tokenizer.json may have been replaced since the run began; tokens of two would be mixed."""
    begun_with, now = context.run.manifest["tokenizer"]["fingerprint"], context.parts.tokenizer.fingerprint
    if begun_with != now:
        raise UsageError(
            f"tokenizer {context.parts.tokenizer.name}: is not the one that {context.path} began with (it changed on disk); "
            "put it back, or begin a new run with --out"
        )


def _check_spec(context: RunContext, indexed: IndexedCorpus) -> None:
    """An index that the configuration names was built with the configuration's own settings, or it is another corpus."""
    wanted, built = context.parts.corpus, indexed.spec
    for key, ours, theirs in (
        ("corpus.path", ", ".join(wanted.paths), ", ".join(built.paths)),
        ("corpus.text_field", wanted.text_field, built.text_field),
        ("corpus.id_field", wanted.id_field, built.id_field),
        ("corpus.source_field", wanted.source_field, built.source_field),
        ("corpus.binary_files", wanted.binary_files, built.binary_files),
        ("search.k1", context.search_settings.k1, indexed.settings.k1),
        ("search.b", context.search_settings.b, indexed.settings.b),
        ("search.analysis", context.search_settings.analysis, indexed.settings.analysis),
    ):
        if ours != theirs:
            raise UsageError(
                f"search.index {indexed.path}: was built with {key} {theirs}, not {ours}; set the same, or build the index "
                "again"
            )


def _characters_per_token(context: RunContext, indexed: IndexedCorpus) -> float:
    texts = indexed.texts(indexed.sample(MEASURED_DOCUMENTS))
    encoded = context.parts.tokenizer.encode_batch(texts, threads=context.config.run.workers)
    return sum(map(len, texts)) / max(1, len(encoded.ids))


def _check_size(context: RunContext, indexed: IndexedCorpus, estimate: float) -> None:
    """Refuse a corpus that holds less than one sample; near the line it is counted, not estimated."""
    needed = context.config.packing.context_length
    if estimate > 2 * needed or context.config.packing.padding:
        return
    specials, total = context.specials, 0
    filled = int(specials.bos is not None)
    for _, text in fetch_texts(indexed.corpus, indexed.entries()):
        tokens = len(context.parts.tokenizer.encode_batch([text]).ids)
        total += tokens
        filled += tokens + (specials.separator is not None)
        if filled >= needed:
            return
    raise UsageError(
        f"corpus {', '.join(indexed.spec.paths)}: holds {total:,} tokens ({context.parts.tokenizer.name}) in "
        f"{indexed.counts().documents:,} documents, less than one sample of {needed:,}; add documents, or lower "
        "packing.context_length"
    )
