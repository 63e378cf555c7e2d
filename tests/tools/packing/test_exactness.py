"""What holds for every recipe: samples full to the last id, every token in the ledger once, near-duplicates apart.

Documents have 100 to 200,000 tokens, contexts 1,024 to 1,048,576.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tools.packing.jobs import Job, unit
from tools.columns import Hashes, Names
from tools.files import content_hash
from tools.packing import tables as tables_module
from tools.packing.chunks import Chunks, Negatives
from tools.packing.layout import EndToEnd
from tools.packing.ledger import added, most_uses, spans_of, token_accounts, with_rest
from tools.packing.recipe import Settings, get_recipe
from tools.packing.tables import ROLES, Layout, PlannedSample, SegmentRole, Tables

CHUNK = 512
DOCUMENT_RECIPES = ("standard", "litelong")
RECIPES = (*DOCUMENT_RECIPES, "nextlong", "litelong+nextlong", "utk", "litelong+utk")
CATEGORIES = ("A / B / C", "A / B / D", "A / E", "F / G")


@st.composite
def jobs(draw: st.DrawFn, recipes: Sequence[str] = RECIPES) -> Job:
    recipe = draw(st.sampled_from(recipes))
    context = draw(st.sampled_from([1024, 4096, 131_072, 1 << 20]))
    sizes = st.integers(100, 2_000) | st.integers(100, 200_000)
    lengths = draw(st.lists(sizes, min_size=1, max_size=40))
    n = len(lengths)
    group = np.arange(n)
    for row in draw(st.lists(st.integers(0, n - 1), max_size=6)):
        group[row] = group[draw(st.integers(0, n - 1))]
    # A group is called by its first row.
    group = np.array([int(np.flatnonzero(group == g)[0]) for g in group], np.int64)
    tables = Tables(
        Names(f"d{row}" for row in range(n)),
        Hashes(content_hash(str(row)) for row in range(n)),
        np.array(lengths),
        group,
    )
    if "nextlong" in recipe:
        tables = with_chunks(tables, draw(st.integers(0, 1 << 20)))
    if get_recipe(recipe).unit == "corpus":
        units = [unit("corpus", list(range(n)), "")]
    else:
        rows = st.lists(st.integers(0, n - 1), unique=True, max_size=30)
        topics = draw(st.lists(rows, min_size=1, max_size=6))
        units = [unit(f"t-{i}", rows, CATEGORIES[i % 4]) for i, rows in enumerate(topics)]
    chosen = Settings(
        Layout(context, draw(st.booleans()), not get_recipe(recipe).interleaved and draw(st.booleans())),
        draw(st.integers(1, 3)),
        draw(st.sampled_from(["rank", "reverse", "shuffle"])),
        draw(st.none() | st.integers(1, 3 * context)),
        draw(st.integers(0, 100)),
        remainder=draw(st.sampled_from(["unused", "pool"])),
        padding=draw(st.booleans()),
        tails=draw(st.sampled_from(["carry", "cut"])),
    )
    return Job(recipe, tables, units, chosen)


def with_chunks(tables: Tables, seed: int) -> Tables:
    """Every document cut each `CHUNK` tokens; every chunk has up to 200 negatives of all others. Some are near-copies."""
    starts = [np.arange(0, length, CHUNK) for length in tables.lengths.tolist()]
    counts = np.array([len(own) for own in starts])
    ends = [np.append(own[1:], length) for own, length in zip(starts, tables.lengths.tolist(), strict=True)]
    firsts = np.concatenate(starts)
    documents = np.repeat(np.arange(len(tables)), counts)
    rng = np.random.default_rng(seed)
    # A group is called by its first.
    _, first, label = np.unique(rng.integers(0, 4 * len(firsts), len(firsts)), return_index=True, return_inverse=True)
    chunks = Chunks(
        np.concatenate(([0], np.cumsum(counts))),
        firsts,
        np.concatenate(ends) - firsts,
        documents,
        4 * tables.lengths,
        first[label],
    )
    drawn = [rng.integers(0, len(firsts), 200) for _ in range(len(firsts))]
    found = [np.unique(own[documents[own] != documents[anchor]]) for anchor, own in enumerate(drawn)]
    flat, sizes = np.concatenate(found), [len(own) for own in found]
    offsets = np.concatenate(([0], np.cumsum(sizes)))
    negatives = Negatives(np.arange(len(firsts)), offsets[:-1], offsets[1:], flat, np.ones(len(flat), np.float32))
    return Tables(tables.doc_ids, tables.hashes, tables.lengths, tables.group, chunks, {"": negatives})


def filled(sample: PlannedSample, layout: Layout) -> int:
    """Ids of a sample that are a document's, BOS, a separator or padding; fails when two stand in one place."""
    table = sample.table
    ends = table["start"] + table["length"]
    assert table["start"][0] == layout.bos
    gaps = np.append(table["start"][1:], layout.context_length - sample.padding) - ends
    separators = int(layout.separator)
    assert set(gaps[:-1].tolist()) <= {separators}
    assert 0 <= gaps[-1] <= separators
    return int(layout.bos + table["length"].sum() + gaps.sum() + sample.padding)


