"""The samples of a run for its page: how documents are arranged in them, where their tokens are from, and a few to look into."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from heapq import nsmallest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from graph.config import Config
from graph.progress import Tick
from graph.reporting.files import check, of_the_run
from graph.reporting.sources import Origins, open_origins
from graph.rundir import RunDir
from litelong import UsageError
from tools.files import content_hash, ignore
from tools.packing.plan_file import read_plan
from tools.report.arrangement import Arrangement, Placed, placed
from tools.report.contents import (
    Counted,
    Excerpt,
    SampleRow,
    Samples,
    SegmentText,
    Shown,
    Stripe,
    bounded,
)
from tools.report.text import one_line

if TYPE_CHECKING:
    from tools.tokens import Tokenizer

AT_ONCE = 64
"""Samples that are held at a time."""
ROWS, SOURCES, SOURCES_OF_A_SAMPLE = 1000, 20, 3
EXCERPTS, SEGMENTS, TOKENS, CHARACTERS = 3, 5, 240, 480
STRIPES = 400
"""Stretches that a sample's strip is drawn with at most."""
BYTES = 500_000
"""The most that the table of samples takes on the page."""
WIDTH = "x" * 450

Decode = Callable[[Any], str]


def samples_of(run: RunDir, config: Config, tick: Tick = ignore) -> Samples:
    """What plan, samples and index say. Raises `UsageError` where they are damaged.

    Where the index or the tokenizer is no longer to be had, what needs it is left out, and a warning says so.
    """
    check(run, "pack", "plan/")
    warnings: list[str] = []
    with ExitStack() as stack:
        origins = stack.enter_context(open_origins(run, config, warnings))
        decode = _decoder(config, warnings)
        with of_the_run(run, "plan/ or samples/"):
            arrangement, rows, chosen = _walk(run, config, origins, tick)
            excerpts = (
                tuple(_excerpt(run.path, number, row, origins, decode) for number, row in chosen) if decode else ()
            )
            return Samples(
                warnings=tuple(warnings),
                histograms=arrangement.histograms(),
                sources=_top(arrangement.by_source),
                refused=_top(origins.rejects()),
                table=bounded(rows, _words, BYTES, samples_in(run) - len(rows)),
                excerpts=excerpts,
            )


def _walk(
    run: RunDir, config: Config, origins: Origins, tick: Tick
) -> tuple[Arrangement, list[SampleRow], list[tuple[int, SampleRow]]]:
    """Once over the plan: the sums, the rows of the first samples, and those chosen by the seed, with their numbers."""
    arrangement, rows = Arrangement(), list[SampleRow]()
    best: list[tuple[bytes, int, SampleRow]] = []
    number = 0
    for batch in read_plan(run.path / "plan", AT_ONCE):
        block = placed(batch.column("segments"))
        sources = origins.sources(block.doc_ids)
        arrangement.add(block, sources)
        ids = batch.column("sample_id").to_pylist()
        keys = [content_hash(f"{config.run.seed} {sample_id}") for sample_id in ids]
        picked = {n for key, n in nsmallest(EXCERPTS, zip(keys, range(len(keys)), strict=True))}
        shown = min(len(ids), ROWS - len(rows))
        made = {n: _row(batch, n, block, sources) for n in sorted({*range(shown), *picked})}
        rows += [made[n] for n in range(shown)]
        best = nsmallest(EXCERPTS, [*best, *((keys[n], number + n, made[n]) for n in picked)], key=lambda one: one[:2])
        number += len(ids)
        tick(len(ids))
    chosen = sorted(((n, row) for _, n, row in best), key=lambda one: one[0])
    return arrangement, _written(run.path, rows), [(n, _written(run.path, [row], n)[0]) for n, row in chosen]


def _row(batch: pa.RecordBatch, n: int, block: Placed, sources: Sequence[str]) -> SampleRow:
    begin, end = np.searchsorted(block.sample, [n, n + 1]).tolist()
    by_source = Counter[str]()
    for document, tokens in zip(block.document[begin:end].tolist(), block.tokens[begin:end].tolist(), strict=True):
        by_source[sources[document]] += tokens
    label = {name: str(batch.column(name)[n].as_py()) for name in ("sample_id", "recipe", "topic", "category")}
    most = [Counted(name, count) for name, count in by_source.most_common(SOURCES_OF_A_SAMPLE)]
    rest = len(by_source) - len(most)
    if rest > 0:
        most.append(Counted(f"{rest:,} more", by_source.total() - sum(one.count for one in most)))
    return SampleRow(
        sample_id=label["sample_id"],
        recipe=label["recipe"],
        topic=one_line(label["topic"], 160),
        category=one_line(label["category"], 200),
        n_tokens=0,
        documents=int(block.documents[n]),
        segments=int(block.segments[n]),
        spans=0,
        sources=tuple(most),
    )


