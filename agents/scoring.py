"""Scores from evidence: logistic combinations of a few figures, one set of weights for each family of panels without a model.

The weights and thresholds are those that `python -m benchmarks fit --data FOLDER` prints: logistic regressions on planted
topics to tune on, of two corpora of different kinds (docs/panels.md), with all kinds weighing the same. 0.5 is where one
kind of plant becomes as likely as the other; the thresholds are where whole debates end best.
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
class Thresholds:
    """Where the line is drawn. Scores and shares are 0 to 1."""

    min_documents: int = 3
    min_belongs: float = 0.5
    min_held: float = 0.5
    min_supported: float = 0.5
    """Of the target: the rest is filled with documents that the topic's words find beside the category's."""
    max_share_of_corpus: float = 0.5
    max_broad: float = 0.87
    max_alike: float = 0.5


@dataclass(frozen=True, slots=True)
class Scores:
    """What a family of panels tells from evidence: that a topic belongs to its category, that the corpus holds it, that it
    is too broad, that two say the same; and where it draws the line.
    """

    belongs: Score
    held: Score
    broad: Score
    same: Score
    thresholds: Thresholds


HELD = ("coverage", "filled")
FIGURES: dict[str, dict[str, tuple[str, ...]]] = {
    "lexical": {
        "belongs": ("lift", "share"),
        "held": HELD,
        "broad": ("of_fields", "named", "words"),
        "same": ("shared_words", "documents"),
    },
    "lexical+wordllama": {
        "belongs": ("share", "title", "passages", "like_category"),
        "held": HELD,
        "broad": ("near_many", "above", "named", "words"),
        "same": ("titles", "cross", "differ"),
    },
    "lexical+minilm": {
        "belongs": ("share", "minilm_title", "like_category"),
        "held": ("filled_0.6", "filled_0.8", "minilm_said"),
        "broad": ("minilm_above", "named", "words"),
        "same": ("minilm_titles", "titles", "cross", "differ"),
    },
}
"""Which figures each score of a family is made of. More of them gained nothing in cross-validation."""

_HELD = Score({"coverage": 8.12, "filled": 0.54}, -5.53)
FAMILIES = {
    "lexical": Scores(
        belongs=Score({"lift": 0.81, "share": 3.57}, -1.10),
        held=_HELD,
        broad=Score({"of_fields": 3.42, "named": 1.89, "words": -1.69}, 1.09),
        same=Score({"shared_words": 5.95, "documents": 5.17}, -1.02),
        thresholds=Thresholds(min_belongs=0.6, min_held=0.55, min_supported=0.25, max_broad=0.73, max_alike=0.35),
    ),
    "lexical+wordllama": Scores(
        belongs=Score({"share": 1.42, "title": 0.49, "passages": 0.74, "like_category": 6.65}, -2.24),
        held=_HELD,
        broad=Score({"near_many": 46.46, "above": 4.75, "named": 1.59, "words": -1.57}, -6.01),
        same=Score({"titles": 3.84, "cross": 4.07, "differ": -0.47}, 3.14),
        thresholds=Thresholds(min_belongs=0.45, min_held=0.55, min_supported=0.25, max_broad=0.92, max_alike=0.43),
    ),
    "lexical+minilm": Scores(
        belongs=Score({"share": 1.31, "minilm_title": 1.03, "like_category": 6.07}, -2.39),
        held=Score({"filled_0.6": 0.50, "filled_0.8": 1.17, "minilm_said": 9.93}, -3.74),
        broad=Score({"minilm_above": 8.15, "named": 2.37, "words": -1.12}, -0.53),
        same=Score({"minilm_titles": 5.54, "titles": 1.11, "cross": 3.34, "differ": -2.28}, 3.53),
        thresholds=Thresholds(min_belongs=0.5, min_held=0.5, min_supported=0.25, max_broad=0.92, max_alike=0.57),
    ),
}
