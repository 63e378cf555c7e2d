"""Fitting the scores: which plants are rows of which score, and that a regression finds what is there."""

import numpy as np
import pytest

from benchmarks.panels.fitting import Row, Studied, auc, cross_validated, regress, rows_of
from benchmarks.panels.plants import Bed, Plant

PLANTS = (
    Plant("good", "Oaks"),
    Plant("good", "Pines"),
    Plant("duplicate", "Oak trees", "Oaks"),
    Plant("off_category", "Chess"),
    Plant("too_broad", "Nature"),
    Plant("unfillable", "Bonsai fairs"),
)


def studied() -> Studied:
    pairs = {"titles": np.zeros((len(PLANTS), len(PLANTS)))}
    return Studied(
        "factbook", Bed("NATURE / Trees", PLANTS), 512, [], {"title": np.arange(len(PLANTS), dtype=float)}, pairs, pairs
    )


def labels(score: str) -> list[bool | None]:
    return [row.label for row in rows_of([studied()])[score]]


def test_each_score_is_fitted_on_the_kinds_that_it_tells_apart() -> None:
    assert labels("belongs") == [True, True, True, False]
    assert labels("held") == [True, True, False]
    assert labels("broad") == [False, False, False, True]
    assert sorted(map(bool, labels("same"))) == [False] * 7 + [True], (
        "two good ones, and both with the paraphrase of one; apart from it the good ones, and each with two other kinds"
    )


def rows(count: int, useful: float) -> list[Row]:
    """Rows whose figure `useful` tells the label so well, and whose figure `noise` does not."""
    random = np.random.default_rng(0)
    made = []
    for n in range(count):
        label = bool(n % 2)
        figures = {"useful": useful * label + random.normal(), "noise": random.normal()}
        made.append(Row(n // 4, "factbook" if n % 3 else "debian", figures, label))
    return made


def test_weight_goes_to_what_tells_and_stays_from_what_does_not() -> None:
    score = regress(rows(400, 3.0), ("useful", "noise"))
    useful, noise = score.weights.values()
    assert useful > 1.0 > 0.3 > abs(noise)
    assert -score.intercept / useful == pytest.approx(1.5, abs=0.3), "even odds lie halfway"


@pytest.mark.parametrize(("useful", "least", "most"), [(6.0, 0.99, 1.0), (0.0, 0.35, 0.65)])
def test_what_was_not_seen_is_ordered_as_well_as_the_figures_allow(useful: float, least: float, most: float) -> None:
    made = rows(400, useful)
    assert least <= auc(made, cross_validated(made, ("useful", "noise"), np.arange(100) % 10), "debian") <= most


def test_equals_count_as_half_ordered() -> None:
    made = rows(40, 1.0)
    assert auc(made, np.zeros(40), "factbook") == 0.5
