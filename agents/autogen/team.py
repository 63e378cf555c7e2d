"""A debate as one AutoGen round-robin team: an agent for every seat; all speak in a fixed order, and pass out of their time.

Nothing is thought here. The agents' words come from the same turns as in the LangGraph engine, with the same prompts,
recorded replies and events; a group of seats that speak at the same time there sees the same table here.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import cast

import orjson
from autogen_agentchat.agents import BaseChatAgent
from autogen_agentchat.base import Response, TerminatedException, TerminationCondition
from autogen_agentchat.messages import BaseAgentEvent, BaseChatMessage, StopMessage, TextMessage
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_core import CancellationToken

from agents.messages import Seat
from agents.roles import Place
from agents.table import Table, joined
from agents.turns import Emit, Turns

PASS = "(passes)"  # noqa: S105 - a word, not a password
Speak = Callable[[Table, str, Emit], Awaitable[Table]]


async def hold_debate(turns: Turns, opened: Table, emit: Emit) -> Table:
    """Hold the debate from the opened table on. Raises what the turns raise."""
    desk = _Desk(turns, opened, emit)
    await desk.begin()
    members = [_Member(seat, desk) for seat in turns.panel.seats]
    team = RoundRobinGroupChat([*members], termination_condition=_Over(desk))
    if not desk.is_over:
        await team.run(task=f"Debate the topics of {opened['category']}.")
    if desk.failure is not None:
        raise desk.failure
    # The opened table has no words yet, so all that is there now was added.
    return cast(Table, {name: value for name, value in desk.table.items() if name not in {"category", "brief"}})


class _Desk:
    """Where the debate stands: the table, and which seats are to speak to it now."""

    def __init__(self, turns: Turns, table: Table, emit: Emit) -> None:
        self.turns, self.table, self.emit = turns, table, emit
        self.is_over = False
        self.failure: BaseException | None = None
        self._groups = self._sequence()
        self._speak: Speak = turns.propose
        self._waiting: list[str] = []
        self._said: list[Table] = []

    async def begin(self) -> None:
        """Call the first group."""
        await self._next_group()

    async def speak(self, seat: str) -> Table | None:
        """The seat's turn, when it is its time. The last of a group to speak puts the words of all on the table."""
        if seat not in self._waiting:
            return None
        try:
            said = await self._speak(self.table, seat, self.emit)
            self._said.append(said)
            self._waiting.remove(seat)
            if not self._waiting:
                await self._next_group()
        except Exception as error:
            # AutoGen hands on an agent's error as text; the caller needs the error itself.
            self.failure, self.is_over = error, True
            return None
        return said

    async def _next_group(self) -> None:
        for said in self._said:
            self.table = joined(self.table, said)
        self._said = []
        try:
            self._speak, seats = await anext(self._groups)
            self._waiting = [seat.name for seat in seats]
        except StopAsyncIteration:
            self.is_over = True

    async def _sequence(self) -> AsyncIterator[tuple[Speak, Sequence[Seat]]]:
        """The groups that speak at the same time, as the protocol has them follow each other."""
        turns, panel = self.turns, self.turns.panel
        yield turns.propose, panel.of_kind("proposer")
        for guest in self._guests("propose"):
            yield turns.visit, [guest]
        while True:
            self.table = joined(self.table, await turns.evidence(self.table))
            for guest in self._guests("evidence"):
                yield turns.visit, [guest]
            if turns.after_evidence(self.table).node != "critique":
                return
            yield turns.criticise, panel.of_kind("critic")
            for guest in self._guests("critique"):
                yield turns.visit, [guest]
            step = turns.after_critique(self.table)
            self.table = joined(self.table, {"stopped": step.why})
            if step.node == "judge":
                yield turns.judge, panel.of_kind("judge")
            if step.node != "revise":
                return
            yield turns.answer, panel.of_kind("proposer")

    def _guests(self, place: Place) -> list[Seat]:
        return self.turns.panel.guests_after(place)


class _Member(BaseChatAgent):
    """A seat in the team. What it says to the others is its event, so the team's thread is the event log."""

    def __init__(self, seat: Seat, desk: _Desk) -> None:
        super().__init__(seat.name.replace("-", "_"), f"{seat.role} on {seat.model}")
        self._seat, self._desk = seat, desk

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        return (TextMessage,)

    async def on_messages(self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken) -> Response:
        said = await self._desk.speak(self._seat.name)
        events = (said or {}).get("events", [])
        words = orjson.dumps(events[0]).decode() if events else PASS
        return Response(chat_message=TextMessage(content=words, source=self.name))

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        """Nothing is kept here."""


class _Over(TerminationCondition):
    """The team stops when the desk has no group left to call."""

    def __init__(self, desk: _Desk) -> None:
        self._desk, self._stopped = desk, False

    @property
    def terminated(self) -> bool:
        return self._stopped

    async def __call__(self, messages: Sequence[BaseAgentEvent | BaseChatMessage]) -> StopMessage | None:
        if self._stopped:
            raise TerminatedException("the debate is over")
        if not self._desk.is_over:
            return None
        self._stopped = True
        return StopMessage(content="the debate is over", source="desk")

    async def reset(self) -> None:
        self._stopped = False
