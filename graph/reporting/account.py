"""The account of a run for its page: the ledger's sums, what was removed, warnings, models, time, what it was made with."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from graph.config import Config
from graph.rundir import RunDir
from tools.report.contents import Account, Fact, ModelRow, Part, SectionRow, StageRow, Sum, bounded
from tools.report.text import one_line

FATES = (
    ("packed", "stand in samples"),
    ("cut", "the rest of documents of which a part was packed"),
    ("passed_over", "in documents that did not fit when their turn came"),
    ("near_duplicate", "in documents kept out because a near-duplicate stood in the sample"),
    ("unused", "in documents that no sample took"),
)
SHOWN_FAILURES = 10
BYTES = 60_000
"""The most that a list of this page takes (sections)."""


def account_of(run: RunDir, config: Config, ledger: Mapping[str, Any], usage: Mapping[str, Any]) -> Account:
    """What the ledger, the manifest and `usage.json` say."""
    tokenizer = _tokenizer(run.manifest)
    models = tuple(_models(usage))
    return Account(
        tokenizer=tokenizer,
        facts=tuple(_facts(run, config)),
        warnings=tuple(_warnings(run, ledger, models, usage)),
        documents=_documents(ledger["documents"]),
        tokens=_tokens(ledger["tokens"]),
        sections=bounded(map(_section, ledger["sections"]), lambda row: ["x" * 400, row.section], BYTES),
        removed=tuple(_removed(config, ledger)),
        models=models,
        stages=tuple(StageRow(name, s["wall_s"], s["cpu_s"]) for name, s in usage["stages"].items()),
    )


def _tokenizer(manifest: Mapping[str, Any]) -> str:
    name = str(manifest["tokenizer"]["name"])
    return Path(name).name if "/" in name else name


def _documents(counts: Mapping[str, int]) -> tuple[Sum, ...]:
    read = (
        Part("documents.rejected", counts["rejected"], "empty, damaged or not text"),
        Part("documents.duplicates", counts["duplicates"], "exact copies of another"),
        Part("documents.indexed", counts["indexed"], "can be found"),
    )
    indexed = (
        Part("documents.encoded", counts["encoded"], "were named by a hit (or all were asked for), and encoded"),
        Part("documents.not_encoded", counts["not_encoded"], "were not needed"),
    )
    return (
        Sum("documents.read", "Documents read", counts["read"], read),
        Sum("documents.indexed", "Documents indexed", counts["indexed"], indexed),
    )


def _tokens(counts: Mapping[str, int]) -> tuple[Sum, ...]:
    def parts(*named: tuple[str, str]) -> tuple[Part, ...]:
        return tuple(Part(f"tokens.{name}", counts[name], meaning) for name, meaning in named)

    of_read = parts(("encoded", "of different documents"), ("duplicate", "of exact copies, dropped when indexed"))
    of_placed = parts(("packed", "each token of a document once"), ("repeated", "uses beyond a token's first"))
    of_samples = parts(
        ("placed", "tokens of documents"), ("special", "BOS, separators and marks"), ("padding", "padding")
    )
    ids = counts["samples"] * counts["context_length"]
    return (
        Sum("tokens.read", "Tokens read", counts["read"], of_read),
        Sum("tokens.encoded", "Tokens encoded", counts["encoded"], parts(*FATES)),
        Sum("tokens.placed", "Tokens placed in samples", counts["placed"], of_placed),
        Sum("ids", "Ids in samples", ids, of_samples),
    )


def _section(row: Mapping[str, Any]) -> SectionRow:
    fates = tuple(Part(name, row[name], meaning) for name, meaning in FATES)
    return SectionRow(one_line(row["section"], 120), row["encoded"], fates, row["samples"])


def _removed(config: Config, ledger: Mapping[str, Any]) -> Iterator[Part]:
    documents, tokens = ledger["documents"], ledger["tokens"]
    yield Part("documents.duplicates", documents["duplicates"], "documents dropped: exact copies of another")
    if config.packing.near_duplicates is not None:
        like = f"{config.packing.near_duplicates:.0%} alike or more"
        yield Part(
            "documents.near_duplicates", documents["near_duplicates"], f"documents with a near-duplicate ({like})"
        )
        yield Part("tokens.near_duplicate", tokens["near_duplicate"], "tokens kept out of samples because of one")
    if "negatives" in ledger:
        refused = ledger["negatives"]["near_duplicates_refused"]
        yield Part("negatives.near_duplicates_refused", refused, "hard negatives refused: of a near-duplicate document")
    yield Part("documents.rejected", documents["rejected"], "rows or files rejected")


def _warnings(
    run: RunDir, ledger: Mapping[str, Any], models: tuple[ModelRow, ...], usage: Mapping[str, Any]
) -> Iterator[str]:
    debate = run.stage("debate")
    failed = list(debate.counts["failed"]) if debate else []
    if failed:
        yield f"{_many(len(failed), 'category', 'categories')} without topics: the debate failed (--allow-failed went on)."
        for letter in failed[:SHOWN_FAILURES]:
            yield f"{one_line(letter['category'], 200)}: {one_line(letter['reason'], 500)}"
        if len(failed) > SHOWN_FAILURES:
            yield f"{_many(len(failed) - SHOWN_FAILURES, 'failed category', 'failed categories')} more: see manifest.json."
    short = sum(1 for topic in ledger["topics"] if topic["topic_id"] and not topic["samples"])
    if short:
        topics = _many(short, "accepted topic", "accepted topics")
        yield f"{topics} without a sample: stronger ones have taken the documents, or there are too few."
    unreadable, lost = sum(m.unreadable for m in models), sum(m.failed for m in models)
    if unreadable:
        yield f"{_many(unreadable, 'reply', 'replies')} of language models unreadable, even after a repair turn."
    if lost:
        yield f"{_many(lost, 'call', 'calls')} of language models failed for good."
    retried = sum(usage["retries"].values())
    if retried:
        yield f"{_many(retried, 'call', 'calls')} of language models tried again."
    for engine, why in run.manifest.get("token_engine", {}).get("left_out", {}).items():
        yield f"The tokenizer engine {engine} was left out: {why}."


def _many(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def _models(usage: Mapping[str, Any]) -> Iterator[ModelRow]:
    """The seats whose model was asked."""
    for seat, entry in usage["models"].items():
        row = ModelRow(seat, **{name: entry[name] for name in ModelRow.__slots__[1:]})
        if row.calls or row.failed or row.replayed:
            yield row


def _facts(run: RunDir, config: Config) -> Iterator[Fact]:
    manifest, packing = run.manifest, config.packing
    taxonomy, search = manifest["taxonomy"], manifest.get("search")
    yield Fact("Recipe", packing.recipe)
    yield Fact("Context length", f"{packing.context_length:,} ids")
    yield Fact("Boundaries", packing.boundaries)
    yield Fact("Tokenizer", f"{_tokenizer(manifest)} ({manifest['tokenizer']['fingerprint'][:12]})")
    yield Fact("Corpus", f"{one_line(config.corpus.source, 200)} ({manifest['corpus_fingerprint'][:12]})")
    if run.stage("curate"):
        edition = f", {taxonomy['edition']} edition" if taxonomy["edition"] else ""
        yield Fact("Taxonomy", f"{Path(str(taxonomy['name'])).name}{edition} ({taxonomy['digest'][:12]})")
        debate = config.debate
        seats = ", ".join(f"{seat.name} {seat.model}" for seat in debate.seats())
        yield Fact("Debate", one_line(f"{debate.protocol} ({debate.engine}): {seats}", 1000))
    if search:
        yield Fact("Search", f"BM25, {search['backend']}, k1 {search['k1']}, b {search['b']}")
    yield Fact("Seed", f"{config.run.seed}")
    if "repacked_from" in manifest:
        yield Fact("Repacked from the run", str(manifest["repacked_from"])[:12])
    yield Fact("Configuration", str(manifest["config_fingerprint"])[:12])
    yield Fact("litelong", str(manifest["litelong"]))
