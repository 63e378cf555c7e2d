"""Interleaved samples as trainers meet them: full to the token, every anchor there, checked by the separate layout reader."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tools.packing.jobs import unit
from tools.columns import Hashes, Names
from tools.files import content_hash
from tools.packing.chunks import Chunks, Negatives, retrieval_depth
from tools.packing.layout import Interleaving, check_interleaved, check_knotted
from tools.packing.ledger import added, token_accounts
from tools.packing.nextlong import roots_of
from tools.packing.recipe import Interleave, Settings, get_recipe
from tools.packing.tables import Layout, Plan, PlannedSample, SegmentRole, Tables, Unit, Usage

INTERLEAVED = ["nextlong", "litelong+nextlong"]
KNOTTED = ["utk", "litelong+utk"]
HOW = [
    Interleaving("head", "even"),
    Interleaving("tail", "even"),
    Interleaving("random", "even"),
    Interleaving("head", "tail"),
]


class Job(NamedTuple):
    """All that a plan is a function of."""

    recipe: str
    tables: Tables
    units: list[Unit]
    cap: int
    settings: Settings

    def plan(self) -> Plan:
        plan = Plan()
        usage = Usage.of(self.tables, self.cap)
        done = list(get_recipe(self.recipe).plan(self.units, self.tables, usage, self.settings, plan))
        assert [u.unit_id for u in done] == [u.unit_id for u in self.units]
        return plan

    def row(self, sample: PlannedSample) -> dict[str, Any]:
        """A sample as it stands in `samples/*.parquet`."""
        segments = [
            {**s._asdict(), "doc_id": self.tables.doc_ids[s.document], "role": str(s.role)} for s in sample.segments
        ]
        return {"topic_id": sample.unit.topic_id, "segments": segments}

    def chunks_of(self, doc_id: str) -> list[int] | None:
        chunks, row = self.tables.chunks, int(doc_id[1:])
        assert chunks is not None
        return [*(int(chunks.starts[c]) for c in chunks.of(row)), int(self.tables.lengths[row])]

    def mined(self, topic_id: str, chunk_id: str) -> Mapping[str, tuple[int, float]]:
        chunks = self.tables.chunks
        assert chunks is not None
        row, number = map(int, chunk_id[1:].split("#"))
        if number >= len(chunks.of(row)):
            return {}
        anchor = chunks.of(row)[number]
        found = self.tables.negatives[""].of(range(anchor, anchor + 1))
        ids = [f"d{chunks.documents[c]}#{chunks.number(c)}" for c in found.chunks.tolist()]
        return {i: (rank, float(score)) for rank, (i, score) in enumerate(zip(ids, found.scores, strict=True), 1)}

    def check(self, sample: PlannedSample) -> list[str]:
        how = Interleaving(self.settings.interleave.position, self.settings.interleave.truncate)
        return check_interleaved(self.row(sample), self.chunks_of, self.mined, how)


def chunked(lengths: list[int], chunk: int) -> Chunks:
    """Every document cut each `chunk` tokens."""
    starts = [np.arange(0, length, chunk) for length in lengths]
    sizes = [np.diff([*own, length]) for own, length in zip(starts, lengths, strict=True)]
    counts = [len(own) for own in starts]
    return Chunks(
        np.cumsum([0, *counts], dtype=np.int64),
        np.concatenate([np.empty(0, np.int64), *starts]).astype(np.int64),
        np.concatenate([np.empty(0, np.int64), *sizes]).astype(np.int64),
        np.repeat(np.arange(len(lengths)), counts),
        4 * np.array(lengths, np.int64),
    )


def everything(chunks: Chunks, seed: int, depth: int) -> Negatives:
    """For every chunk up to `depth` other ones of other documents, in an order of its own."""
    rng = np.random.default_rng(seed)
    found = [
        [c for c in drawn.tolist() if chunks.documents[c] != chunks.documents[anchor]]
        for anchor in range(len(chunks))
        for drawn in [rng.choice(len(chunks), min(depth, len(chunks)), replace=False)]
    ]
    flat = np.array([c for own in found for c in own], np.int64)
    offsets = np.cumsum([0, *map(len, found)], dtype=np.int64)
    scores = np.concatenate([np.empty(0), *(1 / np.arange(1, len(own) + 1) for own in found)]).astype(np.float32)
    return Negatives(np.arange(len(chunks)), offsets[:-1], offsets[1:], flat, scores)


@st.composite
def jobs(draw: st.DrawFn, recipes: list[str]) -> Job:
    recipe = draw(st.sampled_from(recipes))
    lengths = draw(st.lists(st.one_of(st.integers(1, 30), st.integers(1, 400)), min_size=1, max_size=40))
    chunks = chunked(lengths, draw(st.integers(4, 40)))
    seed = draw(st.integers(0, 1 << 30))
    group = np.arange(len(lengths), dtype=np.int64)
    for row in draw(st.lists(st.integers(0, len(lengths) - 1), max_size=6)):
        group[row] = group[row // 2]
    names = [f"d{n}" for n in range(len(lengths))]
    tables = Tables(
        Names(names),
        Hashes(map(content_hash, names)),
        np.array(lengths, np.int64),
        group,
        chunks,
        {"": everything(chunks, seed, draw(st.integers(0, 60)))},
    )
    rows = st.lists(st.integers(0, len(lengths) - 1), unique=True, max_size=30)
    topics = draw(st.lists(rows, min_size=1, max_size=4))
    units = [unit(f"t{n}", own) for n, own in enumerate(topics)]
    if get_recipe(recipe).unit == "corpus":
        units = [unit("corpus", list(range(len(lengths))))]
    layout = Layout(draw(st.sampled_from([32, 65, 200])), draw(st.booleans()), separator=False)
    how = draw(st.sampled_from(HOW))
    interleave = Interleave(how.position, how.truncate, granularity=draw(st.integers(20, 200)))
    target = draw(st.none() | st.integers(1, 600))
    chosen = Settings(layout, draw(st.integers(1, 3)), "rank", target, seed, interleave)
    return Job(recipe, tables, units, draw(st.integers(1, 2)), chosen)


def covered(sample: PlannedSample, layout: Layout) -> bool:
    """The segments stand one after the other, from the BOS to the last token."""
    start = int(layout.bos)
    for s in sample.segments:
        if s.start != start or s.length < 1:
            return False
        start += s.length
    return start == layout.context_length


@settings(deadline=None, max_examples=100)
@given(job=jobs(INTERLEAVED))
def test_every_sample_is_full_and_laid_out_as_the_reader_expects(job: Job) -> None:
    for sample in job.plan().samples:
        assert covered(sample, job.settings.layout)
        assert job.check(sample) == []
        assert sample.recipe == job.recipe


@settings(deadline=None, max_examples=60)
@given(job=jobs(INTERLEAVED))
def test_no_chunk_is_used_over_its_cap_and_no_near_duplicates_share_a_sample(job: Job) -> None:
    plan = job.plan()
    uses = Counter((s.document, s.chunk) for sample in plan.samples for s in sample.segments)
    assert all(count <= job.cap for count in uses.values())
    for sample in plan.samples:
        documents = {s.document for s in sample.segments}
        assert len({int(job.tables.group[d]) for d in documents}) == len(documents)
    # The ledger calls them near-duplicates, where no other sample has them.
    assert bool(plan.near_copies) == bool(plan.refused["near-duplicate"])
    assert all(np.count_nonzero(job.tables.group == job.tables.group[d]) > 1 for d in plan.near_copies)
    firsts = [next(s.document for s in p.segments if s.role == SegmentRole.ANCHOR) for p in plan.samples]
    assert len(set(firsts)) == len(firsts), "roots are drawn without replacement"


@settings(deadline=None, max_examples=60)
@given(job=jobs(INTERLEAVED + KNOTTED))
def test_the_same_inputs_give_the_same_plan_and_a_target_only_ends_it_earlier(job: Job) -> None:
    one, other = job.plan(), job.plan()
    assert [(s.sample_id, s.segments) for s in one.samples] == [(s.sample_id, s.segments) for s in other.samples]
    assert (one.short_units, one.refused) == (other.short_units, other.refused)
    assert len({s.sample_id for s in one.samples}) == len(one.samples)
    target = job.settings.target_tokens
    if target is not None:
        assert len(one.samples) <= -(-target // job.settings.layout.context_length)


@settings(deadline=None, max_examples=60)
@given(job=jobs(INTERLEAVED + KNOTTED))
def test_tokens_are_conserved(job: Job) -> None:
    plan = job.plan()
    copies = np.zeros(len(job.tables), np.int64)
    context_length = job.settings.layout.context_length
    accounts = token_accounts(job.tables.lengths, copies, job.units, plan, context_length)
    account = added(accounts, context_length)
    assert account.errors() == []
    assert account.special == job.settings.layout.bos * len(plan.samples)


@settings(deadline=None, max_examples=60)
@given(job=jobs(KNOTTED))
def test_documents_are_knotted_and_nothing_else_is_changed(job: Job) -> None:
    inner = job._replace(recipe="standard" if job.recipe == "utk" else "litelong").plan()
    plan = job.plan()
    assert len(plan.samples) == len(inner.samples)
    for sample, plain in zip(plan.samples, inner.samples, strict=True):
        assert covered(sample, job.settings.layout)
        assert check_knotted(job.row(sample)) == []
        pieces = Counter(s.document for s in sample.segments)
        for s in plain.segments:
            assert pieces[s.document] in ({2, 3} if s.length > 2 else {s.length, 1 if s.length == 1 else 2})
        placed = sorted((s.document, p) for s in sample.segments for p in range(s.doc_start, s.doc_start + s.length))
        assert placed == sorted(
            (s.document, p) for s in plain.segments for p in range(s.doc_start, s.doc_start + s.length)
        )


def corpus(lengths: list[int], chunk: int, depth: int, context_length: int, **how: Any) -> Job:
    chunks = chunked(lengths, chunk)
    names = [f"d{n}" for n in range(len(lengths))]
    tables = Tables(Names(names), Hashes(map(content_hash, names)), np.array(lengths, np.int64), np.arange(len(lengths)), chunks,
                    {"": everything(chunks, 1, depth)})  # fmt: skip
    layout = Layout(context_length, bos=False, separator=False)
    return Job("nextlong", tables, [unit("corpus", list(range(len(lengths))))], 1,
               Settings(layout, 1, "rank", how.pop("target", None), 7, Interleave(**how)))  # fmt: skip


def test_trimming_is_even_so_that_every_anchor_stays_where_the_papers_cut_loses_the_last_third() -> None:
    lengths = [3_000] * 12
    even = corpus(lengths, 100, 60, 9_000, granularity=400).plan().samples[0]
    counts = Counter[int]()
    anchor = -1
    for s in even.segments:
        anchor = s.chunk if s.role == SegmentRole.ANCHOR else anchor
        counts[anchor] += s.role == SegmentRole.NEGATIVE
    assert len(counts) == 30
    assert max(counts.values()) - min(counts.values()) <= 1
    tail = corpus(lengths, 100, 60, 9_000, granularity=400, truncate="tail").plan().samples[0]
    anchors = [s.chunk for s in tail.segments if s.role == SegmentRole.ANCHOR]
    # k = (9000 * 4 * 1.5 - 12000) / (30 * 400) = 3.5, so 4: 150 chunks wanted, 90 fit, those of 18 anchors.
    assert anchors == list(range(18))


@pytest.mark.parametrize("length", [100, 1_000, 20_000, 200_000])
def test_documents_of_any_length_fill_samples(length: int) -> None:
    job = corpus([length] * (600_000 // length), 500, 250, 16_384, target=16_384 * 3)
    samples = job.plan().samples
    if length >= 16_384:
        assert samples == [], "a document that fills a sample by itself is no anchor"
        return
    assert len(samples) == 3
    for sample in samples:
        assert covered(sample, job.settings.layout)
        assert job.check(sample) == []


@pytest.mark.parametrize("recipe", KNOTTED)
def test_documents_from_100_to_200_000_tokens_are_knotted_without_a_gap(recipe: str) -> None:
    lengths = [100, 1_000, 20_000, 200_000, 150, 3_000, 64_000] * 6
    job = corpus(lengths, 500, 1, 131_072)
    units = job.units if recipe == "utk" else [unit("t0", list(range(20))), unit("t1", list(range(20, 42)))]
    samples = job._replace(recipe=recipe, units=units).plan().samples
    assert len(samples) >= (6 if recipe == "utk" else 2)  # a document longer than a sample is cut
    for sample in samples:
        assert covered(sample, job.settings.layout)
        assert check_knotted(job.row(sample)) == []


def test_a_longer_context_holds_more_negatives_of_every_anchor() -> None:
    assert retrieval_depth(131_072, 4.0, 1.5, 40_000, 20, 2_048) == 19
    assert retrieval_depth(131_072, 4.0, 1.5, 786_432, 400, 2_048) == 1, "at least one"
    assert retrieval_depth(131_072, 4.0, 1.5, 2_000, 1, 2_048) == 384


def test_roots_are_a_seeded_sample_without_replacement() -> None:
    job = corpus([300] * 400, 100, 20, 2_000)
    roots = roots_of(job.units, job.tables, job.settings, 1)["corpus"]
    assert len(roots) == int(1.25 * 60) + 1
    assert len(set(roots.tolist())) == len(roots)
    other = roots_of(job.units, job.tables, job.settings._replace(seed=8), 1)["corpus"]
    assert other.tolist() != roots.tolist()


def test_documents_of_one_chunk_are_roots_only_when_there_are_no_others() -> None:
    job = corpus([100, 250] * 100, 100, 20, 2_000)
    roots = roots_of(job.units, job.tables, job.settings, 1)["corpus"]
    assert set(job.tables.lengths[roots].tolist()) == {250}
    job = corpus([100] * 199 + [250], 100, 20, 2_000)
    roots = roots_of(job.units, job.tables, job.settings, 1)["corpus"]
    assert job.tables.lengths[roots].tolist() == [250, *[100] * (len(roots) - 1)]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda s: s.pop(0), "not in the document's order"),
        (lambda s: s.append(s[1]), "stands twice"),
        (lambda s: s[1].update(doc_id=s[0]["doc_id"]), "own document"),
        (lambda s: s[1].update(doc_start=s[1]["doc_start"] + 1), "not that chunk"),
        (lambda s: s[1].update(rank=s[1]["rank"] + 1), "was not mined"),
        (lambda s: s.insert(0, s.pop(1)), "wrong side"),
        (lambda s: s[0].update(role="document"), "no place in this recipe"),
        (lambda s: [x.update(role="negative") for x in s], "no anchor"),
    ],
)
def test_the_reader_names_what_is_wrong(spoil: Any, said: str) -> None:
    job = corpus([300] * 100, 100, 40, 2_000)
    row = job.row(job.plan().samples[0])
    spoil(row["segments"])
    how = Interleaving("head", "even")
    assert any(said in problem for problem in check_interleaved(row, job.chunks_of, job.mined, how))
