"""Random numbers by name: each part of a plan has its own, whatever the other parts draw."""

import numpy as np

from tools.files import content_hash


def seeded(seed: int, *key: str) -> np.random.Generator:
    """The generator of the part of that name: independent of how many draws any other part has made."""
    # A digest of the whole key: NumPy would run a list of numbers together, and ("ab", "c") could meet ("a", "bc").
    return np.random.default_rng(int.from_bytes(content_hash(repr((seed, *key))), "little"))
