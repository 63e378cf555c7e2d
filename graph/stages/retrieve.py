"""retrieve: each topic's hits, as many as its samples need, to `hits/part-*.parquet`; what was asked to `queries-*.parquet`."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from graph.context import SLACK, RunContext
from graph.stages.curate import TopicRow, read_topics
from tools.files import replacing
from tools.search.topic_search import Found

TOPICS_PER_FILE = 1_000
HITS = pa.schema([("topic_id", pa.string()), ("doc_id", pa.string()), ("rank", pa.int32()), ("score", pa.float32())])
_PARTS = pa.list_(pa.struct([("text", pa.string()), ("weight", pa.float32())]))
QUERIES = pa.schema(
    [
        ("topic_id", pa.string()),
        ("query", pa.string()),
        ("tried", pa.int32()),
        ("parts", _PARTS),
        ("best_score", pa.float32()),
        ("found", pa.int32()),
        ("below_floor", pa.int32()),
        ("wrong_length", pa.int32()),
        ("over_quota", pa.int32()),
        ("kept", pa.int32()),
        ("tokens", pa.int64()),
    ]
)
"""One row a topic. Of `found` documents looked at, `kept` are hits, which hold about `tokens`; the rest is below the floor, of
another length than asked for, over a source's quota, or (what is missing to `found`) not needed. `tried` queries were asked."""


def run(context: RunContext) -> None:
    """Search every topic. A file holds the hits of `TOPICS_PER_FILE` topics; files that are there are kept."""
    if context.run.stage("retrieve"):
        return
    topics = read_topics(context.path / "topics.jsonl")
    # A number asked for is what each topic gets; `auto` stops once the samples, and a few more, could be filled.
    needed = SLACK * context.target_tokens if context.config.retrieve.hits == "auto" else None
    files, hits = [], 0
    with context.stage("retrieve", len(topics)) as tick:
        for number, begin in enumerate(range(0, max(1, len(topics)), TOPICS_PER_FILE)):
            group = topics[begin : begin + TOPICS_PER_FILE]
            path = context.path / "hits" / f"part-{number:05d}.parquet"
            queries = path.with_name(f"queries-{number:05d}.parquet")
            if not path.exists():
                found = [_cut(one, needed) for one in _search(context, group)]
                if not queries.exists():  # a kill between the two leaves it, and it would be the same again
                    _write(queries, QUERIES, map(_asked, group, found))
                # Last: where it is, both are.
                _write(path, HITS, (row for topic, one in zip(group, found, strict=True) for row in _hits(topic, one)))
            hits += pq.read_metadata(path).num_rows
            files += [path, queries]
            tick(len(group))
    context.run.finish("retrieve", {"topics": len(topics), "hits": hits}, files)


def read_hits(folder: Path) -> Iterator[pa.RecordBatch]:
    """Hits in the order of topics and ranks."""
    for path in sorted(folder.glob("part-*.parquet")):
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches()


def enough(found: Found, needed: int) -> int:
    """How many of the hits hold `needed` tokens (all, when they do not)."""
    total = 0
    for count, tokens in enumerate(found.tokens, 1):
        total += tokens
        if total >= needed:
            return count
    return len(found.tokens)


def _search(context: RunContext, topics: Sequence[TopicRow]) -> list[Found]:
    library = context.library
    with ThreadPoolExecutor(context.config.run.workers) as pool:
        return list(pool.map(lambda t: library.topic(t["title"], t["category"], t["explanation"]), topics))


def _cut(found: Found, needed: int | None) -> Found:
    count = enough(found, needed) if needed else len(found.hits)
    return found._replace(hits=found.hits[:count], tokens=found.tokens[:count])


def _hits(topic: TopicRow, found: Found) -> Iterator[tuple[Any, ...]]:
    for hit in found.hits:
        yield topic["topic_id"], hit.doc_id, hit.rank, hit.score


def _asked(topic: TopicRow, found: Found) -> tuple[Any, ...]:
    asked = found.asked
    parts = [asdict(part) for part in asked.parts]
    left_out = (asked.hits, asked.below_floor, asked.wrong_length, asked.over_quota)
    return (
        topic["topic_id"], asked.query, asked.tried, parts, asked.best_score, *left_out, len(found.hits), found.total_tokens
    )  # fmt: skip


def _write(path: Path, schema: pa.Schema, rows: Iterable[tuple[Any, ...]]) -> None:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    with replacing(path) as temporary:
        pq.write_table(pa.table(arrays, schema=schema), temporary, compression="zstd")
