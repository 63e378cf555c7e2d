"""From content hashes to places: sorted arrays, not a dictionary, because a store may hold hundreds of millions."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import compress, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools.columns import Column, Hashes, as_hashes

_SORTED_AT_ONCE = 1 << 18
_PASSES = 64
"""So many hashes are sorted at a time, by how they begin, or more of very many: all are looked through each time."""
_AT_ONCE = 1 << 16
"""Keys that are looked up at a time: what an answer takes beside itself is 50 bytes a key (3 MiB)."""
_JOINED = 4
"""Lookups of as many parts that become one: a part is sorted again each time the parts are four times as many."""


class HashLookup:
    """Places of content hashes in a list of them: 20 bytes a hash, in files beyond 1 MiB.

    A hash is two numbers of eight bytes; the first finds it, as fast as numbers are found, and the second confirms it.
    """

    def __init__(self, hashes: Iterable[Hashes], folder: Path) -> None:
        """`hashes` are one numbering over several parts; what is made of them lies in `folder` (`tools.columns.Column`)."""
        given = Column(np.uint64, folder), Column(np.uint64, folder)
        for one in hashes:
            for column, half in zip(given, one.halves(), strict=True):
                column.append(half)
        first, second = (column.array() for column in given)
        columns = [
            Column(dtype, folder) for dtype in (np.uint64, np.uint64, np.uint32 if len(first) < 1 << 32 else np.int64)
        ]
        for rows in by_beginning(first):
            order = rows[np.argsort(first[rows], kind="stable")]
            for column, values in zip(columns, (first[order], second[order], order), strict=True):
                column.append(values)
        self._first, self._second, self._order = (column.array() for column in columns)

    def __len__(self) -> int:
        return len(self._order)

    def places(self, keys: Sequence[bytes]) -> NDArray[np.int64]:
        """int64 [n]: the place of each key, or -1. Raises `ValueError` for a key that has not 16 bytes."""
        wanted = as_hashes(keys)
        blocks = (wanted[begin : begin + _AT_ONCE] for begin in range(0, len(wanted), _AT_ONCE))
        return np.concatenate([np.empty(0, np.int64), *map(self._places, blocks)])

    def _places(self, keys: Hashes) -> NDArray[np.int64]:
        first, second = keys.halves()
        places = np.full(len(keys), -1, np.int64)
        at = np.searchsorted(self._first, first)
        # Rows of `keys` that may still be found further on: two hashes that begin alike are rare, but there may be some.
        open_rows = np.arange(len(keys))
        while len(open_rows):
            inside = at < len(self)
            open_rows, at = open_rows[inside], at[inside]
            alike = self._first[at] == first[open_rows]
            open_rows, at = open_rows[alike], at[alike]
            found = self._second[at] == second[open_rows]
            places[open_rows[found]] = self._order[at[found]]
            open_rows, at = open_rows[~found], at[~found] + 1
        return places

    def held(self, keys: Sequence[bytes], who: str) -> NDArray[np.int64]:
        """`places`; raises `KeyError` that names the first key which is not there (`who`: the store that lacks it)."""
        places = self.places(keys)
        if (places < 0).any():
            raise KeyError(f"{who} does not hold {keys[int(np.argmin(places))].hex()}; fill it first")
        return places

    def missing(self, keys: Sequence[bytes]) -> list[bytes]:
        """Those of `keys` that are not there, each once, in their order."""
        return list(dict.fromkeys(compress(keys, (self.places(keys) < 0).tolist())))


class GrowingLookup:
    """What is held while parts are added one by one: a lookup of what was there, and a few over the parts added since.

    Looking everything up anew for each part would take a time that grows with the square of their number.
    """

    def __init__(self, held: HashLookup, hashes_of: Callable[[int], Hashes], folder: Path) -> None:
        """`hashes_of` reads those of a part that was added; lookups lie in `folder`."""
        self._held, self._hashes_of, self._folder = held, hashes_of, folder
        self._added: list[tuple[list[int], HashLookup]] = []

    def add(self, part: int) -> None:
        """Hold what a part has, too."""
        parts = [part]
        while [len(some) for some, _ in self._added[1 - _JOINED :]] == [len(parts)] * (_JOINED - 1):
            parts = [*(each for some, _ in self._added[1 - _JOINED :] for each in some), *parts]
            del self._added[1 - _JOINED :]
        self._added.append((parts, HashLookup(map(self._hashes_of, parts), self._folder)))

    def missing(self, keys: Sequence[bytes]) -> list[bytes]:
        """Those of `keys` that are not there, each once, in their order."""
        left = self._held.missing(keys)
        for _, lookup in self._added:
            left = lookup.missing(left)
        return left


def by_beginning(first: NDArray[np.uint64]) -> Iterator[NDArray[np.int64]]:
    """Rows [.] of `first` [n] by ranges of their values, ascending; each row comes once."""
    parts = min(-(-len(first) // _SORTED_AT_ONCE), _PASSES)
    for low, end in pairwise((part << 64) // max(1, parts) for part in range(parts + 1)):
        found = []
        for begin in range(0, len(first), _AT_ONCE):
            block = first[begin : begin + _AT_ONCE]
            found.append(begin + ((block >= np.uint64(low)) & (block <= np.uint64(end - 1))).nonzero()[0])
        yield np.concatenate(found)
