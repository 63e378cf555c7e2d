"""A plan as it grows, set aside: segments lie in files without a name, so that memory does not grow with what is planned."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from tools.columns import mapped
from tools.packing.tables import Plan, Segments

AT_ONCE = 1 << 18
"""Segments that one file holds, or somewhat more: 10 MB."""


class Shelf:
    """Puts the segments of samples, and the rows passed over, aside in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._begin = self._seen = self._held = 0

    def take(self, plan: Plan) -> None:
        """Look at what the plan has gained; called between two units. Samples stay the same, and their segments read-only."""
        self._held += sum(len(sample.segments) for sample in plan.samples[self._seen :])
        self._seen = len(plan.samples)
        if self._held < AT_ONCE:
            return
        some = plan.samples[self._begin :]
        for rows in (plan.passed_over, plan.near_copies):
            rows.set_aside(lambda array: mapped(array, self._folder))
        table = mapped(np.concatenate([sample.table for sample in some]), self._folder)
        ends = np.cumsum([len(sample.segments) for sample in some]).tolist()
        plan.samples[self._begin :] = [
            replace(sample, segments=Segments(table[begin:end]))
            for sample, begin, end in zip(some, [0, *ends], ends, strict=False)
        ]
        self._begin, self._held = self._seen, 0
