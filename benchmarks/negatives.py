"""Negative mining: whole runs of `nextlong` by BM25 and by embeddings, and the recall of the embeddings' index.

Dictionaries are mostly of short entries, and a document of one chunk has one anchor; so `JOINED` neighbouring documents make
one here, about as long as a page of the web.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import process_time
from typing import Any

import orjson
import pyarrow.parquet as pq

from benchmarks.chunk_queries import chosen_chunks, spread
from benchmarks.machine import machine
from benchmarks.markdown import table
from graph import load_config, run
from graph.progress import Progress
from tools.search.chunks import ChunkText
from tools.search.dense import EXACT, ONE_IN, DenseIndex, load_embed

SOURCES = ("bm25", "dense")
JOINED = 24
CELLS = (16, 32, 64, 128)


def negatives(
    folder: Path, samples: int, context_length: int, chunks: int, asked: int, k: int, progress: Progress
) -> str:
    """The measurement as Markdown. `folder` holds JSONL files with `id` and `text`. Raises `UsageError`."""
    with tempfile.TemporaryDirectory(prefix="litelong-negatives-") as place:
        documents = _joined(folder, Path(place))
        rows = [_mined(Path(place), source, samples, context_length, progress) for source in SOURCES]
    head = (
        f"`nextlong` over {documents:,} documents ({JOINED} neighbours of {folder.name}/*.jsonl each): {samples} samples of "
        f"{context_length:,} ids wanted, one worker. Anchors are the chunks of roots; a CPU-second of mining holds the "
        f"search, the guard against near-copies and the writing. Machine: {machine()}."
    )
    columns = [
        "source",
        "chunks",
        "index, CPU s",
        "anchors",
        "negatives each",
        "mining, CPU s",
        "anchors a CPU-second",
        "samples",
    ]
    return "\n\n".join([head, table(columns, rows, right=7), _recall(chosen_chunks(folder, chunks), asked, k)])


def _joined(folder: Path, place: Path) -> int:
    """Write the documents of `folder` joined to `place`/corpus.jsonl; how many there are then."""
    count = 0
    with (place / "corpus.jsonl").open("wb") as stream:
        for file in sorted(folder.glob("*.jsonl")):
            rows = [orjson.loads(line) for line in file.read_bytes().splitlines()]
            for begin in range(0, len(rows), JOINED):
                text = "\n\n".join(row["text"] for row in rows[begin : begin + JOINED])
                stream.write(orjson.dumps({"id": f"{file.stem}/{begin}", "text": text}) + b"\n")
                count += 1
    return count


def _mined(folder: Path, source: str, samples: int, context_length: int, progress: Progress) -> list[object]:
    with tempfile.TemporaryDirectory(prefix="litelong-negatives-") as place:
        config = load_config(
            {
                "corpus": {"path": str(folder / "corpus.jsonl")},
                "packing": {
                    "recipe": "nextlong",
                    "context_length": context_length,
                    "target_tokens": samples * context_length,
                },
                "negatives": {"source": source},
                "run": {"out": f"{place}/run", "workers": 1},
            }
        )
        result = run(config, progress=progress)
        spent: dict[str, Any] = orjson.loads((result.path / "usage.json").read_bytes())["stages"]
        stage = orjson.loads((result.path / "manifest.json").read_bytes())["stages"]["mine"]["counts"]
        mined = _anchors(result.path)
    seconds = spent["mine"]["cpu_s"]
    return [
        source,
        f"{stage['chunks']:,}",
        f"{spent['chunk index']['cpu_s']:.1f}",
        f"{mined:,}",
        f"{stage['negatives'] / max(1, mined):.0f}",
        f"{seconds:.1f}",
        f"{mined / max(1e-9, seconds):.0f}",
        result.samples,
    ]


def _anchors(run_path: Path) -> int:
    files = sorted((run_path / "negatives").glob("part-*.parquet"))
    return len({chunk for file in files for chunk in pq.read_table(file, columns=["chunk"])["chunk"].to_pylist()})


def _recall(chosen: Sequence[ChunkText], asked: int, k: int) -> str:
    """Of the `k` closest chunks, how many the inverted file finds that every larger pool is searched with."""
    embed = load_embed("wordllama")
    queries = spread(chosen, asked)
    exact: list[set[str]] = []
    rows = []
    with tempfile.TemporaryDirectory(prefix="litelong-dense-") as place:
        built = {n: DenseIndex.build(iter(chosen), Path(place) / str(n), embed, exact=n) for n in (len(chosen), 0)}
        for name, index, cells in [("exact", built[len(chosen)], 0), *((f"{n} cells", built[0], n) for n in CELLS)]:
            if cells:
                index.look_into(cells)
            began = process_time()
            hits = index.negatives_many(queries, k, excluded=lambda *_: False)
            spent = process_time() - began
            found = [{hit.doc_id for hit in own} for own in hits]
            exact = exact or found
            recall = sum(len(a & b) / max(1, len(b)) for a, b in zip(found, exact, strict=True)) / len(queries)
            rows.append((name, f"{len(queries) / spent:,.0f}", f"{recall:.3f}"))
    head = (
        f"Embeddings (wordllama) of {len(chosen):,} chunks, the best {k} of other documents for {len(queries):,} of them. "
        f"Pools of more than {EXACT:,} chunks are searched by an inverted file, one cell in {ONE_IN}:"
    )
    return f"{head}\n\n" + table(["search", "anchors a CPU-second", "recall"], rows, right=2)