@settings(deadline=None, max_examples=150)
@given(job=jobs())
def test_every_sample_is_full_to_its_last_id(job: Job) -> None:
    plan, _ = job.plan()
    for sample in plan.samples:
        assert filled(sample, job.settings.layout) == job.settings.layout.context_length
        assert sample.padding == 0 or job.settings.padding
    ids = [sample.sample_id for sample in plan.samples]
    assert len(set(ids)) == len(ids)


@settings(deadline=None, max_examples=150)
@given(job=jobs())
def test_every_token_is_accounted_for_and_none_is_used_twice(job: Job) -> None:
    plan, units = job.plan()
    units = with_rest(units, len(job.tables))
    length = job.settings.layout.context_length
    accounts = token_accounts(job.tables.lengths, np.zeros(len(job.tables), np.int64), units, plan, length)
    assert [account.errors() for account in accounts] == [[] for _ in accounts]
    total = added(accounts, length)
    assert total.encoded == int(job.tables.lengths.sum())
    assert total.repeated == 0
    assert total.padding == sum(sample.padding for sample in plan.samples)
    assert most_uses(spans_of(plan, units), len(job.tables)).max(initial=0) <= 1


@settings(deadline=None, max_examples=100)
@given(job=jobs(), at_once=st.sampled_from([1, 3, 40]))
def test_a_plan_made_in_files_is_the_same_plan(job: Job, at_once: int) -> None:
    expected, _ = job.plan()
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(tables_module, "AT_ONCE", at_once)
        patch.setattr("tools.columns._WORTH_A_FILE", 1)
        patch.setattr("tools.columns._AT_ONCE", at_once)
        plan, _ = job.plan(Path(folder))
        # Those after the last block wait in memory.
        waiting = [sample for sample in plan.samples if sample.table.flags.writeable]
        assert sum(len(sample.segments) for sample in waiting) < at_once
        assert plan.samples[len(plan.samples) - len(waiting) :] == waiting
    assert [(s.sample_id, s.recipe, s.unit.unit_id, list(s.segments), s.padding) for s in plan.samples] == [
        (s.sample_id, s.recipe, s.unit.unit_id, list(s.segments), s.padding) for s in expected.samples
    ]


@settings(deadline=None, max_examples=150)
@given(job=jobs())
def test_near_duplicates_never_share_a_sample(job: Job) -> None:
    chunks = job.tables.chunks
    for sample in job.plan()[0].samples:
        documents = np.unique(sample.table["document"])
        assert len(np.unique(job.tables.group[documents])) == len(documents)
        if chunks is not None and not sample.recipe.endswith("/remainder"):
            own = chunks.groups(chunks.offsets[sample.table["document"]] + sample.table["chunk"])
            anchor = sample.table["role"] == ROLES.index(SegmentRole.ANCHOR)
            # A root's own chunks all stay, whatever they are like.
            assert len(np.unique(own[~anchor])) == np.count_nonzero(~anchor)
            assert not set(own[anchor]) & set(own[~anchor])


@settings(deadline=None, max_examples=100)
@given(job=jobs(DOCUMENT_RECIPES))
def test_at_most_one_document_of_a_sample_is_cut_and_its_rest_goes_on_where_it_stopped(job: Job) -> None:
    plan, _ = job.plan()
    reached: dict[int, int] = {}
    for sample in plan.samples:
        begins, ends = sample.table["doc_start"], sample.table["doc_start"] + sample.table["length"]
        cut = ends < job.tables.lengths[sample.table["document"]]
        assert not cut[:-1].any()
        assert not (cut[-1] and sample.padding)
        for row, begin, end in zip(sample.table["document"].tolist(), begins.tolist(), ends.tolist(), strict=True):
            assert begin == reached.get(row, 0)
            assert begin == 0 or job.settings.tails == "carry"
            reached[row] = end


