"""Estimating whole debates: thresholds are chosen on other categories, and the panel's own rule decides."""

import numpy as np
from numpy.typing import NDArray

from agents.messages import Candidate, Evidence, Proposal
from agents.scoring import FIGURES
from benchmarks.panels.estimating import GROUPS, Estimate, estimates_table
from benchmarks.panels.fitting import Studied
from benchmarks.panels.plants import KINDS, Bed, Plant

PLANTS = (
    Plant("good", "Oaks"),
    Plant("good", "Pines"),
    Plant("good", "Elms"),
    Plant("duplicate", "Oak trees", "Oaks"),
    Plant("off_category", "Chess"),
    Plant("too_broad", "Nature"),
    Plant("unfillable", "Bonsai fairs"),
)
TELLING = {"lift": "off_category", "coverage": "unfillable", "of_fields": "too_broad"}
"""The figure that tells a kind, where figures tell anything."""


def table(number: int, corpus: str, further: bool, telling: bool) -> Studied:
    random = np.random.default_rng(number)
    count = len(PLANTS)
    figures: dict[str, NDArray[np.float64]] = {}
    for score in ("belongs", "held", "broad"):
        for name in FIGURES["lexical"][score]:
            signs = np.array([1.0 if plant.kind == TELLING.get(name) else -1.0 for plant in PLANTS])
            sign = 1.0 if name == "of_fields" else -1.0
            figures[name] = sign * 4.0 * signs * telling + random.normal(size=count)
    alike = random.uniform(0.0, 0.2, (count, count))
    alike[0, 3] = alike[3, 0] = 0.9 if telling else 0.1
    pairs = {"shared_words": alike, "documents": alike}
    evidence = Evidence("", 9, 9_000, 0.5, 2.0, 0.1, 512, coverage=0.9, supported=9_000)
    candidates = [Candidate(Proposal(str(n), "", 1, plant.title, ""), evidence) for n, plant in enumerate(PLANTS)]
    return Studied(corpus, Bed(f"{corpus} {number}", PLANTS, further), 512, candidates, figures, pairs, pairs)


def estimated(telling: bool) -> dict[str, float]:
    tables = [
        table(number, corpus, further, telling)
        for number in range(10)
        for corpus in ("factbook", "debian")
        for further in (False, True)
    ]
    # A bed that is not further belongs to a half by its hash; here none is held out.
    tables = [one for one in tables if one.bed.half != "held-out"]
    counts = Estimate("lexical", tables).cross_validated()
    assert counts[:, :, 1].sum() == len(tables) * len(PLANTS), "every plant once"
    assert all(corpus in estimates_table(counts) for corpus, _ in GROUPS)
    done, of = counts.sum(axis=0).T
    return {kind: float(share) for kind, share in zip(KINDS, done / of, strict=True)}


def test_where_figures_tell_the_kinds_apart_so_does_the_estimate() -> None:
    shares = estimated(telling=True)
    assert shares.pop("too_broad") >= 0.75, "all that is asked"
    assert min(shares.values()) > 0.9


def test_where_they_do_not_what_is_kept_and_what_is_removed_cannot_both_be_high() -> None:
    shares = estimated(telling=False)
    assert shares["good"] + shares["off_category"] < 1.4
