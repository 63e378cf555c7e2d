"""The language models of a run: what `Library.chat` gives to roles.

    asked -> recorded? -> otherwise a call, within limits and budget -> read and checked -> recorded
          -> unreadable? one repair turn, recorded too -> a value, or None with the problem

A call that was sent is finished and recorded even when whoever asked is cancelled: it is paid for.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from agents.chat.call import Ask, ModelError, Reply, T
from agents.chat.endpoint import FIRST_WAIT_S, Endpoint, Gate, Line
from agents.chat.meter import count
from agents.chat.names import ModelName, parse_model
from agents.chat.provider import Provider, shape
from agents.chat.quoting import quoted
from agents.chat.replies import Recorded, Replies, reply_key
from agents.chat.settings import ModelSettings
from agents.chat.structured import read_reply
from agents.messages import Seat
from litelong import UsageError

SHOWN_OF_UNREADABLE = 4_000
"""Characters of an unreadable reply that the repair turn repeats."""


class BudgetSpentError(UsageError):
    """The budget is spent. What is done is kept, and the run goes on with a larger one."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What a run may spend, over all calls that worked on it: tokens in and out, and cost. None: no bound."""

    tokens: int | None = None
    cost: float | None = None


@dataclass
class Tally:
    """What is not in the recorded replies: of one process, by seat."""

    replayed: int = 0
    failed: int = 0


@dataclass
class _Here:
    """What belongs to one event loop: connections and locks cannot move to another."""

    http: object
    lifetime: Any
    endpoints: dict[tuple[str, str | None], Endpoint] = field(default_factory=dict)
    lines: dict[str, Line] = field(default_factory=dict)
    providers: dict[tuple[str, float, float], Provider] = field(default_factory=dict)
    calls: set["asyncio.Task[Any]"] = field(default_factory=set)
    asked: dict[bytes, "asyncio.Task[Recorded]"] = field(default_factory=dict)
    """Calls under way by key: who asks the same at the same time gets the same reply, as a replay would give it."""

    def ended(self, key: bytes, call: "asyncio.Task[Recorded]") -> None:
        """A call has ended, perhaps after whoever asked was cancelled: then nobody else looks at how."""
        del self.asked[key]
        self.calls.discard(call)
        if not call.cancelled():
            call.exception()


class Chats:
    """One client a model, limits by endpoint, every reply recorded, one account."""

    def __init__(
        self,
        replies: Replies,
        settings: Mapping[str, ModelSettings],
        *,
        concurrency: int,
        budget: Budget = Budget(),
        first_wait_s: float = FIRST_WAIT_S,
    ) -> None:
        self.replies = replies
        self.gate = Gate()
        self.tallies: dict[str, Tally] = {}
        self.retried: dict[str, int] = {}
        self._settings = settings
        self._concurrency = concurrency
        self._budget = budget
        self._first_wait_s = first_wait_s
        self._here: WeakKeyDictionary[asyncio.AbstractEventLoop, _Here] = WeakKeyDictionary()
        paid = replies.spent(paid_only=True)
        self.tokens = sum(s.prompt_tokens + s.reply_tokens for s in paid)
        self.cost = sum(self.settings(s.model).cost(s.prompt_tokens, s.reply_tokens) for s in paid)
        self._hold_budget()

    def settings(self, model: str) -> ModelSettings:
        """The configured settings of a model, or the defaults."""
        return self._settings.get(model) or ModelSettings()

    def seated(self, seat: Seat) -> "SeatedModel":
        """The model of a seat: what `Library.chat` calls."""
        return SeatedModel(self, seat, parse_model(seat.model, seat.name))

    async def finish(self) -> None:
        """Send no further call; wait for those in flight (each at most its time-out), until they are recorded."""
        if self.gate.shut is None:
            self.gate.shut = RuntimeError("the run is being stopped")
        here = self._here.get(asyncio.get_running_loop())
        if here is None:
            return
        for call in here.calls - self.gate.sent:
            call.cancel()
        if here.calls:
            await asyncio.wait(here.calls)

    @property
    def in_flight(self) -> int:
        """Calls on the wire, or being recorded."""
        return len(self.gate.sent)

    def close(self) -> None:
        """Close the recorded replies."""
        self.replies.close()

    async def recorded_or_asked(
        self, model: "SeatedModel", ask: Ask[T], user: str, attempt: int
    ) -> tuple[Recorded, bool]:
        """The reply to one prompt, and whether it had been recorded before."""
        settings = self.settings(ask.seat.model)
        key = reply_key(ask, user, settings, attempt)
        found = await self.replies.find(key)
        if found is not None:
            return found, True
        here = await self._here_now()
        call = here.asked.get(key)
        if call is None:
            call = here.asked[key] = asyncio.create_task(self._call(here, model, ask, user, attempt, key))
            here.calls.add(call)
            call.add_done_callback(lambda call: here.ended(key, call))
        return await asyncio.shield(call), False

    async def _call(
        self, here: _Here, model: "SeatedModel", ask: Ask[T], user: str, attempt: int, key: bytes
    ) -> Recorded:
        line, provider = self._line(here, model), self._provider(here, model)
        raw, seconds = await line.call(provider, ask.system, user, ask.schema)
        _, problem = read_reply(raw.text, ask.schema)
        if problem is not None and raw.cut_off:
            problem += "; it was cut off at its longest length (max_tokens)"
        seat = ask.seat
        place = (seat.name, seat.model, ask.category, ask.round, ask.step, attempt)
        reply = Recorded(*place, raw.text, raw.prompt_tokens, raw.reply_tokens, round(seconds, 4), problem)
        # At once, before another call can be sent in its place.
        self._spend(reply)
        await self.replies.record(key, reply)
        return reply

    def _spend(self, reply: Recorded) -> None:
        self.tokens += reply.prompt_tokens + reply.reply_tokens
        self.cost += self.settings(reply.model).cost(reply.prompt_tokens, reply.reply_tokens)
        self._hold_budget()

    def _hold_budget(self) -> None:
        """Shut the gate when the budget is spent."""
        budget = self._budget
        for name, spent, bound in (("tokens", self.tokens, budget.tokens), ("cost", self.cost, budget.cost)):
            if bound is not None and spent >= bound and self.gate.shut is None:
                self.gate.shut = BudgetSpentError(
                    f"debate.budget.{name}: {spent:,.10g} of {bound:,.10g} are spent; everything so far is kept: run again "
                    f"with a larger budget (--set debate.budget.{name}=...) to go on"
                )

    async def _here_now(self) -> _Here:
        loop = asyncio.get_running_loop()
        here = self._here.get(loop)
        if here is None:
            lifetime = _connections(self._concurrency)
            here = self._here[loop] = _Here(None, lifetime)
            here.http = await anext(lifetime)
        return here

    def _line(self, here: _Here, model: "SeatedModel") -> Line:
        name, string = model.name, model.seat.model
        if string not in here.lines:
            server = (name.provider, name.base_url)
            called = f"model '{name.model}'" + (f" at {name.base_url}" if name.base_url else f" of {name.provider}")
            endpoint = here.endpoints.get(server)
            if endpoint is None:
                endpoint = here.endpoints[server] = Endpoint(called, asyncio.Semaphore(self._concurrency))
            here.lines[string] = Line(
                string, endpoint, self.settings(string), self.gate, self.retried, self._first_wait_s
            )
        return here.lines[string]

    def _provider(self, here: _Here, model: "SeatedModel") -> Provider:
        seat = model.seat
        key = (seat.model, seat.temperature, seat.top_p)
        if key not in here.providers:
            here.providers[key] = Provider(model.name, seat, self.settings(seat.model), here.http)
        return here.providers[key]


