"""Recipe `standard`: the baseline. A seeded shuffle of the whole corpus, cut into contexts; no topic, no search."""

from collections.abc import Iterator, Sequence

import numpy as np

from tools.columns import blocks, zeros
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
            free = int(np.count_nonzero(usage.free(unit.documents)))
            shuffled = zeros(free, np.int64, plan.folder)
            end = 0
            for at in blocks(len(unit.documents)):
                places = at.start + usage.free(unit.documents[at]).nonzero()[0]
                shuffled[end : end + len(places)] = places
                end += len(places)
            settings.rng("shuffle", unit.unit_id).shuffle(shuffled)
            line = Line(unit, shuffled, tables, settings, folder=plan.folder)
            pack_line(line, unit, usage, settings, plan, recipe=self.name, prefix=self.name)
            yield unit
