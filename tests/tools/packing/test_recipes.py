"""Recipes as users meet them: exact samples, caps, targets, orders, and the same plan every time."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.tools.packing.jobs import unit
from tools.columns import Hashes, Names
from tools.files import content_hash
from tools.packing.ledger import TokenAccount, added, most_uses, spans_of, token_accounts
from tools.packing.line import LOOKAHEAD
from tools.packing.recipe import Order, Settings, Tails, get_recipe
from tools.packing.remainder import reach
from tools.packing.tables import Layout, Plan, PlannedSample, Segment, Tables, Unit, Usage

ORDERS: Sequence[Order] = ("rank", "reverse", "shuffle")
TAILS: Sequence[Tails] = ("carry", "cut")


class Job(NamedTuple):
    """All that a plan is a function of."""

    recipe: str
    lengths: tuple[int, ...]
    topics: tuple[tuple[int, ...], ...]
    cap: int
    settings: Settings

    @property
    def tables(self) -> Tables:
        names = [f"d{n}" for n in range(len(self.lengths))]
        return Tables(Names(names), Hashes(map(content_hash, names)), np.array(self.lengths, np.int64))

    @property
    def units(self) -> list[Unit]:
        if self.recipe == "standard":
            return [unit("corpus", range(len(self.lengths)))]
        return [unit(f"t-{n}", rows) for n, rows in enumerate(self.topics)]

    def plan(self) -> Plan:
        plan = Plan()
        usage = Usage.of(self.tables, self.cap)
        units = self.units
        done = list(get_recipe(self.recipe).plan(units, self.tables, usage, self.settings, plan))
        assert [u.unit_id for u in done] == [u.unit_id for u in units], "every unit is ticked off, in order"
        counted = uses(plan)
        assert usage.uses.tolist() == [counted[row] for row in range(len(self.lengths))]
        ends, reached = ends_of(plan), np.zeros(len(self.lengths), np.int64)
        reach(reached, plan.samples)
        assert reached.tolist() == [ends.get(row, 0) for row in range(len(self.lengths))]
        return plan

    def account(self, plan: Plan) -> TokenAccount:
        length, copies = self.settings.layout.context_length, np.zeros(len(self.lengths), np.int64)
        accounts = token_accounts(self.tables.lengths, copies, self.units, plan, length)
        assert [account.errors() for account in accounts] == [[] for _ in accounts]
        return added(accounts, length)


def uses(plan: Plan) -> Counter[int]:
    """How often each document is begun; a sample that goes on with the last one's is no further use."""
    return Counter(s.document for sample in plan.samples for s in sample.segments if s.doc_start == 0)


def ends_of(plan: Plan) -> dict[int, int]:
    """How far each document is packed."""
    ends: dict[int, int] = {}
    for s in (s for sample in plan.samples for s in sample.segments):
        ends[s.document] = max(ends.get(s.document, 0), s.doc_start + s.length)
    return ends


def documents(sample: PlannedSample) -> list[int]:
    return [s.document for s in sample.segments]


def settings_of(
    context_length: int = 64,
    *,
    bos: bool = False,
    separator: bool = True,
    samples_per_topic: int = 1,
    order: Order = "rank",
    target_tokens: int | None = None,
    seed: int = 0,
    tails: Tails = "carry",
) -> Settings:
    return Settings(Layout(context_length, bos, separator), samples_per_topic, order, target_tokens, seed, tails=tails)


@st.composite
def jobs(draw: st.DrawFn, recipes: Sequence[str] = ("litelong", "standard")) -> Job:
    lengths = draw(st.lists(st.one_of(st.integers(1, 30), st.integers(1, 2_000)), min_size=1, max_size=60))
    rows = st.lists(st.integers(0, len(lengths) - 1), unique=True, max_size=40)
    topics = draw(st.lists(rows, min_size=1, max_size=5))
    chosen = settings_of(
        draw(st.sampled_from([16, 17, 64, 300])),
        bos=draw(st.booleans()),
        separator=draw(st.booleans()),
        samples_per_topic=draw(st.integers(1, 3)),
        order=draw(st.sampled_from(ORDERS)),
        target_tokens=draw(st.none() | st.integers(1, 3_000)),
        seed=draw(st.integers(0, 1 << 40)),
        tails=draw(st.sampled_from(TAILS)),
    )
    cap = draw(st.integers(1, 3))
    return Job(draw(st.sampled_from(recipes)), tuple(lengths), tuple(map(tuple, topics)), cap, chosen)


