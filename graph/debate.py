"""The `debate` state machine: one category, from proposals to accepted and rejected topics.

    open -> propose (a branch a proposer) -> evidence -> critique (a branch a critic) -> weigh -> revise and go round
    again, or judge (a branch a judge) -> conclude

Nodes only sequence: the protocol says who speaks next (`agents/protocols`), the turns what they say (`agents/turns`).
Guests have a node each after `propose`, `evidence` or `critique`. With `engine="autogen"` one node holds the whole debate as an
AutoGen team. The state holds the debate's own short words, so a checkpoint after every step stays small and a killed debate
goes on where it stopped.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from langgraph.config import get_stream_writer
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Send

from agents.library import Library
from agents.messages import Brief, Event, Rules
from agents.panel import Panel
from agents.protocols import PROTOCOLS
from agents.roles import Place
from agents.table import Table as DebateState
from agents.table import candidates, live
from agents.turns import Turns

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

    from graph.context import RunContext

Engine = Literal["langgraph", "autogen"]


class Turn(TypedDict):
    """What one branch of a fan-out gets: the state as it is, and the seat whose turn it is."""

    debate: DebateState
    seat: str


CompiledDebate = CompiledStateGraph[DebateState, None, DebateState, DebateState]


def build_debate_graph(
    panel: Panel,
    library: Library,
    brief: Callable[[str], Brief],
    *,
    run: str = "debate",
    protocol: str = "litelong",
    rules: Rules = Rules(),  # noqa: B008 - frozen
    engine: Engine = "langgraph",
    checkpointer: "BaseCheckpointSaver[Any] | None" = None,
) -> CompiledDebate:
    """Compile the debate for a panel. Input: `{"category": path}`; `outcome` in the result is what it came to.

    `brief` makes a category's brief from its path. Raises `UsageError` when AutoGen is asked for and not installed.
    """
    turns = Turns(panel, library, brief, protocol=PROTOCOLS[protocol], rules=rules, run=run)
    nodes = _Nodes(turns)
    graph = StateGraph(DebateState)
    graph.add_node("open", nodes.open)
    graph.add_edge(START, "open")
    if engine == "autogen":
        from agents.autogen import load_team

        nodes.team = load_team()
        graph.add_node("team", nodes.hold)
        graph.add_edge("open", "team")
        graph.add_edge("team", "conclude")
    else:
        _add_turns(graph, nodes)
    graph.add_node("conclude", nodes.conclude)
    graph.add_edge("conclude", END)
    return graph.compile(checkpointer=checkpointer, name="debate")


def debate_of(context: "RunContext", checkpointer: "BaseCheckpointSaver[Any] | None" = None) -> CompiledDebate:
    """The debate graph of an open context."""
    debate = context.config.debate
    return build_debate_graph(
        context.panel,
        context.library,
        context.brief,
        run=context.config.run.name,
        protocol=debate.protocol,
        rules=debate.rules(context.config.run.seed),
        engine=debate.engine,
        checkpointer=checkpointer,
    )


def _add_turns(graph: "StateGraph[DebateState]", nodes: "_Nodes") -> None:
    graph.add_node("propose", nodes.propose, input_schema=Turn)
    graph.add_node("evidence", nodes.evidence)
    graph.add_node("critique", nodes.critique, input_schema=Turn)
    graph.add_node("weigh", nodes.weigh)
    graph.add_node("revise", nodes.revise, input_schema=Turn)
    graph.add_node("judge", nodes.judge, input_schema=Turn)
    graph.add_conditional_edges("open", nodes.to_proposers, ["propose"])
    graph.add_edge(_with_guests(graph, nodes, "propose"), "evidence")
    last = _with_guests(graph, nodes, "evidence")
    graph.add_conditional_edges(last, nodes.to_critics, ["critique", "conclude"])
    graph.add_edge(_with_guests(graph, nodes, "critique"), "weigh")
    graph.add_conditional_edges("weigh", nodes.to_next, ["revise", "judge", "conclude"])
    graph.add_edge("revise", "evidence")
    graph.add_edge("judge", "conclude")


def _with_guests(graph: "StateGraph[DebateState]", nodes: "_Nodes", place: Place) -> str:
    """Chain the guests of a place after its node; the last one's name."""
    last: str = place
    for number, seat in enumerate(nodes.turns.panel.guests_after(place), 1):
        name = f"{seat.role}-{number}"
        graph.add_node(name, partial(nodes.visit, seat=seat.name))
        graph.add_edge(last, name)
        last = name
    return last


class _Nodes:
    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.team: Callable[..., Any] | None = None

    def open(self, state: DebateState) -> DebateState:
        return self.turns.open(state["category"])

    def fan_out(self, node: str, kind: str, state: DebateState) -> list[Send]:
        return [Send(node, Turn(debate=state, seat=seat.name)) for seat in self.turns.panel.of_kind(kind)]

    def to_proposers(self, state: DebateState) -> list[Send]:
        return self.fan_out("propose", "proposer", state)

    def to_critics(self, state: DebateState) -> list[Send] | Literal["conclude"]:
        if self.turns.after_evidence(state).node == "critique":
            return self.fan_out("critique", "critic", state)
        return "conclude"

    def to_next(self, state: DebateState) -> list[Send] | Literal["conclude"]:
        node = self.turns.after_critique(state).node
        if node == "revise":
            return self.fan_out("revise", "proposer", state)
        return self.fan_out("judge", "judge", state) if node == "judge" else "conclude"

    async def propose(self, state: Turn) -> DebateState:
        return await self.turns.propose(state["debate"], state["seat"], _emit())

    async def revise(self, state: Turn) -> DebateState:
        return await self.turns.answer(state["debate"], state["seat"], _emit())

    async def evidence(self, state: DebateState) -> DebateState:
        return await self.turns.evidence(state)

    async def critique(self, state: Turn) -> DebateState:
        return await self.turns.criticise(state["debate"], state["seat"], _emit())

    def weigh(self, state: DebateState) -> DebateState:
        """Where the critics' branches meet: what comes next is asked once, not once a critic."""
        return {"stopped": self.turns.after_critique(state).why}

    async def judge(self, state: Turn) -> DebateState:
        return await self.turns.judge(state["debate"], state["seat"], _emit())

    def conclude(self, state: DebateState) -> DebateState:
        return self.turns.conclude(state)

    async def visit(self, state: DebateState, seat: str) -> DebateState:
        return await self.turns.visit(state, seat, _emit())

    async def hold(self, state: DebateState) -> DebateState:
        """The whole debate as one AutoGen team; what it added to the table."""
        assert self.team is not None
        held: DebateState = await self.team(self.turns, state, _emit())
        return held


def _emit() -> Callable[[Event], None]:
    """For `litelong debate` and notebooks: turns as they happen, with `stream_mode="custom"`."""
    return get_stream_writer()


__all__ = ["CompiledDebate", "DebateState", "Engine", "build_debate_graph", "candidates", "debate_of", "live"]
