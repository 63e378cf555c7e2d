"""`litelong validate`: a run proved from its corpus, not from its own token store.

Every document that the run could draw from is fetched and encoded anew; samples are compared with it id by id, the plan
is made again and compared, and the ledger is drawn up again and compared. Needs room on the temporary disk for the
run's encoded documents (4 bytes a token).
"""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from graph.accounts import make_ledger
from graph.chunking import with_negatives
from graph.context import RunContext
from graph.documents import texts_of
from graph.layouts import LayoutReader
from graph.packing import make_plan, read_tables, read_units
from graph.parts import prepare
from graph.progress import Progress, Quiet
from graph.proving import SampleRows, TopicHits, Uses
from graph.rundir import RunDir
from graph.taxonomies import check_recorded
from tools.files import file_digest
from tools.once import once
from tools.packing.check import check_sample, has_null
from tools.packing.plan_file import read_plan, write_plan
from tools.packing.schema import SAMPLES
from tools.packing.tables import Plan, Tables

ALWAYS = ("config.yaml", "manifest.json", "ledger.json", "usage.json", "plan", "samples")
WITH_TOPICS = ("topics.jsonl", "rejected.jsonl", "checkpoints.sqlite", "debates", "hits")

_PLANNED_AT_ONCE = 16
"""Samples of a plan that are looked at together: a segment as Python sees it takes a kilobyte."""
_NO_IDS = np.empty(0, np.uint32)


@dataclass(slots=True)
class Validation:
    """What was checked and what was found wrong (each problem one line: where, what)."""

    samples: int = 0
    segments: int = 0
    tokens: int = 0
    documents: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def valid(self) -> bool:
        return not self.problems


class _Checked(RunContext):
    """A finished run seen through a token store filled anew."""

    def __init__(self, *args: Any, folder: Path) -> None:  # noqa: ANN401 - the parent's arguments
        super().__init__(*args)
        self._folder = folder

    @once
    def store(self) -> Any:  # noqa: ANN401 - TokenStore, imported late
        from tools.tokens import TokenStore

        return TokenStore(self._folder / "tokens", self.parts.tokenizer)

    @property
    def scratch(self) -> Path:
        return self._folder


def validate(path: Path, progress: Progress | None = None) -> Validation:
    """Check the run in `path`. Raises `UsageError` when there is none, it is not finished, or its corpus is gone."""
    run_dir = RunDir.open(path)
    result = Validation()
    _check_files(run_dir, result)
    if result.problems:
        return result
    config = run_dir.config()
    parts = prepare(config, debates=False)
    check_recorded(run_dir, parts.taxonomy)
    with tempfile.TemporaryDirectory(prefix="litelong-validate-") as folder:
        context = _Checked(config, parts, run_dir, progress or Quiet(), folder=Path(folder))
        try:
            _check_run(context, Path(folder), result)
        finally:
            context.close()
    return result


def _check_files(run_dir: RunDir, result: Validation) -> None:
    """What a finished run holds is there, and is what was written."""
    stages = run_dir.manifest.get("stages", {})
    if "report" not in stages:
        done = ", ".join(stages) or "none"
        result.problems.append(f"{run_dir.path}: the run is not finished (stages done: {done}); run it again to go on")
        return
    for name in (*ALWAYS, *(WITH_TOPICS if "curate" in stages else ())):
        if not (run_dir.path / name).exists():
            result.problems.append(f"{name}: is missing")
    page = stages["report"]["counts"].get("page")
    if page and not (run_dir.path / page).exists():
        result.problems.append(f"{page}: is missing; `litelong report {run_dir.path}` makes it")
    # The file, not what it means: a later version may have more keys.
    if not result.problems and file_digest(run_dir.path / "config.yaml") != run_dir.manifest.get("config_digest"):
        result.problems.append("config.yaml: is not the configuration that was run")
    for stage in stages.values():
        for name, digest in stage["files"].items():
            file = run_dir.path / name
            if not file.exists():
                result.problems.append(f"{name}: is missing")
            elif file_digest(file) != digest and not name.startswith("samples/"):
                # A changed sample file is looked into id by id below, which says more.
                result.problems.append(f"{name}: is not what the run wrote (content hash differs)")


def _check_run(context: RunContext, folder: Path, result: Validation) -> None:
    result.documents = len(context.documents)
    with context.progress.stage("encode", result.documents) as tick:
        texts = ((e.content_hash, text) for e, text in texts_of(context, np.arange(result.documents)))
        context.store.fill(texts, threads=context.config.run.workers, tick=tick)
    tables = with_negatives(context, read_tables(context))
    units = read_units(context, tables)
    plan, units = make_plan(context, units, tables)
    _check_plan(context, plan, tables, folder, result)
    _check_samples(context, tables, result)
    _check_ledger(context, make_ledger(context, plan, units, tables), result)
    _check_digests(context.run, result)


