"""Recipe `litelong`: a topic's documents, best first, concatenated to exactly one context (arXiv 2509.15568, section 3.3)."""

from collections.abc import Iterator, Sequence

import numpy as np

from tools.packing.fill import first_fit, lay_out
from tools.packing.recipe import Order, Settings, UnitKind, register_recipe
from tools.packing.tables import Plan, PlannedSample, RowArray, Tables, Unit, Usage

_NONE = np.empty(0, np.int64)


@register_recipe
class LiteLong:
    """Documents are chosen by rank among those still free; `order` only arranges the chosen ones, the cut one last.

    A topic uses a document once, however often the run may: its second sample would else repeat its first.
    """

    name = "litelong"
    unit: UnitKind = "topic"
    interleaved = False
    mines = False

    def plan(
        self, units: Sequence[Unit], tables: Tables, usage: Usage, settings: Settings, plan: Plan
    ) -> Iterator[Unit]:
        for unit in units:
            free = usage.free(unit.documents)
            for number in range(settings.samples_per_topic):
                if settings.enough(plan):
                    break
                taken = self._plan_one(unit, number, free.nonzero()[0], tables, settings, plan)
                if not len(taken):
                    break
                free[taken] = False
                usage.take(unit.documents[taken])
            yield unit

    def _plan_one(
        self, unit: Unit, number: int, free: RowArray, tables: Tables, settings: Settings, plan: Plan
    ) -> RowArray:
        """Plan the topic's next sample from the `free` places of its list; the places taken, none when they do not fill one."""
        if tables.grouped:
            distinct = tables.distinct(unit.documents[free])
            plan.near_copies.update(unit.documents[np.delete(free, distinct)])
            free = free[distinct]
        lengths = tables.lengths[unit.documents]
        filled = first_fit(lengths[free], settings.layout)
        if not filled.full:
            plan.short_units[unit.unit_id] = filled.tokens
            if not settings.padding or settings.remainder == "pool" or not len(filled.whole):
                return _NONE
        taken = arranged(free[filled.whole], settings, unit.unit_id, number)
        if filled.cut is not None:
            taken = np.append(taken, free[filled.cut])
        segments = lay_out(unit, taken, lengths, settings.layout)
        plan.passed_over.update(unit.documents[free[filled.passed_over]])
        padding = 0 if filled.full else settings.layout.padding(segments)
        plan.samples.append(PlannedSample(f"{unit.unit_id}-{number:03d}", self.name, unit, segments, padding))
        return taken


def arranged(places: RowArray, settings: Settings, unit_id: str, number: int) -> RowArray:
    """The chosen places in the order that the sample shows them."""
    order: Order = settings.order
    if order == "reverse":
        return places[::-1]
    if order == "shuffle":
        rng = settings.rng("order", unit_id, str(number))
        return places[rng.permutation(len(places))]
    return places
