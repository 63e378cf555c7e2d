"""Recipes `nextlong` and `litelong+nextlong`: a document's meta-chunks, each with its hard negatives (arXiv 2501.12766).

    [BOS] chunk 0, its negatives by rank, chunk 1, its negatives, ... last chunk, its negatives        = exactly T ids

Whoever reads on in the document must look back past chunks that look like its continuation and are not. More negatives are
mined than fit, so the lowest-ranked are left out, evenly over the anchors, and every anchor stays (`truncate: tail` cuts
the sample's end instead, as the paper does, and loses the last third of the anchors). No separator stands between chunks.

The two recipes differ only in where the anchors' documents (roots) come from: a seeded sample of the corpus, or the best
documents of a topic that LiteLong found.
"""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tools.packing.chunks import Chunks, retrieval_depth
from tools.packing.recipe import Settings, UnitKind, register_recipe
from tools.packing.tables import Plan, PlannedSample, RowArray, Segment, SegmentRole, Segments, Tables, Unit, Usage

SPARE = 1.25
"""Roots of the corpus that are mined for each sample that could be made: some cannot be filled."""
SPARE_OF_TOPIC = 1


class Pick(NamedTuple):
    """A negative chosen for an anchor: its chunk, its rank among what was mined for the anchor (from 1), and its score."""

    chunk: int
    rank: int
    score: float


class _Interleaved:
    """One root a sample. Roots are kept out of the negatives, so that a root is still whole when its turn comes."""

    name: str
    unit: UnitKind
    interleaved = True
    mines = True

    def plan(
        self, units: Sequence[Unit], tables: Tables, usage: Usage, settings: Settings, plan: Plan
    ) -> Iterator[Unit]:
        assert tables.chunks is not None
        roots = roots_of(units, tables, settings, usage.cap)
        reserved = np.zeros(len(tables), np.bool_)
        reserved[np.concatenate([np.empty(0, np.int64), *roots.values()])] = True
        for unit in units:
            made = 0
            wanted = settings.samples_per_topic if self.unit == "topic" else len(roots[unit.unit_id])
            for root in roots[unit.unit_id].tolist():
                if made == wanted or settings.enough(plan):
                    break
                filling = Filling(root, unit, tables, usage, settings, reserved)
                filling.fill(plan)
                if filling.room > 0:
                    tokens = settings.layout.capacity - filling.room
                    plan.short_units[unit.unit_id] = max(tokens, plan.short_units.get(unit.unit_id, 0))
                    continue
                segments = filling.segments()
                for segment in segments:
                    usage.take_chunk(tables.chunks.of(segment.document)[segment.chunk])
                usage.place(*(Segments.of(segments).table[name] for name in ("document", "doc_start")))
                name = f"{unit.unit_id}-{made:03d}" if self.unit == "topic" else f"{self.name}-{made:06d}"
                plan.add(PlannedSample(name, self.name, unit, segments))
                made += 1
            if made:
                plan.short_units.pop(unit.unit_id, None)
            yield unit


@register_recipe
class NextLong(_Interleaved):
    """Roots are a seeded sample of the corpus, without replacement."""

    name = "nextlong"
    unit: UnitKind = "corpus"


@register_recipe
class LiteLongNextLong(_Interleaved):
    """Roots are each topic's best documents; negatives come from all documents that any topic found (`pool: retrieved`)."""

    name = "litelong+nextlong"
    unit: UnitKind = "topic"


def roots_of(units: Sequence[Unit], tables: Tables, settings: Settings, cap: int) -> dict[str, RowArray]:
    """Each unit's candidate roots (rows), in the order in which they are tried. No document is a root of two units.

    A document that fills the sample by itself is none. The corpus gives a seeded sample of as many as its samples could
    need when each chunk is used `cap` times; a topic its first by rank. Documents of one chunk come after all others: in
    their samples no anchor has another to look back to.
    """
    assert tables.chunks is not None
    single = np.diff(tables.chunks.offsets) < 2
    fits = (tables.lengths > 0) & (tables.lengths < settings.layout.capacity)
    free = np.ones(len(tables), np.bool_)
    roots = {}
    for unit in units:
        eligible = unit.documents[fits[unit.documents] & free[unit.documents]]
        if not unit.topic_id:
            eligible = settings.rng("roots", unit.unit_id).permutation(eligible)
        eligible = np.concatenate([eligible[~single[eligible]], eligible[single[eligible]]])
        if unit.topic_id:
            chosen = eligible[: settings.samples_per_topic + SPARE_OF_TOPIC]
        else:
            chosen = eligible[: _roots_at_most(eligible, tables, settings, cap)]
        free[chosen] = False
        roots[unit.unit_id] = chosen
    return roots


def _roots_at_most(eligible: RowArray, tables: Tables, settings: Settings, cap: int) -> int:
    """How many of `eligible` [h] become roots: a few to spare, but what they leave holds most of what their samples need."""
    most = _samples_at_most(tables, settings, cap)
    held = np.concatenate(([0], tables.lengths[eligible].cumsum()))
    made = min(most, len(eligible))
    needed = (made * settings.layout.capacity - int(held[made])) / (SPARE * cap)
    left = int(held.searchsorted(int(tables.lengths.sum()) - needed, "right")) - 1
    return min(int(SPARE * most) + 1, left)


