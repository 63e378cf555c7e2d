"""From content hashes to places: sorted arrays, not a dictionary, because a store may hold hundreds of millions."""

from collections.abc import Sequence
from itertools import compress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools.columns import Hashes, as_hashes, mapped

_AT_ONCE = 1 << 20
"""Keys that are looked up at a time: what an answer takes beside itself is 50 bytes a key."""


class HashLookup:
    """Places of content hashes in a list of them: 24 bytes a hash.

    A hash is two numbers of eight bytes; the first finds it, as fast as numbers are found, and the second confirms it.
    """

    def __init__(self, hashes: Sequence[Hashes], folder: Path) -> None:
        """`hashes` are one numbering over several parts; what is made of them lies in `folder` (`tools.columns.mapped`)."""
        first, second = Hashes(np.concatenate([np.empty((0, 16), np.uint8), *(one.array for one in hashes)])).halves()
        order = np.argsort(first, kind="stable")
        self._first, self._second = mapped(first[order], folder), mapped(second[order], folder)
        self._order = mapped(order, folder)

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
