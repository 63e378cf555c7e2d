"""Scores from evidence: logistic combinations of a few figures, one set of weights for each family of panels without a model.

The weights are those that `python -m benchmarks fit --data FOLDER` prints: logistic regressions on the tuning half of the
planted topics of two corpora of different kinds (docs/panels.md), with all kinds weighing the same. 0.5 is where one
kind of plant becomes as likely as the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp

Features = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Score:
    """A probability (0 to 1) from figures: the logistic function of their weighted sum and an intercept."""

    weights: Mapping[str, float]
    intercept: float

    def of(self, figures: Features) -> float:
        """Rounded to three decimals, so that no comparison hangs on the last bits of a cosine."""
        logit = self.intercept + sum(weight * figures[name] for name, weight in self.weights.items())
        return round(1.0 / (1.0 + exp(-max(-60.0, min(60.0, logit)))), 3)


@dataclass(frozen=True, slots=True)
class Scores:
    """What a family of panels tells from evidence: that a topic belongs to its category, that the corpus holds it, that it
    is too broad, that two say the same.
    """

    belongs: Score
    held: Score
    broad: Score
    same: Score


BELONGS = {
    "lexical": ("lift", "share"),
    "lexical+wordllama": ("lift", "share", "title", "passages"),
}
HELD = ("coverage", "filled")
BROAD = {
    "lexical": ("of_fields", "named", "words"),
    "lexical+wordllama": ("near_many", "above", "of_fields", "named", "words"),
}
SAME = {
    "lexical": ("shared_words", "documents"),
    "lexical+wordllama": ("titles", "passages"),
}
"""Which figures each score is made of. More of them gained nothing in cross-validation."""

_HELD = Score({"coverage": 8.94, "filled": 1.33}, -5.25)
LEXICAL = Scores(
    belongs=Score({"lift": 1.42, "share": 6.06}, -1.90),
    held=_HELD,
    broad=Score({"of_fields": 3.85, "named": 2.52, "words": -2.45}, 2.19),
    same=Score({"shared_words": 6.71, "documents": 0.96}, -1.02),
)
WORDLLAMA = Scores(
    # Fitted: -3.64. Moved by 0.4: of the tuning half's good topics that were lost most were lost here, and no other kind gained.
    belongs=Score({"lift": 0.85, "share": 1.66, "title": 0.61, "passages": 1.30}, -3.24),
    held=_HELD,
    broad=Score({"near_many": 79.26, "above": 7.23, "of_fields": -1.33, "named": 2.54, "words": -2.38}, -10.34),
    same=Score({"titles": 5.80, "passages": 3.10}, -1.61),
)
FAMILIES = {"lexical": LEXICAL, "lexical+wordllama": WORDLLAMA}
