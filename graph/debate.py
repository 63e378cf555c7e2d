"""The `debate` state machine: one category, from proposals to accepted and rejected topics.

    open -> propose (a branch a proposer) -> evidence -> critique (a branch a critic) -> weigh -> revise and go round
    again, or judge (a branch a judge) -> conclude

Nodes only sequence; what agents think is in `agents/`. The state holds the debate's own short words, so a checkpoint
after every step stays small and a killed debate goes on where it stopped.
"""

import operator
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypedDict

from langgraph.config import get_stream_writer
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Send

from agents.evidence import gather_evidence
from agents.library import Library
from agents.messages import (
    Brief,
    Candidate,
    Critique,
    Event,
    Evidence,
    Outcome,
    Proposal,
    Seat,
    Verdict,
    Withdrawal,
)
from agents.outcome import conclude
from agents.panel import Panel

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

Position = tuple[str, str, str]


class DebateState(TypedDict, total=False):
    """What a checkpoint holds. Only `category` is given; `round` counts from 1."""

    category: str
    brief: Brief
    round: int
    proposals: Annotated[list[Proposal], operator.add]
    evidence: Annotated[dict[str, Evidence], operator.or_]
    critiques: Annotated[list[Critique], operator.add]
    withdrawals: Annotated[list[Withdrawal], operator.add]
    verdicts: Annotated[list[Verdict], operator.add]
    events: Annotated[list[Event], operator.add]
    outcome: Outcome


class Turn(TypedDict):
    """What one branch of a fan-out gets: the state as it is, and the seat whose turn it is."""

    debate: DebateState
    seat: str


CompiledDebate = CompiledStateGraph[DebateState, None, DebateState, DebateState]


def live(state: DebateState) -> list[Proposal]:
    """Proposals on the table that have not been withdrawn."""
    gone = {w.proposal_id for w in state.get("withdrawals", [])}
    return [p for p in state.get("proposals", []) if p.proposal_id not in gone]


def candidates(state: DebateState) -> list[Candidate]:
    """Live proposals with their evidence."""
    return [Candidate(p, state["evidence"][p.proposal_id]) for p in live(state)]


def build_debate_graph(
    panel: Panel,
    library: Library,
    brief: Callable[[str], Brief],
    *,
    run: str = "debate",
    rounds: int = 1,
    checkpointer: "BaseCheckpointSaver[Any] | None" = None,
) -> CompiledDebate:
    """Compile the debate for a panel. Input: `{"category": path}`; `outcome` in the result is what it came to.

    `brief` makes a category's brief from its path.
    """
    nodes = _Nodes(panel, library, brief, run, rounds)
    graph = StateGraph(DebateState)
    graph.add_node("open", nodes.open)
    graph.add_node("propose", nodes.propose, input_schema=Turn)
    graph.add_node("evidence", nodes.evidence)
    graph.add_node("critique", nodes.critique, input_schema=Turn)
    graph.add_node("weigh", nodes.weigh)
    graph.add_node("revise", nodes.revise, input_schema=Turn)
    graph.add_node("judge", nodes.judge, input_schema=Turn)
    graph.add_node("conclude", nodes.conclude)
    graph.add_edge(START, "open")
    graph.add_conditional_edges("open", nodes.to_proposers, ["propose"])
    graph.add_edge("propose", "evidence")
    graph.add_conditional_edges("evidence", nodes.to_critics, ["critique", "conclude"])
    graph.add_edge("critique", "weigh")
    graph.add_conditional_edges("weigh", nodes.to_next, ["revise", "judge"])
    graph.add_edge("revise", "evidence")
    graph.add_edge("judge", "conclude")
    graph.add_edge("conclude", END)
    return graph.compile(checkpointer=checkpointer, name="debate")