def positions_of(segments: Sequence[Segment], layout: Layout) -> list[int]:
    """Every position of the sample as often as something stands there."""
    own = [position for s in segments for position in range(s.start, s.start + s.length)]
    ends = [s.start + s.length for s in segments]
    return sorted([*own, *[0] * layout.bos, *(e for e in ends if layout.separator and e < layout.context_length)])


@settings(deadline=None)
@given(job=jobs())
def test_every_sample_is_full_and_cut_at_most_once_at_its_end(job: Job) -> None:
    plan = job.plan()
    layout = job.settings.layout
    for sample in plan.samples:
        assert positions_of(sample.segments, layout) == list(range(layout.context_length))
        assert sample.recipe == job.recipe
        assert all(s.doc_start + s.length == job.lengths[s.document] for s in sample.segments[:-1])
    ids = [sample.sample_id for sample in plan.samples]
    assert len(set(ids)) == len(ids)


@settings(deadline=None)
@given(job=jobs())
def test_the_rest_of_a_cut_document_begins_the_next_sample_of_its_unit(job: Job) -> None:
    plan = job.plan()
    cut: dict[str, tuple[int, int]] = {}
    for sample in plan.samples:
        first, last = sample.segments[0], sample.segments[-1]
        assert (first.document, first.doc_start) == cut.pop(sample.unit.unit_id, (first.document, 0))
        assert all(s.doc_start == 0 for s in sample.segments[1:])
        if job.settings.tails == "carry" and last.doc_start + last.length < job.lengths[last.document]:
            cut[sample.unit.unit_id] = (last.document, last.doc_start + last.length)


@settings(deadline=None)
@given(job=jobs())
def test_no_document_is_used_over_its_cap_nor_twice_by_one_unit(job: Job) -> None:
    plan = job.plan()
    assert all(count <= job.cap for count in uses(plan).values())
    by_unit = Counter((p.unit.unit_id, s.document) for p in plan.samples for s in p.segments if s.doc_start == 0)
    assert all(count == 1 for count in by_unit.values()), "a topic's second sample must not repeat its first"
    assert most_uses(spans_of(plan, job.units), len(job.lengths)).max(initial=0) <= job.cap


@settings(deadline=None)
@given(job=jobs())
def test_the_same_inputs_give_the_same_plan(job: Job) -> None:
    def told(plan: Plan) -> object:
        samples = [(s.sample_id, s.unit.unit_id, s.segments) for s in plan.samples]
        return samples, plan.passed_over, plan.short_units

    assert told(job.plan()) == told(job.plan())