def _samples_at_most(tables: Tables, settings: Settings, cap: int) -> int:
    length = settings.layout.context_length
    most = int(tables.lengths.sum()) * cap // length
    return most if settings.target_tokens is None else min(most, -(-settings.target_tokens // length))


def depth_of(root: int, chunks: Chunks, settings: Settings) -> int:
    """The retrieval depth k of each chunk of a document."""
    interleave = settings.interleave
    return retrieval_depth(
        settings.layout.context_length,
        interleave.characters_per_token,
        interleave.expansion,
        int(chunks.characters[root]),
        len(chunks.of(root)),
        interleave.granularity,
    )


class Filling:
    """One sample on its way: the root's chunks, and the negatives that each has been given so far."""

    def __init__(
        self, root: int, unit: Unit, tables: Tables, usage: Usage, settings: Settings, reserved: NDArray[np.bool_]
    ) -> None:
        assert tables.chunks is not None
        self._root, self._unit, self._tables, self._usage = root, unit, tables, usage
        self._chunks, self._settings, self._reserved = tables.chunks, settings, reserved
        self._anchors = self._chunks.of(root)
        self._mined = [_picks(tables, unit, anchor) for anchor in self._anchors]
        self._chosen: list[list[Pick]] = [[] for _ in self._anchors]
        self._taken: set[int] = set()
        self._of_group = {tables.group_of(root): root}
        self.room = settings.layout.capacity - int(tables.lengths[root])
        """Tokens still missing. Below zero when more was chosen than fits."""

    def fill(self, plan: Plan) -> None:
        """Choose negatives, the best of every anchor before the second of any, until the sample is full or none is left."""
        if self._settings.interleave.truncate == "tail":
            self._rounds(depth_of(self._root, self._chunks, self._settings), plan, beyond=True)
        self._rounds(None, plan, beyond=False)

    def segments(self) -> tuple[Segment, ...]:
        """The sample: each anchor with its negatives, cut at its capacity."""
        layout = self._settings.layout
        start = int(layout.bos)
        segments: list[Segment] = []
        for segment in self._blocks():
            length = min(segment.length, layout.context_length - start)
            if length == 0:
                break
            segments.append(segment._replace(start=start, length=length))
            start += length
        return tuple(segments)

    def _rounds(self, depth: int | None, plan: Plan, *, beyond: bool) -> None:
        """Give each anchor one more negative in turn, at most `depth` (None: all mined), even `beyond` what fits."""
        active = range(len(self._anchors))
        for number in count(1):
            if depth is not None and number > depth:
                return
            left = []
            for place in active:
                if self.room <= 0 and not beyond:
                    return
                if self._choose(place, plan):
                    left.append(place)
            if not left:
                return
            active = left  # type: ignore[assignment]

    def _choose(self, place: int, plan: Plan) -> bool:
        """The anchor's best negative that may still be used, if there is one."""
        while (pick := next(self._mined[place], None)) is not None:
            if self._may_use(pick.chunk, plan):
                document = int(self._chunks.documents[pick.chunk])
                self._of_group.setdefault(self._tables.group_of(document), document)
                self._taken.add(pick.chunk)
                self._chosen[place].append(pick)
                self.room -= int(self._chunks.lengths[pick.chunk])
                return True
        return False

    def _may_use(self, chunk: int, plan: Plan) -> bool:
        document = int(self._chunks.documents[chunk])
        if document == self._root or chunk in self._taken:
            return False
        if self._reserved[document] or not self._usage.free_chunk(chunk):
            return False
        if self._of_group.get(self._tables.group_of(document), document) != document:
            plan.refused["near-duplicate"] += 1
            return False
        return True

    def _blocks(self) -> Iterator[Segment]:
        """Every anchor with its negatives, in the order of the document; without their place in the sample."""
        interleave, over = self._settings.interleave, max(0, -self.room)
        as_hit = self._as_hit()
        rng = self._settings.rng("position", self._tables.hashes[self._root].hex())
        last = max(((len(picks), place) for place, picks in enumerate(self._chosen) if picks), default=None)
        for place, (anchor, picks) in enumerate(zip(self._anchors, self._chosen, strict=True)):
            negatives = [self._segment(p.chunk, SegmentRole.NEGATIVE, p.rank, p.score) for p in picks]
            if interleave.truncate == "even" and last is not None and place == last[1] and over:
                # The negative chosen last, the lowest-ranked of all, is cut to what fits.
                negatives[-1] = negatives[-1]._replace(length=negatives[-1].length - over)
            before = {"head": 0, "tail": len(negatives)}.get(interleave.position)
            before = int(rng.integers(0, len(negatives) + 1)) if before is None else before
            yield from negatives[:before]
            yield self._segment(anchor, SegmentRole.ANCHOR, *as_hit)
            yield from negatives[before:]

    def _as_hit(self) -> tuple[int, float]:
        """The root's rank and score in its topic (0, 0.0 without a topic)."""
        if not self._unit.topic_id:
            return 0, 0.0
        place = int(np.flatnonzero(self._unit.documents == self._root)[0])
        return int(self._unit.ranks[place]), float(self._unit.scores[place])

    def _segment(self, chunk: int, role: SegmentRole, rank: int, score: float) -> Segment:
        return Segment(
            document=int(self._chunks.documents[chunk]),
            role=role,
            rank=rank,
            score=score,
            chunk=self._chunks.number(chunk),
            start=0,
            length=int(self._chunks.lengths[chunk]),
            doc_start=int(self._chunks.starts[chunk]),
        )


def _picks(tables: Tables, unit: Unit, anchor: int) -> Iterator[Pick]:
    """The anchor's negatives, by rank: of the unit's own pool, or of the pool that all units share."""
    negatives = tables.negatives.get(unit.unit_id) or tables.negatives.get("")
    if negatives is None:
        return iter(())
    found = negatives.of(anchor)
    ranked = zip(found.chunks.tolist(), range(1, len(found.chunks) + 1), found.scores.tolist(), strict=True)
    return (Pick(*one) for one in ranked)