class _Nodes:
    def __init__(self, panel: Panel, library: Library, brief: Callable[[str], Brief], run: str, rounds: int) -> None:
        self.panel, self.library, self.brief, self.run, self.rounds = panel, library, brief, run, rounds

    def open(self, state: DebateState) -> DebateState:
        brief = self.brief(state["category"])
        return {"category": brief.category, "brief": brief}

    def fan_out(self, node: str, kind: str, state: DebateState) -> list[Send]:
        return [Send(node, Turn(debate=state, seat=seat.name)) for seat in self.panel.of_kind(kind)]

    def to_proposers(self, state: DebateState) -> list[Send]:
        return self.fan_out("propose", "proposer", state)

    def to_critics(self, state: DebateState) -> list[Send] | Literal["conclude"]:
        return self.fan_out("critique", "critic", state) if live(state) else "conclude"

    def to_next(self, state: DebateState) -> list[Send]:
        """Another round while one is left and some proposal has no critic for it; otherwise the judge."""
        last = [c for c in state["critiques"] if c.round == state["round"]]
        accepted = {c.proposal_id for c in last if c.accept}
        contested = any(p.proposal_id not in accepted for p in live(state))
        if contested and state["round"] < self.rounds:
            return self.fan_out("revise", "proposer", state)
        return self.fan_out("judge", "judge", state)

    async def propose(self, state: Turn) -> DebateState:
        return await self._propose(state["debate"], self.panel.seat(state["seat"]), [], 1)

    async def revise(self, state: Turn) -> DebateState:
        """A proposer answers the round's critiques: it withdraws, and proposes as many anew."""
        debate, seat = state["debate"], self.panel.seat(state["seat"])
        own = [p for p in live(debate) if p.by == seat.name]
        brief = _at(debate["brief"], debate["round"])
        withdrawn = list(await self.panel.proposer(seat.name).answer(brief, own, debate["critiques"]))
        if not withdrawn:
            return {}
        update = await self._propose(debate, seat, withdrawn, debate["round"] + 1)
        return {**update, "withdrawals": withdrawn}

    async def evidence(self, state: DebateState) -> DebateState:
        round_ = state.get("round", 0) + 1
        found = await self.library.ask(gather_evidence, self.library, state["brief"], live(state))
        return {"evidence": {e.proposal_id: e for e in found}, "round": round_}

    async def critique(self, state: Turn) -> DebateState:
        debate, seat = state["debate"], self.panel.seat(state["seat"])
        shown = self.panel.reviewed_by(seat.name, candidates(debate))
        began = time.monotonic()
        said = list(await self.panel.critic(seat.name).criticise(_at(debate["brief"], debate["round"]), shown))
        positions = [(c.proposal_id, "accept" if c.accept else "reject", c.reason) for c in said]
        event = self._event(debate, seat, debate["round"], _ids(shown), positions, began)
        return {"critiques": said, "events": [event]}

    def weigh(self, state: DebateState) -> DebateState:
        """Where the critics' branches meet: what comes next is asked once, not once a critic."""
        return {}

    async def judge(self, state: Turn) -> DebateState:
        debate, seat = state["debate"], self.panel.seat(state["seat"])
        shown = candidates(debate)
        began = time.monotonic()
        brief = _at(debate["brief"], debate["round"])
        said = list(await self.panel.judge(seat.name).judge(brief, shown, debate["critiques"]))
        positions = [(v.proposal_id, "keep" if v.keep else "remove", v.reason) for v in said]
        event = self._event(debate, seat, debate["round"], _ids(shown), positions, began)
        return {"verdicts": said, "events": [event]}

    def conclude(self, state: DebateState) -> DebateState:
        order = [seat.name for seat in self.panel.seats]
        events = sorted(state.get("events", []), key=lambda e: (e.round, _PHASE[e.kind], order.index(e.agent)))
        outcome = conclude(
            state["category"],
            state.get("proposals", []),
            state.get("evidence", {}),
            state.get("withdrawals", []),
            state.get("verdicts", []),
            events,
        )
        return {"outcome": outcome}

    async def _propose(
        self, state: DebateState, seat: Seat, withdrawn: Sequence[Withdrawal], round_: int
    ) -> DebateState:
        began = time.monotonic()
        wanted = len(withdrawn) or state["brief"].wanted
        brief = _at(state["brief"], round_, wanted)
        taken = [p.title for p in state.get("proposals", [])]
        drafts = list(await self.panel.proposer(seat.name).propose(brief, taken))[:wanted]
        proposals = [
            Proposal(f"{seat.name}.{round_}.{n}", seat.name, round_, d.title, d.explanation, d.figures)
            for n, d in enumerate(drafts, 1)
        ]
        positions = [(w.proposal_id, "withdraw", w.reason) for w in withdrawn]
        positions += [(p.proposal_id, "propose", p.title) for p in proposals]
        shown = [w.proposal_id for w in withdrawn]
        return {"proposals": proposals, "events": [self._event(state, seat, round_, shown, positions, began)]}

    def _event(
        self,
        state: DebateState,
        seat: Seat,
        round_: int,
        shown: Sequence[str],
        positions: Sequence[Position],
        began: float,
    ) -> Event:
        event = Event(
            run=self.run,
            category=state["category"],
            round=round_,
            agent=seat.name,
            role=seat.role,
            kind=seat.kind,
            model=seat.model,
            shown=tuple(shown),
            positions=tuple(positions),
            prompt_tokens=0,
            reply_tokens=0,
            latency_s=round(time.monotonic() - began, 4),
            cached=False,
            repairs=0,
        )
        # For `litelong debate` and notebooks: turns as they happen, with `stream_mode="custom"`.
        get_stream_writer()(event)
        return event


_PHASE: Mapping[str, int] = {"proposer": 0, "critic": 1, "judge": 2}


def _ids(shown: Sequence[Candidate]) -> list[str]:
    return [c.proposal.proposal_id for c in shown]


def _at(brief: Brief, round_: int, wanted: int | None = None) -> Brief:
    return Brief(brief.category, brief.name, wanted or brief.wanted, brief.avoid, round_)
