"""Scores rounded to 11 significant bits, as whole numbers (steps) that compare as the scores do.

A step is a score's sign, exponent and first 10 bits after the leading one, as float64 lays them out; neighbours differ by
0.05 to 0.1 %. Scores are positive and finite.
"""

from struct import Struct

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
Steps = NDArray[np.uint64]

_DROPPED = 42  # of float64's 52 bits after the leading one
STEP_BITS = 64 - _DROPPED - 1
"""Of a step; the sign is always 0."""
_FLOAT32 = 29  # bits of float64 beyond float32's last one


def steps_of(scores: Scores) -> Steps:
    """uint64 [n]: the nearest step of each of `scores` [n]."""
    return (scores.view(np.uint64) + np.uint64(1 << (_DROPPED - 1))) >> np.uint64(_DROPPED)


def scores_of(steps: Steps) -> Scores:
    """float64 [n]: the score that each step stands for."""
    return (steps << np.uint64(_DROPPED)).view(np.float64)


def doubtful(scores: Scores, roundings: int) -> NDArray[np.int64]:
    """int64 [m]: the places of float32 `scores` [n] that so many roundings may have moved to another step.

    A rounding moves a sum by half its last bit at most: adding n numbers of one sign takes n - 1 of them.
    """
    if not roundings:
        return np.empty(0, np.int64)
    rest = scores.view(np.int64) & ((1 << _DROPPED) - 1)
    return np.flatnonzero(np.abs(rest - (1 << (_DROPPED - 1))) <= roundings << (_FLOAT32 - 1))


def least_of_step(score: float, roundings: int) -> float:
    """A number below which no float32 score reaches the step of `score`, whatever so many roundings did to both."""
    (bits,) = _INT.unpack(_FLOAT.pack(score))
    moved = roundings << (_FLOAT32 - 1)
    half = 1 << (_DROPPED - 1)
    step = (bits - moved + half) >> _DROPPED
    (least,) = _FLOAT.unpack(_INT.pack((step << _DROPPED) - half - moved))
    return float(least)


_INT, _FLOAT = Struct("<q"), Struct("<d")
