"""Recipe `standard`: the baseline. A seeded shuffle of the whole corpus, cut into contexts; no topic, no search."""

from collections.abc import Iterator, Sequence

import numpy as np

from tools.packing.line import Line, pack_line
from tools.packing.recipe import Settings, UnitKind, register_recipe
from tools.packing.tables import Plan, Tables, Unit, Usage


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
            line = Line(unit, shuffled, tables, settings)
            pack_line(line, unit, usage, settings, plan, recipe=self.name, prefix=self.name)
            yield unit
