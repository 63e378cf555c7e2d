"""`python -m benchmarks panels`: measure the chosen panels on the chosen corpora, and write what was asked for."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal

import orjson

from benchmarks.panels.debates import CORPORA, PanelRun, corpus_config, indexed, panel_section, run_panel
from benchmarks.panels.page import page, report
from benchmarks.panels.plants import FOLDER, HALVES, Half, load_plants
from benchmarks.panels.scoring import ends_of
from graph.progress import progress_for_terminal
from litelong import UsageError
from tools.files import write_atomic


@dataclass(frozen=True, slots=True)
class Choice:
    """What to measure. `half` decides which categories are debated at all."""

    corpora: tuple[str, ...]
    panels: tuple[str, ...]
    half: Half | Literal["both", "all"]
    data: Path | None = None
    cache: Path | None = None
    plants: Path | None = None
    seed: int = 0

    @property
    def halves(self) -> tuple[Half, ...]:
        if self.half == "both":
            return ("tune", "held-out")
        return HALVES if self.half == "all" else (self.half,)


def measure(choice: Choice, out: Path | None = None, fates: Path | None = None) -> str:
    """Debate, write the page and the fates, and return the tables as Markdown. Raises `UsageError`."""
    runs = list(run_all(choice))
    if fates:
        write_atomic(fates, fates_jsonl(runs))
    if out:
        write_atomic(out, page(runs, command(choice, out), choice.seed).encode())
    return "\n\n".join(report(list(group), 1) for _, group in groupby(runs, lambda run: run.garden.corpus)) + "\n"


def run_all(choice: Choice) -> Iterator[PanelRun]:
    """Corpus by corpus, panel by panel; what can be wrong is looked at before the first debate."""
    progress = progress_for_terminal()
    gardens = [load_plants(corpus, choice.plants or FOLDER).part(choice.halves) for corpus in choice.corpora]
    configs = [corpus_config(g.corpus, choice.data, g.context_length) for g in gardens]
    for garden in gardens:
        if not garden.beds:
            raise UsageError(f"plants of {garden.corpus}: none of the categories is {choice.half}")
    for panel in choice.panels:
        panel_section(panel)
    for garden, config in zip(gardens, configs, strict=True):
        with indexed(config, choice.cache, progress) as ready:
            for panel in choice.panels:
                yield run_panel(ready, garden, panel, choice.seed, progress)


def fates_jsonl(runs: Sequence[PanelRun]) -> bytes:
    """A line for every plant of every run: how it ended, who decided and why, the critics' words and the evidence."""
    lines = []
    for run in runs:
        for end in ends_of(run.fates):
            fate = asdict(end.fate)
            fate["figures"] = dict(end.fate.figures)
            row = {"corpus": run.garden.corpus, "panel": run.panel, "removed": end.removed, "how": end.how, **fate}
            lines.append(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
    return b"".join(lines)


def command(choice: Choice, out: Path) -> str:
    """The command that gives this page again, for a folder of the reader's own."""
    words = ["python", "-m", "benchmarks", "panels"]
    every = choice.corpora == CORPORA
    words += ["--all"] if every else ["--corpus", choice.corpora[0]]
    words += [] if every and choice.half == "all" else ["--half", choice.half]
    standard = ("lexical", "perfect", "random") if every else ()
    for panel in choice.panels:
        words += [] if panel in standard else ["--panel", panel]
    words += ["--data", "FOLDER"] if choice.data else []
    words += ["--seed", str(choice.seed)] if choice.seed else []
    return shlex.join([*words, "--out", f"{out.parent.name}/{out.name}" if out.parent.name else out.name])