def _written(path: Path, rows: list[SampleRow], first: int = 0) -> list[SampleRow]:
    """The rows with what only the samples themselves say: tokens that are not padding, and attention spans."""
    found: list[SampleRow] = []
    for table, skipped in _parts(path, ["sample_id", "n_tokens", "doc_lens"], first, first + len(rows)):
        some = table.slice(skipped, len(rows) - len(found))
        spans = pc.list_value_length(some.column("doc_lens")).to_pylist()
        columns = some.column("sample_id").to_pylist(), some.column("n_tokens").to_pylist(), spans
        for row, (sample_id, n_tokens, count) in zip(rows[len(found) :], zip(*columns, strict=True), strict=False):
            if row.sample_id != sample_id:
                raise ValueError(f"sample {sample_id} stands where the plan has {row.sample_id}")
            found.append(replace(row, n_tokens=n_tokens, spans=count))
    if len(found) != len(rows):
        raise ValueError(f"{len(rows) - len(found)} planned samples are missing")
    return found


def _parts(path: Path, columns: list[str], begin: int, end: int) -> Iterator[tuple[pa.Table, int]]:
    """Row groups of `samples/` that hold rows `[begin, end)`, each with how many of its rows stand before `begin`."""
    before = 0
    for file in sorted((path / "samples").glob("part-*.parquet")):
        with pq.ParquetFile(file) as parquet:
            for group in range(parquet.metadata.num_row_groups):
                count = parquet.metadata.row_group(group).num_rows
                if before < end and before + count > begin:
                    yield parquet.read_row_group(group, columns=columns), max(0, begin - before)
                before += count
        if before >= end:
            return


def _excerpt(path: Path, number: int, row: SampleRow, origins: Origins, decode: Decode) -> Excerpt:
    """A sample with the texts of its first segments."""
    table, skipped = next(iter(_parts(path, ["input_ids", "segments"], number, number + 1)))
    ids = table.column("input_ids")[skipped].values.to_numpy()
    segments = table.column("segments")[skipped].values
    first = segments.slice(0, SEGMENTS).to_pylist()
    doc_ids = [segment["doc_id"] for segment in first]
    texts = [
        SegmentText(
            title=one_line(title, 200),
            doc_id=one_line(segment["doc_id"], 200),
            source=source,
            role=segment["role"],
            rank=segment["rank"],
            score=segment["score"],
            start=segment["start"],
            length=segment["length"],
            doc_start=segment["doc_start"],
            text=_beginning(ids[segment["start"] : segment["start"] + segment["length"]], decode),
        )
        for segment, title, source in zip(first, origins.titles(doc_ids), origins.sources(doc_ids), strict=True)
    ]
    return Excerpt(row, _stripes(segments, len(ids)), Shown(tuple(texts), len(segments) - len(texts)))


def _beginning(ids: Any, decode: Decode) -> str:  # noqa: ANN401 - uint32 [n]
    """The first words of a segment. A word, or a character, that is cut through is left out."""
    text = decode(ids[:TOKENS])
    if len(ids) <= TOKENS and len(text) <= CHARACTERS:
        return text.strip()
    text = text[:CHARACTERS].rstrip("\ufffd")
    return f"{text[: max(text.rfind(' '), text.rfind(chr(10)), CHARACTERS // 2)].strip()} …"


def _stripes(segments: pa.StructArray, length: int) -> tuple[Stripe, ...]:
    """A sample drawn: stretches too narrow to see are drawn with the one before them."""
    starts = pc.struct_field(segments, "start").to_numpy(zero_copy_only=False).astype(np.int64)
    ends = starts + pc.struct_field(segments, "length").to_numpy(zero_copy_only=False)
    # By first appearance, so that neighbours get neighbouring numbers.
    documents = pc.struct_field(segments, "doc_id").dictionary_encode().indices.to_pylist()
    found: list[Stripe] = []
    for begin, end, document in zip((starts / length).tolist(), (ends / length).tolist(), documents, strict=True):
        if found and (end - found[-1].begin < 1 / STRIPES or document == found[-1].document):
            found[-1] = Stripe(found[-1].begin, end - found[-1].begin, found[-1].document)
        else:
            found.append(Stripe(begin, end - begin, document))
    return tuple(found)


def _decoder(config: Config, warnings: list[str]) -> Decode | None:
    from tools.tokens import load_tokenizer

    try:
        tokenizer: Tokenizer = load_tokenizer(config.tokenizer, Path.cwd())
    except UsageError as error:
        warnings.append(f"No excerpts are shown, because the tokenizer is not to be had: {one_line(str(error), 300)}.")
        return None
    return tokenizer.decode


def _top(counts: Counter[str]) -> Shown[Counted]:
    found = [Counted(name, count) for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    return Shown(tuple(found[:SOURCES]), len(found[SOURCES:]))


def samples_in(run: RunDir) -> int:
    """How many samples a packed run has."""
    marker = run.stage("pack")
    return int(marker.counts["samples"]) if marker else 0


def _words(row: SampleRow) -> Iterator[str]:
    yield from (WIDTH, row.sample_id, row.recipe, row.topic, row.category)
    for source in row.sources:
        yield from (source.name, WIDTH[:40])