@settings(deadline=None, max_examples=60)
@given(job=jobs(["nextlong", "litelong+nextlong"]))
def test_the_pool_of_recipes_that_mine_has_what_lies_behind_their_last_chunks(job: Job) -> None:
    job = job._replace(settings=job.settings._replace(remainder="pool", target_tokens=None))
    plan, _ = job.plan()
    lengths = dict(zip(job.tables.doc_ids, job.tables.lengths.tolist(), strict=True))
    reader = EndToEnd(lengths.get, carries=job.settings.tails == "carry")
    packed = Counter[int]()
    for sample in plan.samples:
        row = as_row(sample, job.tables)
        if sample.recipe == f"{job.recipe}/remainder":
            assert reader.problems({**row, "topic_id": ""}) == []
        else:
            reader.reach(row["segments"])
        for s in sample.segments:
            packed[s.document] = max(packed[s.document], s.doc_start + s.length)
    listed = {row for unit in job.units for row in unit.documents.tolist()}
    left = [row for row in listed if packed[row] < (lengths[f"d{row}"] if job.settings.tails == "carry" else 1)]
    if not job.tables.grouped:
        assert sum(lengths[f"d{row}"] - packed[row] for row in left) < (
            1 if job.settings.padding else job.settings.layout.context_length
        )


@settings(deadline=None, max_examples=100)
@given(job=jobs(DOCUMENT_RECIPES))
def test_the_separate_reader_finds_nothing_wrong(job: Job) -> None:
    lengths = dict(zip(job.tables.doc_ids, job.tables.lengths.tolist(), strict=True))
    reader = EndToEnd(lengths.get, carries=job.settings.tails == "carry")
    for sample in job.plan()[0].samples:
        assert reader.problems(as_row(sample, job.tables)) == []


def as_row(sample: PlannedSample, tables: Tables) -> dict[str, Any]:
    """A sample as it stands in `samples/*.parquet`, without its ids."""
    segments = [{**s._asdict(), "doc_id": tables.doc_ids[s.document]} for s in sample.segments]
    return {"sample_id": sample.sample_id, "topic_id": sample.unit.topic_id, "segments": segments}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda s: s[1][0].update(doc_start=0), "does not go on with 'd1' at token 400"),
        (lambda s: s[1].pop(0), "does not go on with 'd1' at token 400"),
        (lambda s: s[1].reverse(), "does not go on with 'd1' at token 400"),
        (lambda s: s[0][0].update(length=10), "segment 0 ('d0') is cut, and the sample does not end with it"),
        (lambda s: s[0][0].update(doc_start=10), "segment 0 ('d0') begins at token 10, not 0"),
    ],
)
def test_the_separate_reader_names_what_is_wrong(spoil: Callable[[list[Any]], None], said: str) -> None:
    tables = Tables(Names(["d0", "d1", "d2"]), Hashes(content_hash(name) for name in "abc"), np.array([600, 700, 800]))
    chosen = Settings(Layout(1000, False, False), 2, "rank", None, 0)
    plan, _ = Job("litelong", tables, [unit("t-0", [0, 1, 2], "A")], chosen).plan()
    rows = [as_row(sample, tables) for sample in plan.samples]
    spoil([row["segments"] for row in rows])
    reader = EndToEnd({"d0": 600, "d1": 700, "d2": 800}.get, carries=True)
    assert any(said in problem for row in rows for problem in reader.problems(row))


@settings(deadline=None, max_examples=100)
@given(job=jobs(["standard"]))
def test_carrying_tails_on_packs_every_token_but_those_that_do_not_fill_a_last_sample(job: Job) -> None:
    job = job._replace(settings=job.settings._replace(target_tokens=None, tails="carry"))
    if job.tables.grouped:  # near-duplicates wait for a sample without the other, and there may be none
        job = job._replace(tables=replace(job.tables, group=np.arange(len(job.tables))))
    plan, units = job.plan()
    length = job.settings.layout.context_length
    total = added(token_accounts(job.tables.lengths, np.zeros(len(job.tables), np.int64), units, plan, length), length)
    assert total.packed == total.encoded if job.settings.padding else total.encoded - total.packed < length


