"""Running the debates: the `debate` graph over a corpus's real index, the panel under test with the plant seats beside it.

Everything but the panel and the context length is litelong's default. The index is built once a corpus and used by
every panel.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver

from agents.messages import Brief, Outcome
from agents.outcome import conclude
from agents.protocols import DebateError
from agents.roles import LEXICAL
from benchmarks.panels.fates import Fate, fates_of
from benchmarks.panels.plants import Bed, Garden
from benchmarks.panels.seats import PLANTED, register_perfect, register_plants, register_random
from benchmarks.panels.spending import Spent, spent
from graph.config import Config, load_config
from graph.context import RunContext
from graph.debate import CompiledDebate, debate_of
from graph.debate_section import DebateSection, SeatSection
from graph.indexing import index_corpus
from graph.parts import spec_of
from graph.progress import Progress, Tick
from graph.running import blocking
from graph.stages.debate import SIDE_BY_SIDE
from graph.studio import opened
from litelong import UsageError

CONTROLS = ("perfect", "random")
CORPORA = ("factbook", "debian")


@dataclass(frozen=True, slots=True)
class Sizes:
    """The corpus: documents, about how many tokens they hold, and those that a topic must fill."""

    documents: int
    tokens: int
    target_tokens: int


@dataclass(frozen=True, slots=True)
class PanelRun:
    """One panel on one corpus: every plant's fate, the panel's own topics, and wall seconds of all debates together."""

    garden: Garden
    panel: str
    fates: tuple[Fate, ...]
    own_proposed: int
    own_accepted: int
    seconds: float
    sizes: Sizes
    spent: Spent


def corpus_config(corpus: str, data: Path | None, context_length: int) -> Config:
    """The configuration of a benchmark corpus. Raises `UsageError` for an unknown one, or one that is not there."""
    if corpus not in CORPORA:
        raise UsageError(f"--corpus {corpus}: unknown corpus; there are: {', '.join(CORPORA)}")
    path = "demo"
    if corpus == "debian":
        if data is None or not any(data.glob("*.jsonl")):
            raise UsageError(
                f"--data {data or 'FOLDER'}: the debian corpus is a folder of JSONL files, and there are none; make it with "
                "`python -m benchmarks.debian_corpus FOLDER`"
            )
        path = str(data)
    packing = {"context_length": context_length}
    return load_config({"corpus": {"path": path, "source": corpus}, "packing": packing})


def panel_section(panel: str) -> DebateSection:
    """The seats of `lexical`, of a control, or of a YAML file's `debate` section. Raises `UsageError`."""
    if panel == "lexical":
        return DebateSection()
    if panel in CONTROLS:
        return DebateSection(
            critics=(SeatSection(role=f"{panel}-critic"),), judges=(SeatSection(role=f"{panel}-judge"),)
        )
    if not panel.endswith((".yaml", ".yml")):
        raise UsageError(
            f"--panel {panel}: unknown panel; there are: lexical, {', '.join(CONTROLS)}, or a PATH.yaml with a `debate` section"
        )
    # Its other sections may be any run's: only the panel is measured here.
    section = load_config(panel, ["corpus.path=demo"]).debate
    if section.protocol in {"single", "reflect"}:
        raise UsageError(
            f"--panel {panel}: under debate.protocol {section.protocol} nobody judges what others propose; use litelong, "
            "multi_round or vote"
        )
    return section


@contextmanager
def indexed(config: Config, cache: Path | None, progress: Progress) -> Iterator[Config]:
    """The configuration with an index to use: one kept in `cache` under the corpus's fingerprint, or a temporary one."""
    with tempfile.TemporaryDirectory(prefix="litelong-panels-") as folder:
        c = config.corpus
        index = (cache or Path(folder)).absolute() / f"{c.source}-{spec_of(config).open(None).fingerprint()[:16]}"
        if not (index / "index.json").exists():
            index_corpus(config, index, progress)
        yield config.model_copy(update={"search": config.search.model_copy(update={"index": str(index)})})


