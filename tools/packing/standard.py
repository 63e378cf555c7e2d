"""Recipe `standard`: the baseline. A seeded shuffle of the whole corpus, cut into contexts; no topic, no search."""

from collections.abc import Iterator, Sequence

import numpy as np

from tools.packing.fill import first_fit, lay_out
from tools.packing.recipe import Settings, UnitKind, register_recipe
from tools.packing.tables import Plan, PlannedSample, RowArray, Tables, Unit, Usage

LOOKAHEAD = 64
"""Documents past the estimate that one sample may look at: bounds the work a sample, whatever the corpus."""


@register_recipe
class Standard:
    """Each sample takes the next documents of the shuffle; those passed over stand first in line for the next sample."""

    name = "standard"
    unit: UnitKind = "corpus"

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
        position = number = 0
        while not settings.enough(plan):
            ahead = _ahead(lengths, shuffled, position, settings.layout.context_length)
            queue = np.concatenate((waiting, shuffled[position : position + ahead]))
            filled = first_fit(lengths[queue], settings.layout)
            if not filled.full:
                plan.short_units[unit.unit_id] = filled.tokens
                return
            cut = None if filled.cut is None else int(queue[filled.cut])
            segments = lay_out(unit, queue[filled.whole].tolist(), cut, lengths, settings.layout)
            for segment in segments:
                usage.take(segment.document)
            plan.samples.append(PlannedSample(f"{self.name}-{number:06d}", self.name, unit, segments))
            number += 1
            position += ahead
            waiting = np.delete(queue, filled.whole if filled.cut is None else [*filled.whole, filled.cut])


def _ahead(lengths: RowArray, shuffled: RowArray, position: int, context_length: int) -> int:
    """How many documents of the shuffle from `position` on fill a context, and a few more to fit into its last gap."""
    total, end = 0, position
    while end < len(shuffled) and total < context_length:
        block = lengths[shuffled[end : end + 1024]]
        sums = total + np.cumsum(block)
        short = int(np.count_nonzero(sums < context_length))
        end += min(short + 1, len(block))
        total = int(sums[-1])
    return min(end + LOOKAHEAD, len(shuffled)) - position