async def _connections(concurrency: int) -> Any:  # noqa: ANN401 - an async generator of openai's client
    """The HTTP connections of one event loop. A loop that ends closes its asynchronous generators, and with them these."""
    from openai import DefaultAsyncHttpxClient

    client = DefaultAsyncHttpxClient()
    try:
        yield client
    finally:
        await client.aclose()


@dataclass(frozen=True, slots=True)
class SeatedModel:
    """The `ChatModel` of one seat."""

    chats: Chats
    seat: Seat
    name: ModelName

    async def ask(self, ask: Ask[T]) -> Reply[T]:
        """The reply, read and checked; after one repair turn `value` may still be None. Raises `ModelError`."""
        tally = self.chats.tallies.setdefault(self.seat.name, Tally())
        try:
            reply = await self._ask(ask)
        except ModelError:
            tally.failed += 1
            raise
        count(reply)
        return reply

    async def _ask(self, ask: Ask[T]) -> Reply[T]:
        first, was_recorded = await self.chats.recorded_or_asked(self, ask, ask.user, 0)
        value, problem = read_reply(first.text, ask.schema)[0], first.problem
        had, replayed = [first], [was_recorded]
        if value is None:
            again = f"{ask.user}\n\n{repair(first.text, problem or '', ask)}"
            second, was_recorded = await self.chats.recorded_or_asked(self, ask, again, 1)
            had.append(second)
            replayed.append(was_recorded)
            value, problem = read_reply(second.text, ask.schema)[0], second.problem
        tally = self.chats.tallies.setdefault(self.seat.name, Tally())
        tally.replayed += sum(replayed)
        return Reply(
            value,
            had[-1].text,
            prompt_tokens=sum(r.prompt_tokens for r in had),
            reply_tokens=sum(r.reply_tokens for r in had),
            latency_s=round(sum(r.latency_s for r in had), 4),
            cached=all(replayed),
            repairs=len(had) - 1,
            problem=problem,
        )


def repair(text: str, problem: str, ask: Ask[Any]) -> str:
    """What the one repair turn adds to the prompt: the fault, what was said (as data), and the shape again."""
    return (
        f"Your last reply could not be read. The fault: {quoted(problem)}\n"
        f"It was, as a JSON string: {quoted(text, SHOWN_OF_UNREADABLE)}\n{shape(ask.schema)}"
    )
