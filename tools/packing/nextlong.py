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

import numpy as np
from numpy.typing import NDArray

from tools.packing.chunks import NOTHING, Candidates, Chunks, retrieval_depth
from tools.packing.recipe import Settings, UnitKind, register_recipe
from tools.packing.tables import (
    ROLES,
    SEGMENT_FIELDS,
    Plan,
    PlannedSample,
    RowArray,
    SegmentRole,
    Segments,
    Tables,
    Unit,
    Usage,
)

SPARE = 1.25
"""Roots of the corpus that are mined for each sample that could be made: some cannot be filled."""
SPARE_OF_TOPIC = 1
_ANCHOR, _NEGATIVE = ROLES.index(SegmentRole.ANCHOR), ROLES.index(SegmentRole.NEGATIVE)


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
                document = segments.table["document"]
                usage.place_chunks(tables.chunks.offsets[document] + segments.table["chunk"])
                usage.place(document, segments.table["doc_start"])
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
        self._root, self._unit, self._tables = root, unit, tables
        self._chunks, self._settings = tables.chunks, settings
        self._anchors = self._chunks.of(root)
        self._found = self._mined(usage, reserved)
        """What was mined for the anchors, without what the sample may not have whatever else stands in it."""
        documents = self._chunks.documents[self._found.chunks]
        columns = self._found.chunks, self._chunks.lengths[self._found.chunks], documents
        # As Python's numbers: they are looked at one by one.
        self._chunk, self._length, self._document = (column.tolist() for column in columns)
        self._group = tables.group[documents].tolist() if tables.grouped else self._document
        self._copy = self._chunks.groups(self._found.chunks).tolist()
        borders = np.searchsorted(self._found.anchors, np.arange(self._anchors.start, self._anchors.stop + 1))
        self._next, self._end = borders[:-1].tolist(), borders[1:].tolist()
        self._chosen: list[list[int]] = [[] for _ in self._anchors]
        """For each anchor, in the order chosen, places in what was found."""
        anchors = np.arange(self._anchors.start, self._anchors.stop)
        self._taken = dict(zip(self._chunks.groups(anchors).tolist(), self._anchors, strict=True))
        """By the group of its near-copies: the chunk that stands in the sample."""
        self._of_group = {tables.group_of(root): root}
        self._kept_out: list[int] = []
        """Documents of which the sample has a near-duplicate."""
        self.room = settings.layout.capacity - int(tables.lengths[root])
        """Tokens still missing. Below zero when more was chosen than fits."""

    def fill(self, plan: Plan) -> None:
        """Choose negatives, the best of every anchor before the second of any, until the sample is full or none is left."""
        if self._settings.interleave.truncate == "tail":
            self._rounds(depth_of(self._root, self._chunks, self._settings), plan, beyond=True)
        self._rounds(None, plan, beyond=False)
        plan.near_copies.update(np.array(self._kept_out, np.int64))

    def segments(self) -> Segments:
        """The sample: each anchor with its negatives, cut at its capacity."""
        layout, chunks = self._settings.layout, self._chunks
        order = self._order()
        # Behind what was found stand the anchors themselves.
        count = len(self._anchors)
        rank, score = self._as_hit()
        chunk = np.concatenate((self._found.chunks, self._anchors))[order].astype(np.int64)
        table = np.empty(len(order), SEGMENT_FIELDS)
        table["document"] = chunks.documents[chunk]
        table["role"] = np.where(order < len(self._found.chunks), _NEGATIVE, _ANCHOR)
        table["rank"] = np.concatenate((self._found.ranks, np.full(count, rank)))[order]
        table["score"] = np.concatenate((self._found.scores, np.full(count, score, np.float32)))[order]
        table["chunk"] = chunk - chunks.offsets[table["document"]]
        table["doc_start"] = chunks.starts[chunk]
        lengths = chunks.lengths[chunk]
        over = max(0, -self.room)
        if over and self._settings.interleave.truncate == "even":
            # The negative chosen last, the lowest-ranked of all, is cut to what fits.
            lengths[order == max((len(own), own[-1]) for own in self._chosen if own)[1]] -= over
        starts = int(layout.bos) + lengths.cumsum() - lengths
        table["start"] = starts
        table["length"] = np.minimum(lengths, layout.context_length - starts)
        return Segments(table[table["length"] > 0])

    def _mined(self, usage: Usage, reserved: NDArray[np.bool_]) -> Candidates:
        """Of the unit's own pool, or of the pool that all units share."""
        negatives = self._tables.negatives.get(self._unit.unit_id) or self._tables.negatives.get("")
        if negatives is None:
            return NOTHING
        found = negatives.of(self._anchors)
        documents = self._chunks.documents[found.chunks]
        return found.take((documents != self._root) & ~reserved[documents] & usage.free_chunks(found.chunks))

    def _rounds(self, depth: int | None, plan: Plan, *, beyond: bool) -> None:
        """Give each anchor one more negative in turn, at most `depth` (None: all mined), even `beyond` what fits."""
        active: Sequence[int] = range(len(self._anchors))
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
            active = left

    def _choose(self, place: int, plan: Plan) -> bool:
        """The anchor's best negative that the sample has not and may have, if there is one."""
        for at in range(self._next[place], self._end[place]):
            chunk, document = self._chunk[at], self._document[at]
            copy = self._taken.get(self._copy[at])
            if copy is not None:
                plan.refused["near-copy"] += copy != chunk
                continue
            if self._of_group.setdefault(self._group[at], document) != document:
                plan.refused["near-duplicate"] += 1
                self._kept_out.append(document)
                continue
            self._next[place] = at + 1
            self._taken[self._copy[at]] = chunk
            self._chosen[place].append(at)
            self.room -= self._length[at]
            return True
        self._next[place] = self._end[place]
        return False

    def _order(self) -> RowArray:
        """Every anchor with its negatives, in the order of the document: places in what was found, and behind it of anchors."""
        position = self._settings.interleave.position
        rng = self._settings.rng("position", self._tables.hashes[self._root].hex())
        order: list[int] = []
        for anchor, own in enumerate(self._chosen, len(self._found.chunks)):
            before = {"head": 0, "tail": len(own)}.get(position)
            before = int(rng.integers(0, len(own) + 1)) if before is None else before
            order += [*own[:before], anchor, *own[before:]]
        return np.array(order, np.int64)

    def _as_hit(self) -> tuple[int, float]:
        """The root's rank and score in its topic (0, 0.0 without a topic)."""
        if not self._unit.topic_id:
            return 0, 0.0
        place = int(np.flatnonzero(self._unit.documents == self._root)[0])
        return int(self._unit.ranks[place]), float(self._unit.scores[place])
