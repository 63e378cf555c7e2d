"""`litelong plan`: what a run would take, before any of it is spent.

The corpus's first documents are read, encoded and indexed in a temporary folder, and the rates measured there are
carried over to the whole. Nothing is written to the run directory.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

from agents.lexical.phrases import distinct
from agents.lexical.proposer import BACKGROUND, FOREGROUND
from graph.config import Config
from graph.context import MAX_DEPTH, SLACK, Parts, prepare
from litelong import UsageError
from tools.corpus import Document, Reject
from tools.search import SearchSettings, build_index
from tools.search.topic_query import topic_query

T = TypeVar("T")

PROBE_DOCUMENTS = 5_000
PROBE_CHARACTERS = 8_000_000
PROBE_QUERIES = 10


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would take. Times are wall seconds on this machine; sizes bytes; all but counts of calls estimated."""

    probed_documents: int
    documents: int
    characters: int
    tokens: int
    characters_per_token: float
    categories: int
    topics_asked: int
    model_calls: int
    model_tokens: int
    cost: float
    samples_at_most: int
    disk_index: int
    disk_tokens: int
    disk_samples: int
    seconds_index: float
    seconds_debate: float
    seconds_encode: float


@dataclass(frozen=True, slots=True)
class _Probe:
    documents: int
    characters: int
    tokens: int
    seconds_read: float
    seconds_index: float
    seconds_encode: float
    seconds_query: float
    seconds_mine: float
    index_bytes: int


def estimate(config: Config) -> Estimate:
    """Measure a probe of the corpus and carry it over. Raises `UsageError` for all that `run` would refuse at once."""
    parts = prepare(config)
    probe = _probe(config, parts)
    whole = max(1.0, parts.corpus.open(None).size_bytes / max(1, probe.characters)) if _is_part(probe) else 1.0
    documents, characters = round(probe.documents * whole), round(probe.characters * whole)
    tokens = round(probe.tokens * whole)
    packing = config.packing
    topic_wise = parts.recipe.unit == "topic"
    categories = len(parts.categories) if topic_wise else 0
    asked = categories * 2 * (8 if config.debate.expansion_factor == "auto" else config.debate.expansion_factor)
    most = tokens * packing.max_uses_per_document // packing.context_length
    if packing.target_tokens is not None:
        most = min(most, -(-packing.target_tokens // packing.context_length))
    wanted = asked * packing.samples_per_topic * packing.context_length * SLACK if topic_wise else tokens
    encoded = min(tokens, wanted)
    seats = len(config.debate.proposers)
    # Each topic is searched with and without its category; mining reads the category's best documents.
    a_category = probe.seconds_mine * FOREGROUND * seats + 4 * asked / max(1, categories) * probe.seconds_query * whole
    once = probe.seconds_mine * min(BACKGROUND, documents) if topic_wise else 0.0
    return Estimate(
        probed_documents=probe.documents,
        documents=documents,
        characters=characters,
        tokens=tokens,
        characters_per_token=round(probe.characters / max(1, probe.tokens), 3),
        categories=categories,
        topics_asked=asked,
        model_calls=0,
        model_tokens=0,
        cost=0.0,
        samples_at_most=most,
        disk_index=round(probe.index_bytes * whole),
        disk_tokens=4 * encoded,
        disk_samples=4 * most * packing.context_length,
        seconds_index=round((probe.seconds_read + probe.seconds_index) * whole, 1),
        seconds_debate=round(once + categories * a_category, 1),
        seconds_encode=round((probe.seconds_read + probe.seconds_encode) * encoded / max(1, probe.tokens), 1),
    )


def _is_part(probe: _Probe) -> bool:
    return probe.documents >= PROBE_DOCUMENTS or probe.characters >= PROBE_CHARACTERS


def _probe(config: Config, parts: Parts) -> _Probe:
    with tempfile.TemporaryDirectory(prefix="litelong-plan-") as folder:
        corpus = parts.corpus.open(Path(folder) / "blocks")
        documents, seconds_read = _timed(lambda: _first(corpus.read()))
        if not documents:
            raise UsageError(
                f"corpus {', '.join(parts.corpus.paths)}: no document found; add texts or name the columns"
            )
        texts = [document.text for document in documents]
        encoded, seconds_encode = _timed(lambda: parts.tokenizer.encode_batch(texts, threads=config.run.workers))
        settings = SearchSettings(backend=config.search.backend, k1=config.search.k1, b=config.search.b)
        index, seconds_index = _timed(lambda: build_index(iter(documents), Path(folder) / "bm25", settings))
        queries = [topic_query(document.title, "") for document in documents[:PROBE_QUERIES]]
        _, seconds_query = _timed(lambda: [index.search(query, MAX_DEPTH) for query in queries])
        index.close()
        _, seconds_mine = _timed(lambda: [distinct([text]) for text in texts[:FOREGROUND]])
        size = sum(file.stat().st_size for file in Path(folder, "bm25").rglob("*") if file.is_file())
    return _Probe(
        documents=len(documents),
        characters=sum(map(len, texts)),
        tokens=len(encoded.ids),
        seconds_read=seconds_read,
        seconds_index=seconds_index,
        seconds_encode=seconds_encode,
        seconds_query=seconds_query / len(queries),
        seconds_mine=seconds_mine / len(texts[:FOREGROUND]),
        index_bytes=size,
    )


def _first(items: Iterator[Document | Reject]) -> list[Document]:
    """The first documents, up to the probe's bounds."""
    documents: list[Document] = []
    characters = 0
    for item in islice(items, 10 * PROBE_DOCUMENTS):
        if isinstance(item, Document):
            documents.append(item)
            characters += len(item.text)
        if len(documents) == PROBE_DOCUMENTS or characters >= PROBE_CHARACTERS:
            break
    return documents


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    began = time.monotonic()
    result = work()
    return result, time.monotonic() - began
