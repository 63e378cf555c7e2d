"""From a plan to files: what is written is what was planned, whoever wrote it and however often it was interrupted."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tools.columns import Hashes
from tools.packing import plan_file
from tools.packing import write as writing
from tools.packing.check import check_sample
from tools.packing.gather import Specials, gather
from tools.packing.plan_file import read_plan, write_plan
from tools.packing.recipe import Settings, get_recipe
from tools.packing.tables import Plan, PlannedSample, Segment, SegmentRole, Tables, Unit, Usage
from tools.packing.write import Boundaries, Shape, spans, write_samples
from tools.tokens import TokenStore

LABELS = ("sample_id", "recipe", "topic_id", "topic", "category", "category_code")
LENGTH = 64


def planned(tables: Tables, specials: Specials, recipe: str = "standard", seed: int = 0, length: int = LENGTH) -> Plan:
    rows = np.random.default_rng(seed).permutation(len(tables))
    ranks = np.arange(1, len(rows) + 1, dtype=np.int32)
    scores = (9 / ranks).astype(np.float32)
    units = [
        Unit(f"t-{n}", rows[n::3], ranks[n::3], scores[n::3], f"t-{n}", "Réefs", "SCIENCE / Sea", "SCI039000")
        for n in range(3)
    ]
    plan = Plan()
    chosen = Settings(specials.layout(length), 20, "rank", None, seed)
    list(get_recipe(recipe).plan(units, tables, Usage.of(tables, 1), chosen, plan))
    assert len(plan.samples) > 5
    return plan


def write(
    folder: Path,
    plan: Plan,
    tables: Tables,
    store: TokenStore,
    specials: Specials,
    *,
    boundaries: Boundaries = "sample",
    workers: int = 1,
    length: int = LENGTH,
) -> list[Path]:
    write_plan(plan, tables, folder / "plan")
    ticks: list[int] = []
    write_samples(
        plan,
        tables,
        folder / "samples",
        store=store,
        specials=specials,
        shape=Shape(length, boundaries),
        workers=workers,
        tick=ticks.append,
    )
    assert sum(ticks) == len(plan.samples)
    return sorted((folder / "samples").iterdir())


def rows_of(files: Sequence[Path]) -> list[dict[str, Any]]:
    rows = [row for file in files for row in pq.read_table(file).to_pylist()]
    return [{**row, "input_ids": np.array(row["input_ids"], np.uint32)} for row in rows]


def tokens_of(tables: Tables, store: TokenStore) -> Callable[[str], NDArray[Any] | None]:
    known = dict(zip(tables.doc_ids, tables.hashes, strict=True))
    return lambda doc_id: store.ids(known[doc_id]) if doc_id in known else None


def as_row(segment: Segment, tables: Tables) -> dict[str, Any]:
    return {**segment._asdict(), "doc_id": tables.doc_ids[segment.document], "role": str(segment.role)}


def test_the_columns_are_those_of_the_design(
    tmp_path: Path, tables: Tables, store: TokenStore, specials: Specials
) -> None:
    segment = pa.struct(
        [
            ("doc_id", pa.string()),
            ("role", pa.string()),
            ("rank", pa.int32()),
            ("score", pa.float32()),
            ("chunk", pa.int32()),
            ("start", pa.int32()),
            ("length", pa.int32()),
            ("doc_start", pa.int64()),
        ]
    )
    labels = [(name, pa.string()) for name in LABELS]
    expected = pa.schema(
        [
            *labels,
            ("input_ids", pa.large_list(pa.uint32())),
            ("n_tokens", pa.int32()),
            ("doc_lens", pa.list_(pa.int32())),
            ("segments", pa.list_(segment)),
        ]
    )
    files = write(tmp_path, planned(tables, specials), tables, store, specials)
    assert pq.read_schema(files[0]).equals(expected)
    assert pq.read_schema(tmp_path / "plan" / "part-00000.parquet").equals(
        pa.schema([*labels, ("segments", pa.list_(segment))])
    )


@pytest.mark.parametrize("per_part", [1, 4, 65_536])
def test_a_plan_is_read_as_it_was_written(
    tmp_path: Path, tables: Tables, specials: Specials, per_part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_file, "PLAN_ROWS", per_part)
    plan = planned(tables, specials, "litelong")
    paths = write_plan(plan, tables, tmp_path)
    assert paths == sorted(tmp_path.iterdir())
    assert len(paths) == -(-len(plan.samples) // per_part)
    rows = [row for batch in read_plan(tmp_path, 3) for row in batch.to_pylist()]
    assert [row["sample_id"] for row in rows] == [sample.sample_id for sample in plan.samples]
    for row, sample in zip(rows, plan.samples, strict=True):
        unit = sample.unit
        labels = (sample.sample_id, "litelong", unit.topic_id, unit.topic, unit.category, unit.category_code)
        assert tuple(row[name] for name in LABELS) == labels
        wanted = [as_row(segment, tables) for segment in sample.segments]
        assert row["segments"] == [{name: one[name] for name in row["segments"][0]} for one in wanted]


def test_a_plan_without_samples_is_one_empty_part_and_no_sample_file(
    tmp_path: Path, tables: Tables, store: TokenStore, specials: Specials
) -> None:
    assert write(tmp_path, Plan(), tables, store, specials) == []
    assert [path.name for path in (tmp_path / "plan").iterdir()] == ["part-00000.parquet"]
    assert sum(batch.num_rows for batch in read_plan(tmp_path / "plan", 8)) == 0


@pytest.mark.parametrize("boundaries", ["sample", "document"])
@pytest.mark.parametrize("recipe", ["standard", "litelong"])
@pytest.mark.parametrize("separator", [True, False])
@pytest.mark.parametrize("bos", [None, 100_257])
def test_written_samples_pass_the_check(
    tmp_path: Path,
    tables: Tables,
    store: TokenStore,
    specials: Specials,
    boundaries: Boundaries,
    recipe: str,
    separator: bool,
    bos: int | None,
) -> None:
    chosen = Specials(bos, specials.separator if separator else None)
    plan = planned(tables, chosen, recipe)
    rows = rows_of(write(tmp_path, plan, tables, store, chosen, boundaries=boundaries))
    assert [row["sample_id"] for row in rows] == [sample.sample_id for sample in plan.samples]
    for row, sample in zip(rows, plan.samples, strict=True):
        assert check_sample(row, tokens_of(tables, store), chosen, Shape(LENGTH, boundaries)) == []
        assert len(row["doc_lens"]) == (1 if boundaries == "sample" else len(sample.segments))


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 1 << 32),
    length=st.integers(16, 200),
    bos=st.none() | st.integers(0, 100_000),
    separator=st.none() | st.integers(0, 100_000),
    boundaries=st.sampled_from(["sample", "document"]),
)
def test_whatever_is_planned_is_gathered_right(
    tables: Tables,
    store: TokenStore,
    seed: int,
    length: int,
    bos: int | None,
    separator: int | None,
    boundaries: Boundaries,
) -> None:
    chosen = Specials(bos, separator)
    samples, shape = planned(tables, chosen, "standard", seed, length).samples, Shape(length, boundaries)
    gathered = gather(samples, store.locate(tables.hashes), chosen, length).reshape(-1, length)
    for sample, ids in zip(samples, gathered, strict=True):
        segments = [as_row(segment, tables) for segment in sample.segments]
        row = {"input_ids": ids, "n_tokens": length, "doc_lens": spans(sample, shape), "segments": segments}
        assert check_sample(row, tokens_of(tables, store), chosen, shape) == []


def alone(row: int, *segments: Segment) -> PlannedSample:
    """A sample of one document."""
    unit = Unit("t", np.array([row]), np.ones(1, np.int32), np.ones(1, np.float32))
    return PlannedSample("s", "litelong", unit, segments)


def test_a_later_slice_of_a_document_is_gathered_from_where_it_begins(tables: Tables, store: TokenStore) -> None:
    long = int(np.argmax(tables.lengths))
    sample = alone(long, Segment(long, SegmentRole.ANCHOR, 1, 1.0, 3, 0, 16, 20))
    ids = gather([sample], store.locate(tables.hashes), Specials(None, 0), 16)
    assert ids.tolist() == store.ids(tables.hashes[long])[20:36].tolist()


def test_segments_without_a_gap_stand_side_by_side_and_a_wide_gap_is_all_separators(
    tables: Tables, store: TokenStore
) -> None:
    long = int(np.argmax(tables.lengths))
    places = ((0, 4, 8), (4, 4, 0), (11, 4, 12))
    sample = alone(
        long, *(Segment(long, SegmentRole.ANCHOR, 1, 1.0, 3, start, length, at) for start, length, at in places)
    )
    tokens = store.ids(tables.hashes[long]).tolist()
    ids = gather([sample, sample], store.locate(tables.hashes), Specials(None, 9), 16).reshape(2, 16).tolist()
    assert ids == [[*tokens[8:12], *tokens[:4], 9, 9, 9, *tokens[12:16], 9]] * 2


@pytest.mark.parametrize("segments", [((0, 9, 0), (8, 8, 0)), ((0, 17, 0),), ((0, 8, 0),)])
def test_a_plan_that_does_not_fit_its_sample_is_never_written(
    tables: Tables, store: TokenStore, segments: tuple[tuple[int, int, int], ...]
) -> None:
    """Overlapping, too long, and a hole where no separator may stand."""
    long = int(np.argmax(tables.lengths))
    placed = (Segment(long, SegmentRole.DOCUMENT, 1, 1.0, -1, start, length, at) for start, length, at in segments)
    with pytest.raises(RuntimeError, match="the plan"):
        gather([alone(long, *placed)], store.locate(tables.hashes), Specials(None, None), 16)


def test_parts_hold_a_fixed_number_of_samples(
    tmp_path: Path, tables: Tables, store: TokenStore, specials: Specials, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = planned(tables, specials)
    whole = rows_of(write(tmp_path / "one", plan, tables, store, specials))
    monkeypatch.setattr(writing, "PART_TOKENS", 3 * LENGTH)
    files = write(tmp_path / "many", plan, tables, store, specials)
    sizes = [pq.ParquetFile(file).metadata.num_rows for file in files]
    assert sizes[:-1] == [3] * (len(plan.samples) // 3 - (len(plan.samples) % 3 == 0))
    assert sum(sizes) == len(plan.samples)
    for one, other in zip(whole, rows_of(files), strict=True):
        assert one["input_ids"].tolist() == other["input_ids"].tolist()
        assert {**one, "input_ids": 0} == {**other, "input_ids": 0}


def test_a_context_longer_than_a_part_gets_a_part_of_its_own(
    tmp_path: Path, tables: Tables, store: TokenStore, specials: Specials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "PART_TOKENS", LENGTH - 1)
    plan = planned(tables, specials)
    assert len(write(tmp_path, plan, tables, store, specials)) == len(plan.samples)


def contents(files: Iterable[Path]) -> Mapping[str, bytes]:
    return {file.name: file.read_bytes() for file in files}


def test_the_number_of_workers_changes_no_byte(
    tmp_path: Path, tables: Tables, store: TokenStore, specials: Specials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "PART_TOKENS", 2 * LENGTH)
    plan = planned(tables, specials)
    one, two, four = (
        contents(write(tmp_path / str(workers), plan, tables, store, specials, workers=workers))
        for workers in (1, 2, 4)
    )
    assert len(one) > 8
    assert one == two == four


def test_parts_that_are_there_are_kept_and_only_missing_ones_are_written(
    tmp_path: Path, tables: Tables, store: TokenStore, specials: Specials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "PART_TOKENS", 2 * LENGTH)
    plan = planned(tables, specials)
    files = write(tmp_path, plan, tables, store, specials, workers=2)
    before = contents(files)
    files[1].unlink()
    (tmp_path / "samples" / ".part-00001.parquet.tmp").write_bytes(b"half a part")
    kept = {file.name: file.stat().st_ino for file in files if file.exists()}
    again = write(tmp_path, plan, tables, store, specials, workers=2)
    assert contents(again) == before
    assert {file.name: file.stat().st_ino for file in again if file.name in kept} == kept


def test_a_document_that_the_store_lacks_leaves_no_file(
    tmp_path: Path, tables: Tables, store: TokenStore, specials: Specials
) -> None:
    absent = Tables(tables.doc_ids, Hashes(bytes(16) for _ in tables.hashes), tables.lengths)
    with pytest.raises(KeyError, match="does not hold"):
        write(tmp_path, planned(tables, specials), absent, store, specials)
    assert not (tmp_path / "samples").exists()


def test_a_document_used_twice_stands_in_both_samples(tables: Tables, store: TokenStore, specials: Specials) -> None:
    row = int(np.argmax(tables.lengths))
    plan = Plan([alone(row, Segment(row, SegmentRole.DOCUMENT, 1, 1.0, -1, 0, 32, 0))] * 2)
    with TemporaryDirectory() as folder:
        one, other = rows_of(write(Path(folder), plan, tables, store, specials, length=32))
    assert one["input_ids"].tolist() == other["input_ids"].tolist() == store.ids(tables.hashes[row])[:32].tolist()
