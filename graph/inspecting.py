"""Looking into a run: its samples, one sample's documents and why they are there, and how alike they are."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow.parquet as pq

from graph.config import Config
from graph.context import RunContext
from graph.parts import prepare
from graph.rundir import RunDir
from graph.stages.curate import TopicRow, read_topics
from litelong import UsageError
from tools.columns import Hashes, Names
from tools.packing.marks import MarkSizes
from tools.packing.plan_file import read_plan
from tools.packing.recipe import get_recipe
from tools.packing.tables import Plan, Tables, Unit, Usage
from tools.report.contents import SegmentRow
from tools.report.similarity import Similarity, similarity, spread

COMPARED_SAMPLES = 50
"""Samples of a run that the similarity is measured on, the first by id order."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one agent said of a topic."""

    round: int
    agent: str
    position: str
    reason: str


@dataclass(frozen=True, slots=True)
class SegmentView(SegmentRow):
    """A segment of how many tokens of its document, with its text if that is asked for."""

    doc_tokens: int
    text: str | None
    before: str = ""
    behind: str = ""
    """Marks that stand around it (`packing.back_trace`)."""


@dataclass(frozen=True, slots=True)
class SampleView:
    """A sample, the topic it is about with what was said of it, and its segments."""

    sample_id: str
    recipe: str
    n_tokens: int
    doc_lens: list[int]
    topic: TopicRow | None
    turns: list[Turn]
    parts: list[SegmentView]


def finished(path: Path) -> tuple[RunDir, Config]:
    """A run whose samples are written. Raises `UsageError`."""
    run_dir = RunDir.open(path)
    if run_dir.stage("pack") is None:
        raise UsageError(f"{path}: the run is not finished, so it has no samples yet; run it again to go on")
    return run_dir, run_dir.config()


def samples(path: Path) -> Iterator[dict[str, Any]]:
    """The planned samples in order: labels and segments, without ids."""
    finished(path)
    for batch in read_plan(path / "plan", 1024):
        yield from batch.to_pylist()


def overview(row: dict[str, Any]) -> tuple[str, str, str, int, str]:
    """A planned sample in a line: id, topic, category, documents, the first document."""
    segments = row["segments"]
    documents = len({segment["doc_id"] for segment in segments})
    return (row["sample_id"], row["topic"], row["category"], documents, segments[0]["doc_id"])


def view(path: Path, sample_id: str, *, text: bool = False) -> SampleView:
    """Everything about one sample. With `text`, its ids decoded segment by segment. Raises `UsageError`."""
    run_dir, config = finished(path)
    row = _find(path, sample_id)
    with _reading(run_dir, config) as context:
        doc_ids = [segment["doc_id"] for segment in row["segments"]]
        titles = context.indexed.titles(doc_ids)
        entries = context.indexed.catalog.entries(doc_ids)
        lengths = context.store.lengths([entry.content_hash for entry in entries]).tolist()
        decode = context.parts.tokenizer.decode
        around = _marks(row, context.specials.marks.sizes if text and context.specials.marks else None)
        ids: np.ndarray[Any, Any] = row["input_ids"]
        parts = [
            SegmentView(
                doc_id=s["doc_id"],
                title=title,
                role=s["role"],
                rank=s["rank"],
                score=s["score"],
                start=s["start"],
                length=s["length"],
                doc_start=s["doc_start"],
                doc_tokens=length,
                text=decode(ids[s["start"] : s["start"] + s["length"]]) if text else None,
                before=decode(before),
                behind=decode(behind),
            )
            for s, title, length, (before, behind) in zip(row["segments"], titles, lengths, around, strict=True)
        ]
    topic = _topic(path, row["topic_id"])
    turns = _turns(path, topic) if topic else []
    return SampleView(sample_id, row["recipe"], row["n_tokens"], row["doc_lens"], topic, turns, parts)


def _marks(row: Mapping[str, Any], marks: MarkSizes | None) -> list[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
    """The ids of the marks before and behind each segment."""
    segments, ids = row["segments"], row["input_ids"]
    counts = Counter(segment["doc_id"] for segment in segments)
    found = []
    for segment in segments:
        begin, end, pieces = segment["start"], segment["start"] + segment["length"], counts[segment["doc_id"]]
        piece = segment["chunk"]
        before, behind = (marks.before(piece), marks.behind(piece, pieces)) if marks and pieces > 1 else (0, 0)
        found.append((ids[begin - before : begin], ids[end : end + behind]))
    return found


def coherence(path: Path) -> Similarity:
    """TF-IDF similarity within the run's samples, and within `standard` samples planned from the same corpus."""
    run_dir, config = finished(path)
    own = [spread([s["doc_id"] for s in row["segments"]]) for row in islice(samples(path), COMPARED_SAMPLES)]
    with _reading(run_dir, config) as context:
        baseline = _standard(context, len(own))
        wanted = sorted({doc_id for sample in (*own, *baseline) for doc_id in sample})
        texts = dict(zip(wanted, context.indexed.texts(wanted), strict=True))
        return similarity([[texts[d] for d in s] for s in own], [[texts[d] for d in s] for s in baseline])


def _standard(context: RunContext, count: int) -> list[list[str]]:
    """Documents of `count` samples of recipe `standard`; lengths are estimated, since none needs to be exact here."""
    entries = list(context.indexed.entries())
    lengths = np.array([max(1, round(e.n_chars / context.characters_per_token)) for e in entries], np.int64)
    tables = Tables(Names(e.doc_id for e in entries), Hashes(e.content_hash for e in entries), lengths)
    rows = np.arange(len(entries), dtype=np.int64)
    unit = Unit("corpus", rows, np.zeros(len(rows), np.int32), np.zeros(len(rows), np.float32))
    settings = context.recipe_settings._replace(target_tokens=count * context.config.packing.context_length)
    plan = Plan()
    for _ in get_recipe("standard").plan([unit], tables, Usage.of(tables, 1), settings, plan):
        pass
    return [spread([tables.doc_ids[s.document] for s in sample.segments]) for sample in plan.samples]


class _Reading(RunContext):
    def __enter__(self) -> "_Reading":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _reading(run_dir: RunDir, config: Config) -> _Reading:
    return _Reading(config, prepare(config, debates=False), run_dir)


def _find(path: Path, sample_id: str) -> dict[str, Any]:
    known = []
    for file in sorted((path / "samples").glob("part-*.parquet")):
        names = pq.read_table(file, columns=["sample_id"]).column(0).to_pylist()
        known += names
        if sample_id in names:
            table = pq.read_table(file, filters=[("sample_id", "=", sample_id)])
            row: dict[str, Any] = table.drop_columns(["input_ids"]).to_pylist()[0]
            return {**row, "input_ids": table.column("input_ids")[0].values.to_numpy()}
    first = known[0] if known else "none"
    raise UsageError(f"{path}: no sample '{sample_id}' among its {len(known)} samples (the first: {first})")


def _topic(path: Path, topic_id: str) -> TopicRow | None:
    if not topic_id:
        return None
    return next((topic for topic in read_topics(path / "topics.jsonl") if topic["topic_id"] == topic_id), None)


def _turns(path: Path, topic: TopicRow) -> list[Turn]:
    proposal = topic["evidence"]["proposal_id"]
    turns = []
    for file in sorted((path / "debates").glob("events-*.jsonl")):
        with file.open("rb") as stream:
            for line in stream:
                event = orjson.loads(line)
                if event["category"] == topic["category"]:
                    turns += [
                        Turn(event["round"], event["agent"], position, reason)
                        for key, position, reason in event["positions"]
                        if key == proposal
                    ]
    return turns
