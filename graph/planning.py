"""`litelong plan`: what a run would take, before any of it is spent.

The corpus's first documents are read, encoded and indexed in a temporary folder, and the rates measured there are
carried over to the whole. Nothing is written to the run directory.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

from agents.chat.dry import Drawn, DryModel
from agents.library import Library, Shelf
from agents.panel import seat_panel
from graph.briefs import brief_of
from graph.chats import chat_seats
from graph.config import Config
from graph.context import MAX_DEPTH, SLACK
from graph.debate import build_debate_graph
from graph.parts import Parts, prepare
from graph.running import blocking
from graph.taxonomies import described
from litelong import UsageError
from tools.corpus import Catalog, Corpus, Document, Reject
from tools.corpus.compressed import BlockWriter, Compressed
from tools.files import content_hash
from tools.indexed import BLOCKS, BM25, CATALOG
from tools.packing.near import temporary_bytes
from tools.search import SearchIndex, SearchSettings, build_index
from tools.search.backends import settled

T = TypeVar("T")

PROBE_DOCUMENTS = 5_000
PROBE_CHARACTERS = 8_000_000
PROBE_DEBATES = 8


@dataclass(frozen=True, slots=True)
class SeatEstimate:
    """What one seat's language model would use, at four characters a token. `cost` is None where no price is configured."""

    seat: str
    role: str
    model: str
    calls: int
    prompt_tokens: int
    reply_tokens: int
    cost: float | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would take. Times are wall seconds on this machine; sizes bytes; all but counts of calls estimated.

    `disk_temporary` is needed in the run directory while near-duplicates are looked for, beside its index and tokens.
    """

    probed_documents: int
    documents: int
    characters: int
    tokens: int
    characters_per_token: float
    taxonomy: str
    categories: int
    topics_asked: int
    model_calls: int
    model_tokens: int
    cost: float
    models: tuple["SeatEstimate", ...]
    samples_at_most: int
    disk_index: int
    disk_tokens: int
    disk_samples: int
    disk_temporary: int
    seconds_index: float
    seconds_debate: float
    seconds_encode: float


@dataclass(frozen=True, slots=True)
class _Probe:
    """What was measured on the first documents; the corpus is `whole` times as much."""

    whole: float
    documents: int
    characters: int
    tokens: int
    seconds_read: float
    seconds_index: float
    seconds_encode: float
    seconds_first_debate: float
    seconds_debate: float
    index_bytes: int
    drawn: Mapping[str, Drawn]
    """What the language models would have used in the debates tried, by seat."""
    debates: int


def estimate(config: Config) -> Estimate:
    """Measure a probe of the corpus and carry it over. Raises `UsageError` for all that `run` would refuse at once."""
    parts = prepare(config)
    probe = _probe(config, parts)
    whole = probe.whole
    documents, characters = round(probe.documents * whole), round(probe.characters * whole)
    tokens = round(probe.tokens * whole)
    packing = config.packing
    topic_wise = parts.recipe.unit == "topic"
    categories = len(parts.categories) if topic_wise else 0
    briefs = (brief_of(config, parts.taxonomy, category.path) for category in parts.categories if topic_wise)
    asked = sum(brief.wanted for brief in briefs) * sum(seat.kind == "proposer" for seat in parts.seats)
    most = tokens * packing.max_uses_per_document // packing.context_length
    if packing.target_tokens is not None:
        most = min(most, -(-packing.target_tokens // packing.context_length))
    wanted = (
        asked * packing.samples_per_topic * packing.context_length * SLACK if not parts.draws_from_corpus else tokens
    )
    encoded = min(tokens, wanted)
    models = _models(config, parts, probe, categories)
    own_index = config.search.index is None
    once = max(0.0, probe.seconds_first_debate - probe.seconds_debate)
    return Estimate(
        probed_documents=probe.documents,
        documents=documents,
        characters=characters,
        tokens=tokens,
        characters_per_token=round(probe.characters / max(1, probe.tokens), 3),
        taxonomy=described(parts.taxonomy),
        categories=categories,
        topics_asked=asked,
        model_calls=sum(seat.calls for seat in models),
        model_tokens=sum(seat.prompt_tokens + seat.reply_tokens for seat in models),
        cost=sum(seat.cost or 0.0 for seat in models),
        models=models,
        samples_at_most=most,
        disk_index=round(probe.index_bytes * whole) if own_index else 0,
        disk_tokens=4 * encoded,
        disk_samples=4 * most * packing.context_length,
        disk_temporary=_temporary(config, round(documents * encoded / max(1, tokens))),
        seconds_index=round((probe.seconds_read + probe.seconds_index) * whole, 1) if own_index else 0.0,
        seconds_debate=round(once + categories * probe.seconds_debate, 1),
        seconds_encode=round((probe.seconds_read + probe.seconds_encode) * encoded / max(1, probe.tokens), 1),
    )


def _temporary(config: Config, encoded: int) -> int:
    return 0 if config.packing.near_duplicates is None else temporary_bytes(encoded)


def _models(config: Config, parts: Parts, probe: _Probe, categories: int) -> tuple[SeatEstimate, ...]:
    """The tried debates carried over to all categories."""
    found = []
    for seat in chat_seats(parts.seats):
        drawn, settings = probe.drawn.get(seat.name, Drawn()), config.debate.models.get(seat.model)
        calls, prompt, reply = (
            round(n * categories / max(1, probe.debates))
            for n in (drawn.calls, drawn.prompt_tokens, drawn.reply_tokens)
        )
        known = settings is not None and (settings.price_in is not None or settings.price_out is not None)
        cost = round(settings.cost(prompt, reply), 6) if settings is not None and known else None
        found.append(SeatEstimate(seat.name, seat.role, seat.model, calls, prompt, reply, cost))
    return tuple(found)


def _probe(config: Config, parts: Parts) -> _Probe:
    with tempfile.TemporaryDirectory(prefix="litelong-plan-") as name:
        folder = Path(name)
        corpus = parts.corpus.open(None)
        (items, is_part), seconds_read = _timed(lambda: _first(corpus.read()))
        texts = [item.text for item in items if isinstance(item, Document)]
        if not texts:
            raise UsageError(
                f"corpus {', '.join(parts.corpus.paths)}: no document found; add texts or name the columns"
            )
        read = sum(len(text.encode("utf-8", "replace")) for text in texts)
        whole = max(1.0, corpus.size_bytes / max(1, read)) if is_part else 1.0
        settings = settled(config.search.settings, whole * len(texts), whole * sum(map(len, texts)))
        (index, documents), seconds_index = _timed(lambda: _index(items, folder, settings))
        _write_blocks(corpus, items, folder / BLOCKS)
        texts = [document.text for document in documents]
        characters = sum(map(len, texts))
        encoded, seconds_encode = _timed(lambda: parts.tokenizer.encode_batch(texts, threads=config.run.workers))
        dry = DryModel(lambda name: brief_of(config, parts.taxonomy, name).wanted)
        first, rest, debates = _debates(config, parts, index, documents, characters / max(1, len(encoded.ids)), dry)
        index.close()
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return _Probe(
        whole=whole,
        documents=len(documents),
        characters=characters,
        tokens=len(encoded.ids),
        seconds_read=seconds_read,
        seconds_index=seconds_index,
        seconds_encode=seconds_encode,
        seconds_first_debate=first,
        seconds_debate=rest,
        index_bytes=size,
        drawn=dry.drawn,
        debates=debates,
    )


def _debates(
    config: Config, parts: Parts, index: SearchIndex, documents: list[Document], per_token: float, dry: DryModel
) -> tuple[float, float, int]:
    """Seconds of the first debate (which also mines the background), and of another one, over the probe alone; and how many
    were tried. Language models are not asked: `dry` stands in, and keeps count.
    """
    categories = parts.categories if parts.recipe.unit == "topic" else ()
    if not categories:
        return 0.0, 0.0, 0
    by_id = {document.doc_id: document for document in documents}
    shelf = Shelf(
        characters=lambda ids: [len(by_id[i].text) for i in ids],
        texts=lambda ids: [by_id[i].text for i in ids],
        titles=lambda ids: [by_id[i].title for i in ids],
        sample=lambda n: sorted(by_id, key=lambda i: content_hash(by_id[i].text))[:n],
        origins=lambda ids: [by_id[i].origin for i in ids],
    )
    target = config.packing.context_length * config.packing.samples_per_topic
    library = Library(
        index,
        shelf,
        characters_per_token=per_token,
        target_tokens=target,
        depth=min(len(by_id), MAX_DEPTH),
        rules=config.retrieve.rules(),
        chats=dry.seated,
    )
    debate = config.debate
    panel = seat_panel(parts.seats, library, debate.shown_to_critics)
    graph = build_debate_graph(
        panel,
        library,
        lambda name: brief_of(config, parts.taxonomy, name),
        protocol=debate.protocol,
        rules=debate.rules(config.run.seed),
    )
    chosen = [categories[i * len(categories) // PROBE_DEBATES] for i in range(min(PROBE_DEBATES, len(categories)))]
    spent = [_timed(lambda c=c: blocking(graph.ainvoke({"category": c.path})))[1] for c in chosen]  # type: ignore[misc]
    library.close()
    return spent[0], sum(spent[1:]) / len(spent[1:]) if spent[1:] else spent[0], len(chosen)


def _index(
    items: list[Document | Reject], folder: Path, settings: SearchSettings
) -> tuple[SearchIndex, list[Document]]:
    """The catalogue and the index that `tools.indexed.build` would make of `items`, and the documents that are not dropped."""
    documents: list[Document] = []

    def admitted() -> Iterator[Document]:
        for document in catalog.admit(items):
            documents.append(document)
            yield document

    with Catalog.create(folder / CATALOG) as catalog:
        return build_index(admitted(), folder / BM25, settings), documents


def _write_blocks(corpus: Corpus, items: list[Document | Reject], path: Path) -> None:
    """The texts that an index keeps because their source is compressed."""
    with path.open("wb") as sink:
        writer = BlockWriter(sink)
        for item in items:
            if isinstance(item, Document) and isinstance(corpus.sources[item.source], Compressed):
                writer.add(item.text)
        writer.finish()


def _first(items: Iterator[Document | Reject]) -> tuple[list[Document | Reject], bool]:
    """The first items, until their documents reach the probe's bounds, and whether there are more."""
    first: list[Document | Reject] = []
    documents = characters = 0
    for item in islice(items, 10 * PROBE_DOCUMENTS):
        first.append(item)
        if isinstance(item, Document):
            documents += 1
            characters += len(item.text)
        if documents == PROBE_DOCUMENTS or characters >= PROBE_CHARACTERS:
            break
    return first, next(items, None) is not None


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    began = time.monotonic()
    result = work()
    return result, time.monotonic() - began
