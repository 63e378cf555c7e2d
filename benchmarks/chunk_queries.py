"""Chunk queries: how many a CPU-second, and how near a few telling words come to asking for the whole chunk.

Real texts are cut into meta-chunks, as many as asked for are indexed (long ones first, because dictionaries are mostly
of short entries), and chunks spread over all of them are asked by their most telling words, by each number of words in turn.
"""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import process_time
from typing import NamedTuple

import orjson

from benchmarks.machine import machine
from benchmarks.markdown import table
from litelong import UsageError
from tools.files import content_hash
from tools.search import ChunkIndex, ChunkText, Hit, SearchSettings
from tools.search.chunks import TELLING_WORDS
from tools.tokens.chunks import meta_chunks

NUMBERS = (8, 16, 32, 64, None)
FULL = 1_500
"""Characters of a chunk that counts as a whole one: what is cut from long documents, not a short document of its own."""
ROUNDS = 2


class _Row(NamedTuple):
    words: int | None
    a_second: float
    overlap: float


def chunk_queries(folder: Path, backend: str, chunks: int, queries: int, k: int) -> str:
    """The measurement as Markdown. `folder` holds JSONL files with `id` and `text`. Raises `UsageError`."""
    chosen = chosen_chunks(folder, chunks)
    with tempfile.TemporaryDirectory(prefix="litelong-chunks-") as place:
        began = process_time()
        index = ChunkIndex.build(chosen, Path(place) / "index", SearchSettings(backend))
        built = process_time() - began
        size = sum(file.stat().st_size for file in Path(place).rglob("*") if file.is_file()) / 1e6
        whole = [chunk for chunk in chosen if len(chunk.text) >= FULL]
        kinds = {"all chunks": chosen, f"chunks of {FULL:,} characters and more": whole}
        tables = [_measured(index, name, spread(pool, queries), k) for name, pool in kinds.items() if pool]
        index.close()
    characters = sum(len(chunk.text) for chunk in chosen)
    head = (
        f"{len(chosen):,} meta-chunks ({characters:,} characters; {len(whole):,} of {FULL:,} and more) of {folder.name}/*.jsonl, "
        f"backend {backend}: built in {built:.1f} CPU seconds, {size:.0f} MB. Best {k} chunks of other documents; overlap: the "
        f"share of them that asking for all words finds too. CPU seconds of all threads, the least of {ROUNDS} rounds. "
        f"The default is {TELLING_WORDS} words.\n\nMachine: {machine()}."
    )
    return "\n\n".join([head, *tables])


def chosen_chunks(folder: Path, count: int) -> list[ChunkText]:
    """Different chunks, long ones first, then by content hash; in the order of content hashes."""
    found = {content_hash(chunk.text): chunk for chunk in _chunks(folder)}
    if len(found) < count:
        raise UsageError(
            f"{folder}: {len(found):,} chunks in its *.jsonl, {count:,} are needed; `python -m benchmarks.debian_corpus "
            "FOLDER --packages dict-gcide dict-wn ...` makes more"
        )
    first = sorted(found, key=lambda digest: (len(found[digest].text) < FULL, digest))[:count]
    return [found[digest] for digest in sorted(first)]


def _chunks(folder: Path) -> Iterator[ChunkText]:
    for file in sorted(folder.glob("*.jsonl")):
        with file.open("rb") as lines:
            for line in lines:
                row = orjson.loads(line)
                for number, (begin, end) in enumerate(meta_chunks(row["text"])):
                    yield ChunkText.of(f"{file.stem}/{row['id']}", number, row["text"][begin:end])


def spread(chunks: Sequence[ChunkText], count: int) -> Sequence[ChunkText]:
    return chunks[:: max(1, len(chunks) // count)][:count]


def _measured(index: ChunkIndex, name: str, asked: Sequence[ChunkText], k: int) -> str:
    exact = _ask(index, asked, k, None)
    rows = []
    for words in NUMBERS:
        least = float("inf")
        for _ in range(ROUNDS):
            began = process_time()
            found = _ask(index, asked, k, words)
            least = min(least, process_time() - began)
        rows.append(_Row(words, len(asked) / least, _overlap(found, exact)))
    cells = [("all" if row.words is None else row.words, f"{row.a_second:,.0f}", f"{row.overlap:.3f}") for row in rows]
    return f"{len(asked):,} queries from {name}:\n\n" + table(
        ["words", "queries a CPU-second", "overlap"], cells, right=2
    )


def _ask(index: ChunkIndex, asked: Sequence[ChunkText], k: int, words: int | None) -> list[list[Hit]]:
    return index.negatives_many(asked, k, words=words, excluded=lambda *_: False)


def _overlap(found: Sequence[Sequence[Hit]], exact: Sequence[Sequence[Hit]]) -> float:
    """Mean share of the exact hits that were found; queries that find nothing at all are left out."""
    pairs = [
        ({h.doc_id for h in some}, {h.doc_id for h in all_}) for some, all_ in zip(found, exact, strict=True) if all_
    ]
    return sum(len(some & all_) / len(all_) for some, all_ in pairs) / max(1, len(pairs))
