"""What a plan is a function of, and the units that it is made of: for every test that plans."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tools.packing.recipe import Settings, get_recipe
from tools.packing.remainder import plan_remainder
from tools.packing.tables import Plan, Tables, Unit, Usage
from tools.packing.utk import knotted


class Job(NamedTuple):
    """All that a plan is a function of."""

    recipe: str
    tables: Tables
    units: list[Unit]
    settings: Settings

    def plan(self, folder: Path | None = None) -> tuple[Plan, list[Unit]]:
        plan, usage = Plan(folder=folder), Usage.of(self.tables, 1)
        for _ in get_recipe(self.recipe).plan(self.units, self.tables, usage, self.settings, plan):
            pass
        more: list[Unit] = []
        begin = len(plan.samples)
        if self.settings.remainder == "pool" and self.recipe not in ("standard", "utk"):
            more = plan_remainder(self.units, self.tables, usage, self.settings, plan, self.recipe)
            if self.recipe == "litelong+utk":
                plan.change(begin, lambda sample: knotted(sample, self.settings))
        return plan, [*self.units, *more]


def unit(unit_id: str, rows: Sequence[int], category: str = "") -> Unit:
    """A topic whose hits are these rows in this order, or (`corpus`) the whole corpus."""
    ranks = np.arange(1, len(rows) + 1, dtype=np.int32)
    topic = "" if unit_id == "corpus" else unit_id
    return Unit(unit_id, np.array(rows, np.int64), ranks, (1 / ranks).astype(np.float32), topic, topic, category)
