"""Documents in line for samples: each sample takes the next that fit, and those that did not fit stand first for the next."""

import numpy as np
from numpy.typing import NDArray

from tools.packing.fill import Filled, first_fit
from tools.packing.tables import Layout, RowArray, Tables, Unit

LOOKAHEAD = 64
"""Documents that one sample may look at beyond those that hold a context's tokens: bounds the work a sample, whatever the
corpus, and with it how many wait."""


class Line:
    """A unit's documents in the order given: `places` [m] int64 of its document list."""

    def __init__(self, unit: Unit, places: RowArray, tables: Tables, layout: Layout) -> None:
        self._unit, self._tables, self._layout = unit, tables, layout
        self._lengths = tables.lengths[unit.documents]
        self._coming = places
        self._sums = np.cumsum(self._lengths[places])
        self._position = 0
        self._waiting: RowArray = np.empty(0, np.int64)
        self.passed_over: NDArray[np.bool_] = np.zeros(len(unit.documents), np.bool_)
        """By place: whether it did not fit when its turn came."""
        self.near_copies: NDArray[np.bool_] = np.zeros(len(unit.documents), np.bool_)
        """By place: whether it had to wait for a near-duplicate in the same sample."""

    @property
    def rest(self) -> RowArray:
        """The places that no sample has taken, in line."""
        return np.concatenate((self._waiting, self._coming[self._position :]))

    def next(self) -> Filled:
        """Fill one sample; the places are those of the unit's list. What it took has left the line if it is full."""
        ahead = self._ahead()
        while True:
            queue = np.concatenate((self._waiting, self._coming[self._position : self._position + ahead]))
            distinct = self._tables.distinct(self._unit.documents[queue])
            filled = first_fit(self._lengths[queue[distinct]], self._layout)
            # Near-duplicates leave the sample short of documents: look further.
            if filled.full or self._position + ahead >= len(self._coming):
                break
            ahead = min(2 * ahead + LOOKAHEAD, len(self._coming) - self._position)
        chosen = queue[distinct]
        cut = None if filled.cut is None else int(chosen[filled.cut])
        placed = filled._replace(whole=chosen[filled.whole], passed_over=chosen[filled.passed_over], cut=cut)
        if len(distinct) < len(queue):
            self.near_copies[np.delete(queue, distinct)] = True
        if placed.full:
            self.passed_over[placed.passed_over] = True
            self._position += ahead
            left = np.ones(len(queue), np.bool_)
            left[distinct[filled.taken]] = False
            self._waiting = queue[left]
        return placed

    def _ahead(self) -> int:
        """How many of those coming join those waiting: the two together hold a context's tokens, and a few more documents."""
        sums = np.cumsum(self._lengths[self._waiting])
        held = int(sums[-1]) if len(sums) else 0
        wanted = self._layout.context_length
        if held >= wanted:
            enough = int(sums.searchsorted(wanted)) + 1
        else:
            before = int(self._sums[self._position - 1]) if self._position else 0
            end = int(self._sums.searchsorted(before + wanted - held)) + 1
            enough = len(self._waiting) + end - self._position
        return min(max(0, enough + LOOKAHEAD - len(self._waiting)), len(self._coming) - self._position)
