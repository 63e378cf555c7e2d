"""Recipes `utk` and `litelong+utk`: Untie the Knots (arXiv 2409.04774), over the samples of another recipe.

    documents A B C, each cut in 2 or 3:   [BOS] B0 A0 C1 C0 A1 B1 C2 A2        = exactly T ids

What stands in a sample is what `standard` or `litelong` chose; here its documents are cut at seeded places and all pieces of all
documents are shuffled. A document's last piece comes after its others, so a last piece also ends the sample, and what it goes on
from lies anywhere before it. No separator stands between pieces. With `back_trace` marks stand around them
(`tools.packing.marks`): the inner recipe leaves room for a document's marks behind it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from tools.packing.marks import PIECES
from tools.packing.recipe import Settings, UnitKind, get_recipe, register_recipe
from tools.packing.tables import Plan, PlannedSample, Segment, Tables, Unit, Usage


class Knotted:
    """Knots each sample that the `inner` recipe plans."""

    name: str
    unit: UnitKind
    inner: str
    interleaved = True
    mines = False

    def plan(
        self, units: Sequence[Unit], tables: Tables, usage: Usage, settings: Settings, plan: Plan
    ) -> Iterator[Unit]:
        done = len(plan.samples)
        for unit in get_recipe(self.inner).plan(units, tables, usage, settings, plan):
            for number in range(done, len(plan.samples)):
                sample = plan.samples[number]
                name = sample.sample_id.replace(f"{self.inner}-", f"{self.name}-", 1)
                plan.samples[number] = replace(sample, sample_id=name, recipe=self.name)
            knot(plan, done, settings)
            done = len(plan.samples)
            yield unit


@register_recipe
class Utk(Knotted):
    """The corpus shuffled, as `standard`, and knotted."""

    name, inner = "utk", "standard"
    unit: UnitKind = "corpus"


@register_recipe
class LiteLongUtk(Knotted):
    """A topic's documents, as `litelong`, and knotted."""

    name, inner = "litelong+utk", "litelong"
    unit: UnitKind = "topic"


def knot(plan: Plan, begin: int, settings: Settings) -> None:
    """Knot the plan's samples from number `begin` on."""
    for number in range(begin, len(plan.samples)):
        sample = plan.samples[number]
        plan.samples[number] = replace(sample, segments=knotted(sample, settings))


def knotted(sample: PlannedSample, settings: Settings) -> tuple[Segment, ...]:
    """The sample's segments in pieces (`chunk` is the piece's number), shuffled, each document's last piece after its others.

    A single token stays whole. Seeded by the sample's id.
    """
    rng = settings.rng("utk", sample.sample_id)
    marks = settings.layout.marks
    counts = _counts(sample, settings)
    pieces = [_cut(segment, rng, count) for segment, count in zip(sample.segments, counts, strict=True)]
    # Slots are shuffled, and a document's pieces go into its own slots: the last one into the latest.
    owners = rng.permutation(np.repeat(np.arange(len(pieces)), [len(p) for p in pieces]))
    waiting = [iter([*(own[i] for i in rng.permutation(len(own) - 1)), own[-1]]) for own in pieces]
    start = min(segment.start for segment in sample.segments)
    segments = []
    for owner in owners.tolist():
        piece, count = next(waiting[owner]), len(pieces[owner])
        before, behind = (
            (marks.before(piece.chunk), marks.behind(piece.chunk, count)) if marks and count > 1 else (0, 0)
        )
        segments.append(piece._replace(start=start + before))
        start += before + piece.length + behind
    return tuple(segments)


def _counts(sample: PlannedSample, settings: Settings) -> list[int | None]:
    """In how many pieces each document is cut (None: drawn), by the room that is left for their marks behind it."""
    marks = settings.layout.marks
    if marks is None:
        return [None] * len(sample.segments)
    table = sample.table
    ends = np.append(table["start"][1:], settings.layout.context_length - sample.padding)
    count_of = {marks.around(pieces): pieces for pieces in PIECES} | {0: 1}
    return [count_of[room] for room in (ends - table["start"] - table["length"]).tolist()]


def _cut(segment: Segment, rng: np.random.Generator, count: int | None) -> list[Segment]:
    """A segment in `count` pieces (None: 2 or 3), in their order; fewer where it has fewer tokens."""
    count = min(int(rng.choice(PIECES)) if count is None else count, segment.length)
    places = sorted(rng.choice(segment.length - 1, count - 1, replace=False).tolist()) if count > 1 else []
    borders = [0, *(place + 1 for place in places), segment.length]
    return [
        segment._replace(chunk=number, length=end - begin, doc_start=segment.doc_start + begin)
        for number, (begin, end) in enumerate(pairwise(borders))
    ]