@settings(deadline=None, max_examples=100)
@given(job=jobs(["litelong"]))
def test_the_pool_packs_what_topics_leave_by_category_then_section_then_all(job: Job) -> None:
    job = job._replace(settings=job.settings._replace(remainder="pool", target_tokens=None, padding=False))
    plan, _ = job.plan()
    alone, _ = job._replace(settings=job.settings._replace(remainder="unused")).plan()
    assert [s.segments for s in plan.samples[: len(alone.samples)]] == [s.segments for s in alone.samples]
    home = {row: unit.category for unit in reversed(job.units) for row in unit.documents.tolist()}
    placed = Counter[int]()
    for segment in (segment for sample in alone.samples for segment in sample.segments):
        placed[segment.document] += segment.length
    carries = job.settings.tails == "carry"
    left = {row for row in home if placed[row] < (job.tables.lengths[row] if carries else 1)}
    depths = []
    for sample in plan.samples[len(alone.samples) :]:
        paths = {home[segment.document] for segment in sample.segments}
        assert {segment.document for segment in sample.segments} <= left
        assert sample.recipe == "litelong/remainder"
        assert sample.unit.topic_id == ""
        assert all(path == sample.unit.category or path.startswith(sample.unit.category) for path in paths)
        depths.append(sample.unit.category.count(" / ") if sample.unit.category else -1)
    assert depths == sorted(depths, reverse=True) or len({d for d in depths if d > 0}) > 1
    begun = set(placed)
    for segment in (segment for sample in plan.samples[len(alone.samples) :] for segment in sample.segments):
        placed[segment.document] += segment.length
        begun.add(segment.document)
    rest = [row for row in left if job.tables.group[row] == row and (carries or row not in begun)]
    rest = [row for row in rest if placed[row] < job.tables.lengths[row]]
    joined = sum(int(job.tables.lengths[row]) - placed[row] + job.settings.layout.separator for row in rest)
    assert joined < job.settings.layout.capacity or job.tables.grouped


@pytest.mark.parametrize("remainder", ["unused", "pool"])
def test_padding_packs_what_fills_no_sample_and_pads_it_once_a_topic_or_once_in_all(remainder: str) -> None:
    lengths = np.array([300, 300, 600, 250, 400])
    tables = Tables(Names(f"d{n}" for n in range(5)), Hashes(content_hash(str(n)) for n in range(5)), lengths)
    units = [unit("t-0", [0, 1], "A / B"), unit("t-1", [2, 3], "A / C"), unit("t-2", [4], "D")]
    chosen = Settings(Layout(1024, False, True), 1, "rank", None, 0, remainder=remainder, padding=True)  # type: ignore[arg-type]
    plan, _ = Job("litelong", tables, units, chosen).plan()
    padding = [sample.padding for sample in plan.samples]
    if remainder == "unused":
        assert padding == [1024 - 602, 1024 - 852, 1024 - 401]
    else:
        # 300 + 300 + 250 and separators of one section fit beside a part of the 600; the rest of all is padded.
        assert padding[:-1] == [0]
        assert padding[-1] > 0
        assert [sample.unit.category for sample in plan.samples] == ["A", ""]


def test_a_near_duplicate_waits_for_the_next_sample_and_is_counted_where_there_is_none() -> None:
    lengths = np.array([600, 600, 600])
    group = np.array([0, 0, 2])
    tables = Tables(Names(["a", "near a", "b"]), Hashes(content_hash(name) for name in "abc"), lengths, group)
    one = Job(
        "litelong", tables, [unit("t-0", [0, 1, 2], "A")], Settings(Layout(1024, False, False), 1, "rank", None, 0)
    )
    plan, units = one.plan()
    assert [segment.document for segment in plan.samples[0].segments] == [0, 2]
    (account,) = token_accounts(lengths, np.zeros(3, np.int64), units, plan, 1024)
    assert (account.packed, account.cut, account.near_duplicate, account.unused) == (1024, 176, 600, 0)
    two = one._replace(units=[unit("t-0", [0, 2], "A"), unit("t-1", [1], "A")])
    assert [
        s.document for s in two._replace(settings=two.settings._replace(padding=True)).plan()[0].samples[1].segments
    ] == [1]
