"""What `litelong validate` holds samples against, apart from the planner, and as columns: hits and segments may be very many."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from graph.context import RunContext
from graph.stages.curate import read_topics
from graph.stages.retrieve import read_hits
from tools.columns import Column, Names, zeros
from tools.packing.ledger import LEAST_AT_ONCE, PASSES, Spans, most_uses
from tools.packing.tables import Tables

_AT_ONCE = 1 << 20
"""Uses that are looked through at a time."""


class SampleRows:
    """doc_id -> row of the tables, for one sample at a time: its documents are looked up together."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._rows: dict[str, int] = {}

    def read(self, segments: Sequence[Mapping[str, Any]]) -> None:
        """Look up the documents of a sample."""
        asked = list(dict.fromkeys(segment["doc_id"] for segment in segments))
        self._rows = dict(zip(asked, self._names.rows(pa.array(asked, pa.string())).tolist(), strict=True))

    def __call__(self, doc_id: str) -> int | None:
        """The row of a document of the sample (None: it was not encoded)."""
        row = self._rows[doc_id]
        return None if row < 0 else row


class Reached:
    """doc_id -> the token up to which a document of the sample at hand stands in samples (0 at first): 8 bytes a document."""

    def __init__(self, rows: SampleRows, documents: int, folder: Path) -> None:
        self._rows, self._reached = rows, zeros(documents, np.int64, folder)

    def __getitem__(self, doc_id: str) -> int:
        row = self._rows(doc_id)
        return 0 if row is None else int(self._reached[row])

    def __setitem__(self, doc_id: str, token: int) -> None:
        row = self._rows(doc_id)
        if row is not None:
            self._reached[row] = token


class TopicHits:
    """Every topic's hits as they were written; of one topic at a time, since a topic's samples stand together."""

    def __init__(self, context: RunContext, tables: Tables) -> None:
        self._places: dict[str, list[slice]] = {}
        self._known: tuple[str, dict[int, tuple[int, float]]] = "", {}
        rows, ranks, scores = (Column(dtype, context.scratch) for dtype in (np.int64, np.int32, np.float32))
        if context.parts.recipe.unit == "topic":
            self._places = {topic["topic_id"]: [] for topic in read_topics(context.path / "topics.jsonl")}
            begin = 0
            for batch in read_hits(context.path / "hits"):
                rows.append(tables.doc_ids.rows(batch["doc_id"]))
                ranks.append(batch["rank"].to_numpy())
                scores.append(batch["score"].to_numpy())
                topics = batch["topic_id"].to_pylist()
                borders = [n for n in range(len(topics)) if n == 0 or topics[n] != topics[n - 1]]
                for first, end in zip(borders, [*borders[1:], len(topics)], strict=True):
                    self._places.setdefault(topics[first], []).append(slice(begin + first, begin + end))
                begin += len(topics)
        self._rows, self._ranks, self._scores = (column.array() for column in (rows, ranks, scores))

    def problems(self, row: Mapping[str, Any], row_of: SampleRows) -> list[str]:
        """Whether every segment's document was a hit of the sample's topic at that rank and score; negatives were not hits."""
        topic_id = row["topic_id"]
        if not topic_id:
            return []
        if topic_id not in self._places:
            return [f"topic {topic_id} is not in topics.jsonl"]
        known = self._of(topic_id)
        return [
            f"segment {n}: document '{s['doc_id']}' is not a hit of the topic at rank {s['rank']}"
            for n, s in enumerate(row["segments"])
            if s["role"] != "negative" and known.get(row_of(s["doc_id"])) != (s["rank"], s["score"])
        ]

    def _of(self, topic_id: str) -> Mapping[int | None, tuple[int, float]]:
        if self._known[0] != topic_id:
            known: dict[int, tuple[int, float]] = {}
            for own in self._places[topic_id]:
                as_hit = zip(self._ranks[own].tolist(), self._scores[own].tolist(), strict=True)
                known.update(zip(self._rows[own].tolist(), as_hit, strict=True))
            self._known = topic_id, known
        return self._known[1]  # type: ignore[return-value]


class Uses:
    """What the samples use of which document, to be held against the caps; and near-duplicates in one sample."""

    def __init__(self, tables: Tables, folder: Path) -> None:
        self._tables = tables
        self._columns = [Column(np.int64, folder) for _ in range(3)]

    def add(self, segments: Sequence[Mapping[str, Any]], row_of: SampleRows) -> list[str]:
        """Count a sample's segments; gives the near-duplicates among their documents, in words."""
        by_group: dict[int, str] = {}
        uses, problems = [], []
        for segment in segments:
            doc_id = segment["doc_id"]
            row = row_of(doc_id)
            if row is None:
                continue
            uses.append((row, segment["doc_start"], segment["doc_start"] + segment["length"]))
            other = by_group.setdefault(self._tables.group_of(row), doc_id)
            if other != doc_id:
                problems.append(f"documents '{other}' and '{doc_id}' are near-duplicates")
        for column, values in zip(self._columns, np.array(uses, np.int64).reshape(-1, 3).T, strict=True):
            column.append(values)
        return problems

    def over(self, cap: int) -> list[str]:
        """Documents of which a token is used more than `cap` times, in words. Counted for a part of the documents at a time."""
        rows, begins, ends = (column.array() for column in self._columns)
        documents = len(self._tables)
        at_once = max(LEAST_AT_ONCE, -(-documents // PASSES))
        problems = []
        for first in range(0, documents, at_once):
            own = [np.empty(0, np.int64)]
            for begin in range(0, len(rows), _AT_ONCE):
                block = rows[begin : begin + _AT_ONCE]
                own.append(begin + ((block >= first) & (block < first + at_once)).nonzero()[0])
            uses = np.concatenate(own)
            spans = Spans(rows[uses] - first, begins[uses], ends[uses], np.zeros_like(uses))
            counts = most_uses(spans, min(at_once, documents - first))
            problems += [
                f"samples: document '{self._tables.doc_ids[first + row]}' is used {counts[row]} times, over its cap of {cap}"
                for row in np.flatnonzero(counts > cap).tolist()
            ]
        return problems
