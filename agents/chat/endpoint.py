"""Limits: how many calls are in flight at a server, how many a minute, how long each may take, and when it is tried again.

an endpoint     a server (provider and address): calls in flight, and the pause that it asks for with `Retry-After`
a line          one model there: calls a minute, time-out, tries, and the way of asking for a shape that works
"""

import asyncio
import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from pydantic import BaseModel

from agents.chat.call import ModelError
from agents.chat.faults import Fault, fault_of
from agents.chat.provider import WAYS, Provider, Raw, Way
from agents.chat.settings import ModelSettings
from litelong import UsageError

if TYPE_CHECKING:
    from langchain_core.rate_limiters import InMemoryRateLimiter

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
"""Back-off doubles from the first to the longest wait, each times a random half to whole."""
LONGEST_ASKED_S = 600.0
"""A server that asks for a longer pause than this is not waited for: the category becomes a dead letter."""


class Gate:
    """Whether calls may still be sent. Once shut, every call that is not yet in flight raises why."""

    def __init__(self) -> None:
        self.shut: Exception | None = None
        self.sent: set[asyncio.Task[Any]] = set()
        """Tasks whose call is on the wire, or has been answered and is being recorded."""

    def send(self) -> None:
        """The running task is about to send. Raises what the gate was shut with."""
        if self.shut is not None:
            raise self.shut
        task = asyncio.current_task()
        assert task is not None
        self.sent.add(task)
        task.add_done_callback(self.sent.discard)

    def stop(self, fault: Exception) -> NoReturn:
        """Shut the gate, as every other call would meet the same fault, and raise it."""
        self.shut = self.shut or fault
        raise fault

    def failed(self) -> None:
        """What the running task sent has failed: it is in flight no more."""
        task = asyncio.current_task()
        assert task is not None
        self.sent.discard(task)


@dataclass
class Endpoint:
    """A server, on one event loop. `name` is what to call it in a message."""

    name: str
    slots: asyncio.Semaphore
    paused_until: float = 0.0
    answered: bool = False
    """Whether it has ever answered anything, an error included."""

    def pause(self, seconds: float) -> None:
        """Send nothing for so long: `Retry-After` is meant for all calls, not for the one that heard it."""
        self.paused_until = max(self.paused_until, time.monotonic() + seconds)

    async def unpaused(self) -> None:
        """Returns when no pause is left."""
        left = self.paused_until - time.monotonic()
        while left > 0:
            await asyncio.sleep(left)
            left = self.paused_until - time.monotonic()


@dataclass
class Line:
    """Calls of one model at an endpoint. `retried` counts its tries beyond the first, for all lines of a run."""

    model: str
    endpoint: Endpoint
    settings: ModelSettings
    gate: Gate
    retried: dict[str, int]
    first_wait_s: float = FIRST_WAIT_S
    way: Way = field(init=False)
    _limiter: "InMemoryRateLimiter | None" = None

    def __post_init__(self) -> None:
        wanted = self.settings.structured
        self.way = WAYS[0] if wanted == "auto" else wanted
        if self.settings.requests_per_minute is not None:
            from langchain_core.rate_limiters import InMemoryRateLimiter

            per_second = self.settings.requests_per_minute / 60
            self._limiter = InMemoryRateLimiter(
                requests_per_second=per_second, check_every_n_seconds=0.05, max_bucket_size=1
            )

    async def call(self, provider: Provider, system: str, user: str, schema: type[BaseModel]) -> tuple[Raw, float]:
        """The reply and the seconds that it took. Raises `ModelError`, and `UsageError` for what every call would meet."""
        tried = 0
        while True:
            way = self.way
            had = await self._once(provider, system, user, schema, way)
            if not isinstance(had, Fault):
                return had
            if not self._asks_otherwise(had, way):
                await self._wait_or_raise(had, tried)
                tried += 1

    async def _once(
        self, provider: Provider, system: str, user: str, schema: type[BaseModel], way: Way
    ) -> tuple[Raw, float] | Fault:
        async with self.endpoint.slots:
            await self.endpoint.unpaused()
            if self._limiter is not None:
                await self._limiter.aacquire()
            self.gate.send()
            began = time.monotonic()
            try:
                async with asyncio.timeout(self.settings.timeout_s):
                    raw = await provider.send(system, user, schema, way)
            except Exception as error:  # of whatever library the provider is built on
                self.gate.failed()
                fault = fault_of(error)
                self.endpoint.answered = self.endpoint.answered or not fault.unreachable
                return fault
            self.endpoint.answered = True
            return raw, time.monotonic() - began

    def _asks_otherwise(self, fault: Fault, way: Way) -> bool:
        """Whether there is another way to ask, found now or by a call beside this one. It is remembered."""
        if fault.kind != "other way" or self.settings.structured != "auto":
            return False
        if self.way == way and way != WAYS[-1]:
            self.way = WAYS[WAYS.index(way) + 1]
        return self.way != way

    async def _wait_or_raise(self, fault: Fault, tried: int) -> None:
        who = self.endpoint.name
        if fault.kind == "stop":
            self.gate.stop(
                UsageError(f"{who} refused: {fault.reason}; put it right and run again, what is done is kept")
            )
        if fault.kind != "again":
            raise ModelError(f"{who}: {fault.reason}")
        if tried >= self.settings.retries:
            if not self.endpoint.answered:
                self.gate.stop(
                    UsageError(
                        f"{who} cannot be reached: {fault.reason}; start it or correct its address, and run again"
                    )
                )
            raise ModelError(f"{who}: {fault.reason} (tried {tried + 1} times)")
        if fault.wait_s is not None and fault.wait_s > LONGEST_ASKED_S:
            raise ModelError(f"{who}: asks to wait {math.ceil(fault.wait_s):,} s: {fault.reason}")
        self.retried[self.model] = self.retried.get(self.model, 0) + 1
        if fault.wait_s is not None:
            self.endpoint.pause(fault.wait_s)
            # Those who waited come back one after another, not all at once.
            await asyncio.sleep(fault.wait_s + random.uniform(0.0, self.first_wait_s))  # noqa: S311
        else:
            await asyncio.sleep(backoff(tried, self.first_wait_s, random.random))


def backoff(tried: int, first_s: float, draw: Callable[[], float]) -> float:
    """Seconds to wait after the `tried`-th failure (from 0): doubling, capped, times a draw from a half to one."""
    return min(LONGEST_WAIT_S, first_s * 2.0 ** min(tried, 32)) * (0.5 + draw() / 2)