def run_panel(config: Config, garden: Garden, panel: str, seed: int, progress: Progress) -> PanelRun:
    """Debate every category of `garden` with the panel. `config` names the index. Raises `UsageError`."""
    section = panel_section(panel)
    register_perfect(garden)
    register_random(seed)
    register_plants(garden, seed, before=len(section.proposers))
    with tempfile.TemporaryDirectory(prefix="litelong-panels-") as folder:
        seats = _seats_needed(_with(config, section, Path(folder, "briefs")), garden)
        planted = (SeatSection(role=PLANTED),) * seats
        section = section.model_copy(update={"proposers": (*section.proposers, *planted)})
        with opened(_with(config, section, Path(folder, "debates"))) as context:
            plant_seats = frozenset(seat.name for seat in context.parts.seats if seat.role == PLANTED)
            with progress.stage(panel, len(garden.beds)) as tick:
                began = time.monotonic()
                results = blocking(_debate_all(context, garden.beds, plant_seats, tick))
                seconds = time.monotonic() - began
            return PanelRun(
                garden,
                panel,
                tuple(fate for result in results for fate in result.fates),
                sum(result.own_proposed for result in results),
                sum(result.own_accepted for result in results),
                seconds,
                _sizes(context),
                spent([result.outcome for result in results], section.models, sum(result.dead for result in results)),
            )


@dataclass(frozen=True, slots=True)
class _Result:
    fates: list[Fate]
    own_proposed: int
    own_accepted: int
    outcome: Outcome
    dead: bool


async def _debate_all(
    context: RunContext, beds: Sequence[Bed], plant_seats: frozenset[str], tick: Tick
) -> list[_Result]:
    # What a debate that comes to nothing had on its table is read from its last checkpoint.
    graph = debate_of(context, None if _is_lexical(context) else InMemorySaver())
    room = asyncio.Semaphore(SIDE_BY_SIDE)

    async def one(bed: Bed) -> _Result:
        async with room:
            result = await _debate(graph, bed, plant_seats)
        tick(1)
        return result

    return list(await asyncio.gather(*(one(bed) for bed in beds)))


async def _debate(graph: CompiledDebate, bed: Bed, plant_seats: frozenset[str]) -> _Result:
    thread: RunnableConfig = {"configurable": {"thread_id": bed.category}}
    dead = False
    try:
        state: Any = await graph.ainvoke({"category": bed.category}, thread)
    except DebateError:
        dead = True
        state = (await graph.aget_state(thread)).values
        gone = state.get("withdrawals", [])
        state["outcome"] = conclude(bed.category, state["proposals"], state["evidence"], gone, [], state["events"])
    own = [p for p in state["proposals"] if p.by not in plant_seats]
    accepted = {a.evidence.proposal_id for a in state["outcome"].accepted}
    fates = fates_of(bed, state, plant_seats)
    return _Result(fates, len(own), sum(p.proposal_id in accepted for p in own), state["outcome"], dead)


def _is_lexical(context: RunContext) -> bool:
    return all(seat.model in LEXICAL for seat in context.parts.seats)


def _seats_needed(config: Config, garden: Garden) -> int:
    """Seats that put every plant of every category on the table when none proposes more than its brief asks for."""
    with opened(config) as context:
        return max(-(-len(bed.plants) // _brief(context.brief, bed.category).wanted) for bed in garden.beds)


def _brief(brief: Callable[[str], Brief], category: str) -> Brief:
    found = brief(category)
    if found.category != category:
        raise UsageError(f"plants: category '{category}' is spelled '{found.category}' in the taxonomy; correct it")
    return found


def _with(config: Config, debate: DebateSection, out: Path) -> Config:
    run = config.run.model_copy(update={"out": str(out)})
    return config.model_copy(update={"debate": debate, "run": run})


def _sizes(context: RunContext) -> Sizes:
    counts = context.indexed.counts()
    return Sizes(counts.documents, round(counts.characters / context.characters_per_token), context.target_tokens)
