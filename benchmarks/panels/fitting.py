"""`python -m benchmarks fit`: the weights and thresholds of agents/scoring.py, from plants to tune on and nothing else.

Every score is a logistic regression (scikit-learn, L2 with C = 0.1 on standardised figures; both corpora and both kinds of
rows weigh the same). Beside its weights stands what it separates in categories that it was not fitted on (ten folds by
category), and below how whole debates end there (benchmarks/panels/estimating.py), so that what only fits is seen.
"""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agents.evidence import evidence_of, look_up
from agents.figures import Looked, figures_of_each, figures_of_pairs
from agents.lexical import LexicalProposer
from agents.library import Library
from agents.messages import Brief, Candidate, Proposal
from agents.scoring import FIGURES, Score
from benchmarks.markdown import table
from benchmarks.panels.debates import CORPORA, corpus_config, indexed
from benchmarks.panels.plants import TUNING, Bed, Kind, Plant, load_plants
from graph.config import load_config
from graph.progress import progress_for_terminal
from graph.studio import opened
from tools.files import write_atomic

FOLDS = 10
OTHERS: tuple[Kind, ...] = ("off_category", "unfillable")
"""Kinds that are no good topic's subject: said beside a good one, they teach what is not the same."""


@dataclass(frozen=True, slots=True)
class Row:
    """One plant (or two) as a score sees it: its figures, and whether it is what the score is to tell (None: neither).

    `place` is that of its category among those studied.
    """

    place: int
    corpus: str
    figures: dict[str, float]
    label: bool | None


@dataclass(frozen=True, slots=True)
class Studied:
    """A category's table: its plants in the bed's order, then the panel's own proposals.

    `figures`: name -> [titles]; `pairs`: name -> [titles, titles]. `apart`: the same for the table without duplicates and
    too broad ones, where every title's likeness is judged beside other neighbours; the rows of those are nan.
    """

    corpus: str
    bed: Bed
    target_tokens: int
    candidates: list[Candidate]
    figures: dict[str, NDArray[np.float64]]
    pairs: dict[str, NDArray[np.float64]]
    apart: dict[str, NDArray[np.float64]]


INTRODUCTION = """\
# How the lexical panels were fitted

This page is written by `python -m benchmarks fit --data FOLDER --out docs/panels-fit.md`. agents/scoring.py holds its weights and
thresholds. It sees the plants of the tuning half and the further ones, never those of the held-out half
([what plants are, and how the panels do there](panels.md)).

For each family of panels: the weights of its scores, and the share of pairs of plants, one of each kind, that a score orders
rightly in categories that it was not fitted on (AUC); the thresholds; and how whole debates are estimated to end in categories
that neither weights nor thresholds were chosen on (ten folds by category; good topics kept, others removed). The estimate leaves
out what the panel proposes in later rounds. Which figures a score is made of was chosen by this estimate, among about fifty
combinations, so it flatters a little.
"""


def fit(data: Path | None, cache: Path | None, families: Sequence[str], out: Path | None = None) -> str:
    """The weights and thresholds of the families, and how well they do, as Markdown; also written to `out` as a page."""
    from benchmarks.panels.estimating import Estimate, estimates_table

    parts = []
    for family in families:
        studied = list(study(family, data, cache))
        estimate = Estimate(family, studied)
        chosen = estimate.choose(range(len(studied)))
        counts = estimate.cross_validated()
        parts += [f"## {family}", weights_table(family, studied), f"`{chosen}`", estimates_table(counts)]
    said = "\n\n".join(parts) + "\n"
    if out:
        write_atomic(out, f"{INTRODUCTION}\n{said}".encode())
    return said


def study(family: str, data: Path | None, cache: Path | None) -> Iterator[Studied]:
    """The categories to tune on, of both corpora. The panel's own proposals lie on the table, too, as in a debate."""
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
                proposer = LexicalProposer(context.library)
                for bed in garden.beds:
                    brief = context.brief(bed.category)
                    own = asyncio.run(proposer.propose(brief, ()))
                    yield _study(corpus, context.library, brief, bed, [draft.title for draft in own])
                    tick(1)


def _study(corpus: str, library: Library, brief: Brief, bed: Bed, own: Sequence[str]) -> Studied:
    planted = [plant.title for plant in bed.plants]
    titles = [*planted, *(title for title in own if title not in planted)]
    proposals = [Proposal(str(n), "", 1, title, "") for n, title in enumerate(titles)]
    looked = [look_up(library, brief, proposal) for proposal in proposals]
    figures = figures_of_each(library, brief, looked)
    evidence = evidence_of(library, brief, proposals, looked)
    return Studied(
        corpus,
        bed,
        library.target_tokens,
        [Candidate(*both) for both in zip(proposals, evidence, strict=True)],
        {name: np.array([row[name] for row in figures], dtype=np.float64) for name in figures[0]},
        figures_of_pairs(library, brief, looked),
        _apart(library, brief, looked, bed),
    )


