"""Recipe `standard`: the baseline. A seeded shuffle of the whole corpus, cut into contexts; no topic, no search."""

from collections.abc import Iterator, Sequence

import numpy as np

from tools.packing.fill import lay_out
from tools.packing.line import Line
from tools.packing.recipe import Settings, UnitKind, register_recipe
from tools.packing.tables import Plan, PlannedSample, Tables, Unit, Usage


@register_recipe
class Standard:
    """Each sample takes the next documents of the shuffle; those passed over stand first in line for the next sample."""

    name = "standard"
    unit: UnitKind = "corpus"
    interleaved = False
    mines = False

    def plan(
        self, units: Sequence[Unit], tables: Tables, usage: Usage, settings: Settings, plan: Plan
    ) -> Iterator[Unit]:
        for unit in units:
            shuffled = np.flatnonzero(usage.free(unit.documents))
            shuffled = shuffled[settings.rng("shuffle", unit.unit_id).permutation(len(shuffled))]
            line = Line(unit, shuffled, tables, settings.layout)
            pack_line(line, unit, tables, usage, settings, plan, name=self.name, sample_id=self.name)
            yield unit


def pack_line(
    line: Line,
    unit: Unit,
    tables: Tables,
    usage: Usage,
    settings: Settings,
    plan: Plan,
    *,
    name: str,
    sample_id: str,
) -> None:
    """Plan samples from a line until it does not fill another; with `settings.padding` the last one is padded.

    `name` is the samples' recipe; their ids are `sample_id` and a number.
    """
    lengths = tables.lengths[unit.documents]
    number = 0
    while not settings.enough(plan):
        filled = line.next()
        if not filled.full:
            plan.short_units[unit.unit_id] = filled.tokens
            if not settings.padding or not len(filled.whole):
                break
        segments = lay_out(unit, filled.taken, lengths, settings.layout)
        usage.take(unit.documents[filled.taken])
        padding = 0 if filled.full else settings.layout.padding(segments)
        plan.samples.append(PlannedSample(f"{sample_id}-{number:06d}", name, unit, segments, padding))
        number += 1
        if not filled.full:
            break
    left = line.rest
    plan.passed_over.update(unit.documents[left[line.passed_over[left]]])
    plan.near_copies.update(unit.documents[left[line.near_copies[left]]])
