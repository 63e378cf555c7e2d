"""`python -m benchmarks fit`: the weights of agents/scoring.py, from the tuning half of the plants and nothing else.

Every score is a logistic regression (scikit-learn, L2 with C = 1 on standardised figures, all kinds weighing the same)
over both corpora together. Beside its weights stands what it separates in categories that it was not fitted on (ten
folds by category), so that a figure that only fits is seen.
"""

import asyncio
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agents.evidence import look_up
from agents.figures import figures_of_each, figures_of_pairs
from agents.lexical import LexicalProposer
from agents.library import Library
from agents.messages import Brief, Proposal
from agents.scoring import BELONGS, BROAD, HELD, SAME
from benchmarks.markdown import table
from benchmarks.panels.debates import CORPORA, corpus_config, indexed
from benchmarks.panels.plants import TUNING, Bed, Plant, load_plants
from graph.config import load_config
from graph.progress import progress_for_terminal
from graph.studio import opened

FOLDS = 10


@dataclass(frozen=True, slots=True)
class Row:
    """One plant (or two) as a score sees it: its figures, and whether it is what the score is to tell (None: neither)."""

    corpus: str
    category: str
    figures: dict[str, float]
    label: bool | None


@dataclass(frozen=True, slots=True)
class Studied:
    """A category's plants with the figures of each, and of each two of them."""

    corpus: str
    bed: Bed
    figures: list[dict[str, float]]
    pairs: list[tuple[Plant, Plant, dict[str, float]]]


def fit(data: Path | None, cache: Path | None, families: Sequence[str]) -> str:
    """The weights of every score of the families, as Markdown."""
    parts = []
    for family in families:
        studied = list(study(family, data, cache))
        parts.append(f"## {family}\n\n" + weights_table(family, studied))
    return "\n\n".join(parts) + "\n"


def study(family: str, data: Path | None, cache: Path | None) -> Iterator[Studied]:
    """The tuning half of both corpora. The panel's own proposals lie on the table, too, as in a debate."""
    progress = progress_for_terminal()
    seats = [f"debate.{kind}s=[{{role: {kind}, model: {family}}}]" for kind in ("proposer", "critic", "judge")]
    section = load_config({"corpus": {"path": "demo"}}, seats).debate
    for corpus in CORPORA:
        garden = load_plants(corpus).part(TUNING)
        config = corpus_config(corpus, data, garden.context_length)
        with indexed(config, cache, progress) as ready, tempfile.TemporaryDirectory() as folder:
            run = ready.run.model_copy(update={"out": str(Path(folder, "run"))})
            with (
                opened(ready.model_copy(update={"debate": section, "run": run})) as context,
                progress.stage(f"{family}, {corpus}", len(garden.beds)) as tick,
            ):
                for bed in garden.beds:
                    yield _study(corpus, context.library, context.brief(bed.category), bed)
                    tick(1)


def _study(corpus: str, library: Library, brief: Brief, bed: Bed) -> Studied:
    own = asyncio.run(LexicalProposer(library).propose(brief, ()))
    planted = [plant.title for plant in bed.plants]
    titles = [*planted, *(draft.title for draft in own if draft.title not in planted)]
    looked = [look_up(library, brief, Proposal(str(n), "", 1, title, "")) for n, title in enumerate(titles)]
    tables = figures_of_pairs(library, brief, looked)
    pairs = [
        (bed.plants[a], bed.plants[b], {name: float(values[a, b]) for name, values in tables.items()})
        for a, b in combinations(range(len(planted)), 2)
    ]
    return Studied(corpus, bed, figures_of_each(library, brief, looked)[: len(planted)], pairs)


def rows_of(studied: Sequence[Studied]) -> dict[str, list[Row]]:
    """For every score its rows. Paraphrases of good topics are good of their kind, except for what the corpus holds."""
    kinds: dict[str, Callable[[Plant], bool | None]] = {
        "belongs": lambda p: {"good": True, "duplicate": True, "off_category": False}.get(p.kind),
        "held": lambda p: {"good": True, "unfillable": False}.get(p.kind),
        "broad": lambda p: {"good": False, "duplicate": False, "too_broad": True}.get(p.kind),
    }
    rows: dict[str, list[Row]] = {name: [] for name in (*kinds, "same")}
    for one in studied:
        for plant, figures in zip(one.bed.plants, one.figures, strict=True):
            for name, label in kinds.items():
                rows[name].append(Row(one.corpus, one.bed.category, figures, label(plant)))
        for a, b, figures in one.pairs:
            rows["same"].append(Row(one.corpus, one.bed.category, figures, _same(a, b)))
    return {name: [row for row in all_ if row.label is not None] for name, all_ in rows.items()}


def _same(one: Plant, other: Plant) -> bool | None:
    if {one.kind, other.kind} == {"good"}:
        return False
    if {one.kind, other.kind} == {"good", "duplicate"}:
        return one.of == other.title or other.of == one.title
    return None


def weights_table(family: str, studied: Sequence[Studied]) -> str:
    """A row for each score: its weights, its intercept, and the share of pairs of rows that it orders rightly."""
    used = {"belongs": BELONGS[family], "held": HELD, "broad": BROAD[family], "same": SAME[family]}
    lines = []
    for name, rows in rows_of(studied).items():
        weights, intercept = regress(rows, used[name])
        held_out = cross_validated(rows, used[name])
        ordered = [f"{auc(rows, held_out, corpus):.3f}" for corpus in CORPORA]
        shown = ", ".join(f'"{figure}": {weight:.2f}' for figure, weight in zip(used[name], weights, strict=True))
        lines.append([name, f"{{{shown}}}", f"{intercept:.2f}", *ordered])
    return table(["score", "weights", "intercept", *(f"AUC, {corpus}" for corpus in CORPORA)], lines, right=3)


def regress(rows: Sequence[Row], names: Sequence[str]) -> tuple[NDArray[np.float64], float]:
    """Weights [figures] and intercept of the logistic regression over `rows`."""
    from sklearn.linear_model import LogisticRegression

    figures = _matrix(rows, names)
    mean, spread = figures.mean(axis=0), figures.std(axis=0)
    model = LogisticRegression(C=1.0, class_weight="balanced").fit(
        (figures - mean) / spread, [row.label for row in rows]
    )
    weights = np.asarray(model.coef_[0] / spread, dtype=np.float64)
    return weights, float(model.intercept_[0] - weights @ mean)


def cross_validated(rows: Sequence[Row], names: Sequence[str]) -> NDArray[np.float64]:
    """Each row's logit [rows] by a model of the other folds; a category is in one fold."""
    from sklearn.model_selection import GroupKFold

    figures, logits = _matrix(rows, names), np.zeros(len(rows))
    groups = [f"{row.corpus} {row.category}" for row in rows]
    for train, test in GroupKFold(FOLDS).split(figures, groups=groups):
        weights, intercept = regress([rows[n] for n in train], names)
        logits[test] = figures[test] @ weights + intercept
    return logits


def auc(rows: Sequence[Row], logits: NDArray[np.float64], corpus: str) -> float:
    """The share of pairs (one with the label, one without) of a corpus that the logits order rightly."""
    yes, no = (
        np.array([x for row, x in zip(rows, logits, strict=True) if row.corpus == corpus and row.label is label])
        for label in (True, False)
    )
    return float(((yes[:, None] > no).mean() + (yes[:, None] >= no).mean()) / 2)


def _matrix(rows: Sequence[Row], names: Sequence[str]) -> NDArray[np.float64]:
    return np.array([[row.figures[name] for name in names] for row in rows], dtype=np.float64)