def _apart(library: Library, brief: Brief, looked: Sequence[Looked], bed: Bed) -> dict[str, NDArray[np.float64]]:
    kinds = [plant.kind for plant in bed.plants]
    places = [n for n in range(len(looked)) if n >= len(kinds) or kinds[n] in {"good", *OTHERS}]
    tables = {}
    for name, values in figures_of_pairs(library, brief, [looked[n] for n in places]).items():
        tables[name] = np.full((len(looked), len(looked)), np.nan)
        tables[name][np.ix_(places, places)] = values
    return tables


def rows_of(studied: Sequence[Studied]) -> dict[str, list[Row]]:
    """For every score its rows. Paraphrases of good topics are good of their kind, except for what the corpus holds."""
    kinds: dict[str, Callable[[Plant], bool | None]] = {
        "belongs": lambda p: {"good": True, "duplicate": True, "off_category": False}.get(p.kind),
        "held": lambda p: {"good": True, "unfillable": False}.get(p.kind),
        "broad": lambda p: {"good": False, "duplicate": False, "too_broad": True}.get(p.kind),
    }
    rows: dict[str, list[Row]] = {name: [] for name in (*kinds, "same")}
    for place, one in enumerate(studied):
        for n, plant in enumerate(one.bed.plants):
            figures = {name: float(values[n]) for name, values in one.figures.items()}
            for name, label in kinds.items():
                rows[name].append(Row(place, one.corpus, figures, label(plant)))
        for (a, plant), (b, other) in combinations(enumerate(one.bed.plants), 2):
            figures = {name: float(values[a, b]) for name, values in one.pairs.items()}
            rows["same"].append(Row(place, one.corpus, figures, _same(plant, other)))
            figures = {name: float(values[a, b]) for name, values in one.apart.items()}
            rows["same"].append(Row(place, one.corpus, figures, _same_apart(plant, other)))
    return {name: [row for row in all_ if row.label is not None] for name, all_ in rows.items()}


def _same(one: Plant, other: Plant) -> bool | None:
    if {one.kind, other.kind} == {"good"}:
        return False
    if {one.kind, other.kind} == {"good", "duplicate"}:
        return one.of == other.title or other.of == one.title
    return None


def _same_apart(one: Plant, other: Plant) -> bool | None:
    kinds = {one.kind, other.kind}
    return False if "good" in kinds and kinds <= {"good", *OTHERS} else None


def weights_table(family: str, studied: Sequence[Studied]) -> str:
    """A row for each score: its weights, its intercept, and the share of pairs of rows that it orders rightly."""
    lines = []
    for name, rows in rows_of(studied).items():
        used = FIGURES[family][name]
        score = regress(rows, used)
        held_out = cross_validated(rows, used, folds_of(studied))
        ordered = [f"{auc(rows, held_out, corpus):.3f}" for corpus in CORPORA]
        shown = ", ".join(f'"{figure}": {weight:.2f}' for figure, weight in score.weights.items())
        lines.append([name, f"{{{shown}}}", f"{score.intercept:.2f}", *ordered])
    return table(["score", "weights", "intercept", *(f"AUC, {corpus}" for corpus in CORPORA)], lines, right=3)


def regress(rows: Sequence[Row], names: Sequence[str]) -> Score:
    """The logistic regression over `rows`."""
    from sklearn.linear_model import LogisticRegression

    figures = _matrix(rows, names)
    mean, spread = figures.mean(axis=0), figures.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    kinds = [(row.corpus, row.label) for row in rows]
    counts = Counter(kinds)
    model = LogisticRegression(C=0.1).fit(
        (figures - mean) / spread,
        [row.label for row in rows],
        sample_weight=[len(rows) / len(counts) / counts[kind] for kind in kinds],
    )
    weights = model.coef_[0] / spread
    named = dict(zip(names, map(float, weights), strict=True))
    return Score(named, float(model.intercept_[0] - weights @ mean))


def folds_of(studied: Sequence[Studied]) -> NDArray[np.int64]:
    """The fold of each category [studied], dealt out evenly within each corpus in an order shuffled by a seed (0)."""
    random, folds = np.random.default_rng(0), np.zeros(len(studied), dtype=np.int64)
    for corpus in CORPORA:
        places = [place for place, one in enumerate(studied) if one.corpus == corpus]
        random.shuffle(places)
        folds[places] = np.arange(len(places)) % FOLDS
    return folds


def cross_validated(rows: Sequence[Row], names: Sequence[str], folds: NDArray[np.int64]) -> NDArray[np.float64]:
    """Each row's logit [rows] by a model of the other folds; `folds` [categories] has the fold of each row's category."""
    figures, of_row = _matrix(rows, names), np.array([folds[row.place] for row in rows])
    logits = np.zeros(len(rows))
    for fold in set(of_row.tolist()):
        score = regress([row for row, other in zip(rows, of_row, strict=True) if other != fold], names)
        logits[of_row == fold] = figures[of_row == fold] @ list(score.weights.values()) + score.intercept
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