def _check_plan(context: RunContext, plan: Plan, tables: Tables, folder: Path, result: Validation) -> None:
    """The plan made again from hits, lengths and seed is the plan on disk."""
    write_plan(plan, tables, folder / "plan")
    rows = zip(_rows(folder / "plan"), _rows(context.path / "plan"), strict=False)
    for again, written in rows:
        if again != written:
            result.problems.append(f"plan: sample {written['sample_id']} is not what planning again gives")
            return
    planned = sum(1 for _ in _rows(context.path / "plan"))
    if planned != len(plan.samples):
        result.problems.append(f"plan: holds {planned} samples, planning again gives {len(plan.samples)}")


def _check_samples(context: RunContext, tables: Tables, result: Validation) -> None:
    planned = _rows(context.path / "plan")
    row_of = SampleRows(tables.doc_ids)
    hits, uses = TopicHits(context, tables), Uses(tables, context.scratch)
    layouts = LayoutReader(context, tables, row_of)

    def tokens_of(doc_id: str) -> NDArray[Any] | None:
        row = row_of(doc_id)
        return None if row is None else np.asarray(context.store.ids(tables.hashes[row]))

    marker = context.run.stage("pack")
    total = int(marker.counts["samples"]) if marker else 0
    with context.progress.stage("samples", total) as tick:
        for file in sorted((context.path / "samples").glob("part-*.parquet")):
            for number, row in enumerate(_sample_rows(file, result)):
                where = f"samples/{file.name} row {number} ({row['sample_id']})"
                whole = not has_null(row)
                row_of.read(row["segments"] if whole else ())
                found = check_sample(row, tokens_of, context.specials, context.shape)
                found += _against_plan(row, next(planned, None))
                if whole:
                    found += hits.problems(row, row_of)
                    found += layouts.problems(row)
                    found += uses.add(row["segments"], row_of)
                result.problems += [f"{where}: {problem}" for problem in found]
                result.samples += 1
                result.segments += len(row["segments"] or ())
                result.tokens += len(row["input_ids"])
                tick(1)
    result.problems += uses.over(context.config.packing.max_uses_per_document)
    left = sum(1 for _ in planned)
    if left:
        result.problems.append(f"samples: {left} planned samples are missing")


def _sample_rows(file: Path, result: Validation) -> Iterator[dict[str, Any]]:
    try:
        with pq.ParquetFile(file) as parquet:
            if not parquet.schema_arrow.equals(SAMPLES):
                result.problems.append(f"samples/{file.name}: its columns are not those of a sample file")
                return
            for batch in parquet.iter_batches(batch_size=8):
                ids = batch.column("input_ids")
                for i, row in enumerate(batch.drop_columns(["input_ids"]).to_pylist()):
                    values = ids[i].values
                    yield {**row, "input_ids": _NO_IDS if values is None else values.to_numpy()}
    except (pa.ArrowException, OSError) as error:
        result.problems.append(f"samples/{file.name}: cannot be read as Parquet ({error})")


def _against_plan(row: Mapping[str, Any], planned: Mapping[str, Any] | None) -> list[str]:
    if planned is None:
        return ["is not in the plan"]
    return [f"column {name} is not the plan's" for name in planned if planned[name] != row[name]]


def _check_ledger(context: RunContext, again: Mapping[str, Any], result: Validation) -> None:
    """The ledger (which closes, or could not be made) is the one that the plan gives."""
    written = orjson.loads((context.path / "ledger.json").read_bytes())
    result.problems += [f"ledger.json: {difference}" for difference in differences(written, again)]
    tokens = again["tokens"]
    if result.tokens != tokens["samples"] * tokens["context_length"]:
        result.problems.append(f"ledger.json: accounts for {tokens['samples']} samples, {result.samples} are there")


def differences(written: Any, again: Any, place: str = "") -> Iterator[str]:  # noqa: ANN401 - JSON
    """Where two JSON values differ: `tokens.packed is 3, counted again 4`."""
    if isinstance(written, dict) and isinstance(again, dict) and written.keys() == again.keys():
        for key in again:
            yield from differences(written[key], again[key], f"{place}.{key}" if place else key)
    elif isinstance(written, list) and isinstance(again, list) and len(written) == len(again):
        for number, (one, other) in enumerate(zip(written, again, strict=True)):
            yield from differences(one, other, f"{place}.{number}")
    elif written != again:
        yield f"{place} is {written if place else 'of another form'}, counted again {again if place else 'differently'}"


def _check_digests(run_dir: RunDir, result: Validation) -> None:
    if result.problems:
        return
    for stage in run_dir.manifest["stages"].values():
        for name, digest in stage["files"].items():
            if file_digest(run_dir.path / name) != digest:
                result.problems.append(f"{name}: holds the right samples in other bytes than the run wrote")


def _rows(folder: Path) -> Iterator[dict[str, Any]]:
    for batch in read_plan(folder, _PLANNED_AT_ONCE):
        yield from batch.to_pylist()
