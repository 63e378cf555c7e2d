"""Recipe `litelong`: a topic's documents, best first, concatenated to exactly one context (arXiv 2509.15568, section 3.3)."""

from collections.abc import Iterator, Sequence

import numpy as np

from tools.packing.fill import first_fit, lay_out
from tools.packing.recipe import Order, Settings, UnitKind, register_recipe
from tools.packing.tables import Plan, PlannedSample, RowArray, Tables, Unit, Usage


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
                taken = self._plan_one(unit, number, np.flatnonzero(free), tables, settings, plan)
                if not taken:
                    break
                free[taken] = False
                for place in taken:
                    usage.take(int(unit.documents[place]))
            yield unit

    def _plan_one(
        self, unit: Unit, number: int, free: RowArray, tables: Tables, settings: Settings, plan: Plan
    ) -> list[int]:
        """Plan the topic's next sample from the `free` places of its list; the places taken, none when they do not fill one."""
        lengths = tables.lengths[unit.documents]
        filled = first_fit(lengths[free], settings.layout)
        if not filled.full:
            plan.short_units[unit.unit_id] = filled.tokens
            return []
        whole = arranged([int(free[place]) for place in filled.whole], settings, unit.unit_id, number)
        cut = None if filled.cut is None else int(free[filled.cut])
        segments = lay_out(unit, whole, cut, lengths, settings.layout)
        plan.passed_over.update(int(unit.documents[free[place]]) for place in filled.passed_over)
        plan.samples.append(PlannedSample(f"{unit.unit_id}-{number:03d}", self.name, unit, segments))
        return whole if cut is None else [*whole, cut]


def arranged(places: list[int], settings: Settings, unit_id: str, number: int) -> list[int]:
    """The chosen places in the order that the sample shows them."""
    order: Order = settings.order
    if order == "reverse":
        return places[::-1]
    if order == "shuffle":
        rng = settings.rng("order", unit_id, str(number))
        return [places[i] for i in rng.permutation(len(places))]
    return places
