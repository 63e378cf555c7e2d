"""Recipe `standard`: the baseline. A seeded shuffle of the whole corpus, cut into contexts; no topic, no search."""

from collections.abc import Iterator, Sequence

import numpy as np

from tools.packing.fill import first_fit, lay_out
from tools.packing.recipe import Settings, UnitKind, register_recipe
from tools.packing.tables import Plan, PlannedSample, RowArray, Tables, Unit, Usage

LOOKAHEAD = 64
"""Documents that one sample may look at beyond those that hold a context's tokens: bounds the work a sample, whatever the
corpus, and with it how many wait."""


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
            self._plan_unit(unit, tables, usage, settings, plan)
            yield unit

    def _plan_unit(self, unit: Unit, tables: Tables, usage: Usage, settings: Settings, plan: Plan) -> None:
        lengths = tables.lengths[unit.documents]
        shuffled = np.flatnonzero(usage.free(unit.documents))
        shuffled = shuffled[settings.rng("shuffle", unit.unit_id).permutation(len(shuffled))]
        waiting: RowArray = np.empty(0, dtype=np.int64)
        passed_over = np.zeros(len(lengths), dtype=np.bool_)
        position = number = 0
        while not settings.enough(plan):
            ahead = _ahead(lengths, waiting, shuffled[position:], settings.layout.context_length)
            queue = np.concatenate((waiting, shuffled[position : position + ahead]))
            filled = first_fit(lengths[queue], settings.layout)
            if not filled.full:
                plan.short_units[unit.unit_id] = filled.tokens
                break
            cut = None if filled.cut is None else int(queue[filled.cut])
            segments = lay_out(unit, queue[filled.whole].tolist(), cut, lengths, settings.layout)
            for segment in segments:
                usage.take(segment.document)
            plan.samples.append(PlannedSample(f"{self.name}-{number:06d}", self.name, unit, segments))
            number += 1
            position += ahead
            passed_over[queue[filled.passed_over]] = True
            waiting = np.delete(queue, filled.whole if filled.cut is None else [*filled.whole, filled.cut])
        plan.passed_over.update(unit.documents[waiting[passed_over[waiting]]].tolist())


def _ahead(lengths: RowArray, waiting: RowArray, coming: RowArray, context_length: int) -> int:
    """How many of those `coming` join those `waiting`: the two together hold a context's tokens, and a few more documents."""
    sums = np.cumsum(lengths[waiting])
    enough = int(np.searchsorted(sums, context_length)) + 1
    total, end = int(sums[-1]) if len(sums) else 0, 0
    while end < len(coming) and total < context_length:
        block = lengths[coming[end : end + 1024]]
        sums = total + np.cumsum(block)
        end += min(int(np.searchsorted(sums, context_length)) + 1, len(block))
        total = int(sums[-1])
        enough = len(waiting) + end
    return min(max(0, enough + LOOKAHEAD - len(waiting)), len(coming))
