"""retrieve: each topic's hits above the relevance floor, as many as its samples need, to `hits/*.parquet`."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from agents.library import Found
from graph.context import SLACK, RunContext
from graph.stages.curate import TopicRow, read_topics
from tools.files import replacing

TOPICS_PER_FILE = 1_000
HITS = pa.schema([("topic_id", pa.string()), ("doc_id", pa.string()), ("rank", pa.int32()), ("score", pa.float32())])


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
            if not path.exists():
                _write(path, group, _search(context, group), needed)
            hits += pq.read_metadata(path).num_rows
            files.append(path)
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
        return list(pool.map(lambda topic: library.topic(topic["title"], topic["category"]), topics))


def _write(path: Path, topics: Sequence[TopicRow], found: Sequence[Found], needed: int | None) -> None:
    rows = [
        (topic["topic_id"], hit.doc_id, hit.rank, hit.score)
        for topic, one in zip(topics, found, strict=True)
        for hit in one.hits[: enough(one, needed) if needed else None]
    ]
    columns = [pa.array([row[i] for row in rows], field.type) for i, field in enumerate(HITS)]
    with replacing(path) as temporary:
        pq.write_table(pa.table(columns, schema=HITS), temporary, compression="zstd")
