"""Recipes `utk` and `litelong+utk`: Untie the Knots (arXiv 2409.04774), over the samples of another recipe.

    documents A B C, each cut in 2 or 3:   [BOS] B0 A0 C1 C0 A1 B1 C2 A2        = exactly T ids

What stands in a sample is what `standard` or `litelong` chose; here its documents are cut at seeded places and all pieces of all
documents are shuffled. A document's last piece comes after its others, so a last piece also ends the sample, and what it goes on
from lies anywhere before it. No separator stands between pieces. With `back_trace` marks stand around them
(`tools.packing.marks`): the inner recipe leaves room for a document's marks behind it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from tools.packing.marks import PIECES, MarkSizes
from tools.packing.recipe import Settings, UnitKind, get_recipe, register_recipe
from tools.packing.tables import Plan, PlannedSample, RowArray, Segments, Tables, Unit, Usage


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
            plan.change(done, lambda sample: knotted(self._named(sample), settings))
            done = len(plan.samples)
            yield unit

    def _named(self, sample: PlannedSample) -> PlannedSample:
        name = sample.sample_id.replace(f"{self.inner}-", f"{self.name}-", 1)
        return replace(sample, sample_id=name, recipe=self.name)


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


def knotted(sample: PlannedSample, settings: Settings) -> PlannedSample:
    """The sample in pieces (`chunk` is the piece's number), shuffled, each document's last piece after its others.

    A single token stays whole. Seeded by the sample's id.
    """
    rng = settings.rng("utk", sample.sample_id)
    table, marks = sample.table, settings.layout.marks
    counts = rng.choice(PIECES, len(table)) if marks is None else _counts(sample, marks, settings.layout.context_length)
    counts = np.minimum(counts, table["length"])
    document = np.repeat(np.arange(len(table)), counts)
    firsts = np.cumsum(counts) - counts
    piece = np.arange(len(document)) - firsts[document]
    borders = _borders(table["length"], counts, rng)
    begin, end = borders[document, piece], borders[document, piece + 1]
    # Slots are shuffled, and a document's pieces go into its own slots: the last one into the latest.
    slots = np.argsort(rng.permutation(document), kind="stable")
    turn = np.where((counts == 3) & (rng.random(len(table)) < 0.5), 1, 0)[document]
    order = np.argsort(slots[firsts[document] + np.where(piece < 2, piece ^ turn, piece)])

    pieces = table[document]
    pieces["chunk"], pieces["length"], pieces["doc_start"] = piece, end - begin, pieces["doc_start"] + begin
    before, behind = (
        (np.zeros_like(piece), np.zeros_like(piece)) if marks is None else marks.each(piece, counts[document])
    )
    sizes = (before + pieces["length"] + behind)[order]
    pieces = pieces[order]
    pieces["start"] = table["start"].min() + np.cumsum(sizes) - sizes + before[order]
    return replace(sample, segments=Segments(pieces))


def _counts(sample: PlannedSample, marks: MarkSizes, context_length: int) -> RowArray:
    """In how many pieces each document is cut: the room that is left for their marks behind it says so."""
    table = sample.table
    room = np.append(table["start"][1:], context_length - sample.padding) - table["start"] - table["length"]
    counts = np.ones(len(table), np.int64)
    for pieces in PIECES:
        counts[room == marks.around(pieces)] = pieces
    return counts


def _borders(lengths: RowArray, counts: RowArray, rng: np.random.Generator) -> RowArray:
    """int64 [n, 4]: where each document's pieces begin, and behind those of its `counts` [n] its end."""
    one = rng.integers(1, np.maximum(lengths, 2))
    other = rng.integers(1, np.maximum(lengths - 1, 2))
    other += other >= one
    borders = np.stack((np.zeros_like(one), np.minimum(one, other), np.maximum(one, other), lengths), axis=1)
    borders[counts == 2, 1] = one[counts == 2]
    borders[np.arange(len(lengths)), counts] = lengths
    return borders
