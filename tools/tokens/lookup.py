"""From content hashes to places: one sorted array, not a dictionary, because a store may hold hundreds of millions."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.bytes_]
"""S16 [n]: content hashes that compare as bytes. Never turn one into Python bytes, which would lose trailing zeros."""


def as_hashes(hashes: bytes) -> Hashes:
    """S16 [n] from n times 16 bytes."""
    return np.frombuffer(hashes, "S16")


class HashLookup:
    """Places of content hashes in a list of them: 24 bytes a hash."""

    def __init__(self, hashes: Sequence[Hashes]) -> None:
        """`hashes` are one numbering over several parts."""
        joined = np.concatenate([as_hashes(b""), *hashes])
        self._order = np.argsort(joined, kind="stable")
        self._sorted = joined[self._order]

    def __len__(self) -> int:
        return len(self._sorted)

    def places(self, keys: Sequence[bytes]) -> NDArray[np.int64]:
        """int64 [n]: the place of each key, or -1. Raises `ValueError` for a key that has not 16 bytes."""
        if set(map(len, keys)) - {16}:
            raise ValueError("a content hash has 16 bytes")
        wanted = as_hashes(b"".join(keys))
        if not len(self._sorted):
            return np.full(len(wanted), -1, np.int64)
        found = np.minimum(np.searchsorted(self._sorted, wanted), len(self._sorted) - 1)
        return np.where(self._sorted[found] == wanted, self._order[found], -1)

    def held(self, keys: Sequence[bytes], who: str) -> NDArray[np.int64]:
        """`places`; raises `KeyError` that names the first key which is not there (`who`: the store that lacks it)."""
        places = self.places(keys)
        if (places < 0).any():
            raise KeyError(f"{who} does not hold {keys[int(np.argmin(places))].hex()}; fill it first")
        return places

    def missing(self, keys: Sequence[bytes]) -> list[bytes]:
        """Those of `keys` that are not there, each once, in their order."""
        absent = self.places(keys) < 0
        return list(dict.fromkeys(key for key, is_absent in zip(keys, absent.tolist(), strict=True) if is_absent))
