"""The page `docs/panels.md`: what is measured, how, on what, and every table. Made by the command that it names."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from benchmarks.machine import machine
from benchmarks.panels.debates import CONTROLS, PanelRun
from benchmarks.panels.plants import HALVES, KINDS, Half
from benchmarks.panels.tables import endings_table, halves_of, reasons_table, shares_table, spending_table

IN: dict[Half, str] = {"tune": "in the tune half", "held-out": "in the held-out half", "further": "further ones"}
INTRODUCTION = """\
# How well a panel judges topics

This page is written by

    {command}

and holds what that command measured. `FOLDER` is made by `python -m benchmarks.debian_corpus FOLDER`.

## What is measured

Topics of known kind (plants) are put on the table of real debates, beside the topics that the panel's own proposers put
there. The debates are litelong's `debate` graph over the corpus's real BM25 index; then the panel's critics and judges do
their work, and what became of every plant is counted.

| kind | a plant of this kind | counts as |
| --- | --- | --- |
| good | is a subject of the category that the corpus can fill | kept when it or its equal stands (see below) |
| off category | is a subject of another category | removed when no topic of its title stands |
| duplicate | says a good plant in other words | removed when the two do not both stand |
| too broad | is no subject but a whole field | removed when no topic of its title stands |
| unfillable | belongs to the category, and the corpus has too little about it | removed when no topic of its title stands |

A good plant counts as kept, too, when one of its paraphrases stands instead, or when it was rejected as alike to a topic
of the panel's own that stands; the tables of endings count these apart. To fall to another good plant is to be removed. When the
panel's own proposers put forward a topic with the title of a plant, the two are one: the plant stands if either does.

Plants were written by people who did not know the panel, and frozen: `benchmarks/plants/digests.json` holds their
SHA-256, and a file that differs is refused. A category is held out when the SHA-256 of its path begins with 8 to f, and plants
of held-out categories were not looked at. Weights and thresholds were chosen on the other half and on further categories that
were written later, by others, to tune on (`CORPUS-tuning.json`; none is held out): they are in neither half and have a table
of their own. What was chosen, and by what estimate before the held-out half was measured, stands in
[how the lexical panels were fitted](panels-fit.md).

The held-out half's counts were looked at five times: each version of the scores was measured there when it was final, and the
counts told what to work on next. Weights and thresholds were always chosen on the plants to tune on, and committed before the
look. What the third and the fourth version of `lexical+minilm` did there (factbook, debian, in per cent):

| version | good, kept | off category | duplicates | unfillable |
| --- | --- | --- | --- | --- |
| third | 94.3, 95.8 | 100, 98.8 | 100, 96.2 | 93.1, 98.8 |
| fourth: how much of the corpus has 60 and 80 % of a title, not half | 94.3, 95.0 | 100, 98.8 | 100, 96.2 | 94.8, 98.8 |

The fifth is the one measured here. Of the 356 unfillable plants to tune on the fourth removed all but three, so they
told nothing more; three writers who did not know the panels wrote 484 harder ones (`benchmarks/plants/README.md`). With
them the sentence model was found to help: it compares a title with what its documents say around the title's words. The
proposers changed, too: they propose more various topics.

Two scripted panels check the measurement. `perfect` knows the kind of every plant and accepts all else; `random` tosses
a coin for every topic. Beside them stands what a coin gets by chance: one half; three quarters of the pairs, because
only one in four keeps both; more than one half of the good ones that have a paraphrase.

An entry is the share, in parentheses the count, in brackets Wilson's 95 % interval in per cent. The interval takes
plants for independent; those of one category share a debate, so it is somewhat too narrow.

Agents cannot tell a plant by its id, which has the form of every other, nor one kind of plant from another: their
explanations are all empty and they come in an order shuffled by a seed ({seed}). Plants sit with the model `lexical`, so
under `reviews: others` a lexical critic beside a language model's proposer passes over them.
"""


def page(runs: Sequence[PanelRun], command: str, seed: int) -> str:
    """The whole page. `runs` come corpus by corpus; the order of panels is kept."""
    parts = [INTRODUCTION.format(command=command, seed=seed), f"Machine: {machine()}."]
    parts += [report(list(group), 2) for _, group in groupby(runs, key=lambda run: run.garden.corpus)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def report(runs: Sequence[PanelRun], level: int) -> str:
    """Sizes and tables of the runs of one corpus, under a heading of that level."""
    marks = "#" * level
    parts = [f"{marks} Corpus: {runs[0].garden.corpus}", sizes(runs)]
    for half in halves_of(runs):
        parts += [shares_table(runs, half)]
    spending = spending_table(runs)
    parts += [f"{marks}# What language models took", spending] if spending else []
    parts += [f"{marks}# How good topics and pairs ended", endings_table(runs)]
    for run in runs:
        # What a control removes and why is known beforehand; alone it was asked for.
        if run.panel not in CONTROLS or len(runs) == 1:
            parts += [f"{marks}# `{run.panel}`: by whom and why", reasons_table(run)]
    return "\n\n".join(parts)


def sizes(runs: Sequence[PanelRun]) -> str:
    """The corpus, its plants, and the debates' time in a paragraph."""
    size, garden = runs[0].sizes, runs[0].garden
    kinds = Counter(plant.kind for bed in garden.beds for plant in bed.plants)
    halves = Counter(bed.half for bed in garden.beds)
    of_half = ", ".join(f"{halves[half]} {IN[half]}" for half in HALVES if halves[half])
    of_kind = ", ".join(f"{kinds[kind]} {kind.replace('_', ' ')}" for kind in KINDS if kinds[kind])
    times = ", ".join(f"{run.panel} {run.seconds / len(run.garden.beds):.2f} s" for run in runs)
    own = ", ".join(f"{run.panel} {run.own_accepted:,} of {run.own_proposed:,}" for run in runs)
    return (
        f"{size.documents:,} documents, about {size.tokens:,} tokens; a topic must fill {size.target_tokens:,} tokens. "
        f"{len(garden.beds)} categories ({of_half}). {kinds.total():,} plants: {of_kind}. "
        f"Wall time of a debate: {times}. Topics of the panel's own proposers that were accepted: {own}."
    )