@settings(deadline=None)
@given(job=jobs())
def test_a_target_stops_at_the_first_sample_that_reaches_it_and_changes_no_sample_before(job: Job) -> None:
    every = job._replace(settings=job.settings._replace(target_tokens=None)).plan().samples
    some = job.plan().samples
    target, length = job.settings.target_tokens, job.settings.layout.context_length
    wanted = len(every) if target is None else -(-target // length)
    assert len(some) == min(len(every), wanted)
    assert [s.segments for s in some] == [s.segments for s in every[: len(some)]]


@settings(deadline=None)
@given(job=jobs())
def test_tokens_are_conserved(job: Job) -> None:
    plan = job.plan()
    account = job.account(plan)
    assert account.errors() == []
    assert account.encoded == sum(job.lengths)
    assert account.placed == sum(s.length for sample in plan.samples for s in sample.segments)
    assert account.samples * job.settings.layout.context_length == account.placed + account.special
    assert account.cut == sum(job.lengths[row] - end for row, end in ends_of(plan).items())
    never = set(range(len(job.lengths))) - set(uses(plan))
    assert account.passed_over == sum(job.lengths[row] for row in never & plan.passed_over)
    assert account.unused == sum(job.lengths[row] for row in never - plan.passed_over)


@settings(deadline=None)
@given(job=jobs(["litelong"]))
def test_a_topic_takes_its_best_free_documents_and_passes_over_only_what_does_not_fit(job: Job) -> None:
    plan = job.plan()
    used: Counter[int] = Counter()
    per_topic: Counter[str] = Counter()
    earlier: dict[str, set[int]] = {}
    for sample in plan.samples:
        rows = documents(sample)
        free = [
            row
            for row in sample.unit.documents.tolist()
            if used[row] < job.cap and row not in earlier.get(sample.unit.unit_id, ())
        ]
        new = [s.document for s in sample.segments if s.doc_start == 0]
        if per_topic[sample.unit.unit_id] == 0:
            assert free[0] in rows or free[0] in plan.passed_over | uses(plan).keys()
        best = max(map(sample.unit.documents.tolist().index, new), default=0)
        skipped = [row for row in sample.unit.documents.tolist()[:best] if row in free and row not in rows]
        # Passed over now; but a later sample may have taken it.
        assert set(skipped) <= plan.passed_over | uses(plan).keys()
        used.update(new)
        earlier.setdefault(sample.unit.unit_id, set()).update(new)
        per_topic[sample.unit.unit_id] += 1
    assert all(count <= job.settings.samples_per_topic for count in per_topic.values())


@settings(deadline=None)
@given(job=jobs(["litelong"]))
def test_a_topic_without_a_sample_says_how_many_tokens_were_at_hand(job: Job) -> None:
    assume(job.settings.target_tokens is None)
    plan = job.plan()
    done = {sample.unit.unit_id for sample in plan.samples}
    assert {u.unit_id for u in job.units} - done <= set(plan.short_units)
    assert all(0 <= tokens < job.settings.layout.capacity for tokens in plan.short_units.values())


@settings(deadline=None)
@given(job=jobs(["litelong"]))
def test_order_only_arranges_the_whole_documents_between_the_rest_of_one_and_the_one_cut(job: Job) -> None:
    plans = {order: job._replace(settings=job.settings._replace(order=order)).plan().samples for order in ORDERS}
    for ranked, reverse, shuffled in zip(*(plans[order] for order in ORDERS), strict=True):
        segments = list(ranked.segments)
        last = segments[-1]
        rest = documents(ranked)[:1] if segments[0].doc_start else []
        cut = last.doc_start + last.length < job.lengths[last.document]
        tail = documents(ranked)[-1:] if cut and len(segments) > len(rest) else []
        whole = documents(ranked)[len(rest) : len(segments) - len(tail)]
        assert documents(reverse) == rest + whole[::-1] + tail
        assert sorted(documents(shuffled)) == sorted(documents(ranked))
        assert documents(shuffled)[: len(rest)] == rest
        assert documents(shuffled)[len(rest) + len(whole) :] == tail
        assert sum(s.length for s in reverse.segments) == sum(s.length for s in segments)


def test_shuffles_differ_between_topics_samples_and_seeds() -> None:
    lengths = (3,) * 200
    topics = (tuple(range(100)), tuple(range(100, 200)))
    seen = set()
    for seed in (0, 1):
        chosen = settings_of(samples_per_topic=2, order="shuffle", seed=seed)
        for sample in Job("litelong", lengths, topics, 1, chosen).plan().samples:
            rows = documents(sample)
            seen.add(tuple(row - min(rows) for row in rows))
    assert len(seen) == 8


@settings(deadline=None)
@given(job=jobs(["standard"]))
def test_standard_packs_until_what_is_left_does_not_fill_a_sample(job: Job) -> None:
    job = job._replace(settings=job.settings._replace(target_tokens=None))
    plan = job.plan()
    assert all(count == 1 for count in uses(plan).values())
    ends = ends_of(plan)
    rests = [length - ends.get(row, 0) for row, length in enumerate(job.lengths)]
    left = [rest for row, rest in enumerate(rests) if rest and (job.settings.tails == "carry" or row not in ends)]
    layout = job.settings.layout
    joined = sum(left) + layout.separator * max(0, len(left) - 1)
    assert joined + layout.separator * bool(left) < layout.capacity
    assert plan.short_units == {"corpus": joined}


def test_standard_is_a_permutation_by_seed() -> None:
    lengths = (5,) * 500

    def order(seed: int) -> list[int]:
        plan = Job("standard", lengths, (), 1, settings_of(54, seed=seed)).plan()
        return [row for sample in plan.samples for row in documents(sample)]

    first = order(0)
    assert sorted(set(first)) == sorted(first)
    assert len(first) >= 450
    assert first != sorted(first)
    assert order(0) == first != order(1)


def test_standard_counts_what_it_passed_over_and_never_packed() -> None:
    # Half of the documents never fit beside another one; at the target many of them still wait.
    lengths = (1, 999) * 200
    plan = Job("standard", lengths, (), 1, settings_of(1_000, target_tokens=20_000)).plan()
    assert plan.passed_over
    assert not plan.passed_over & set(uses(plan))


def test_a_sample_of_standard_looks_at_a_context_of_documents_and_a_few_more() -> None:
    """The work a sample must not grow with the samples planned before: of 200,000 documents it took 78 s, and must not."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 200, 20_000)
    job = Job("standard", tuple(lengths.tolist()), (), 1, settings_of(1_000, separator=False))
    position = {
        row: place for place, row in enumerate(job.settings.rng("shuffle", "corpus").permutation(20_000).tolist())
    }
    placed = 0
    for sample in job.plan().samples:
        places = [position[row] for row in documents(sample)]
        placed += len(places)
        assert max(places) < placed + LOOKAHEAD + 1_000
    assert placed > 19_000
