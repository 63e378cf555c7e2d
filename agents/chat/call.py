"""One call of a language model: what is asked, and what came back."""

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel

from agents.messages import Seat

T = TypeVar("T", bound=BaseModel)


class ModelError(Exception):
    """No reply could be had: the endpoint refused, or failed for longer than retries last. Never holds a key."""


@dataclass(frozen=True, slots=True)
class Ask(Generic[T]):
    """What a seat asks its model, and the shape that the reply must have.

    `step` is `propose`, `answer`, `criticise`, `judge`, `judge-reversed`, or a role's own word. Seat, category, round
    and step tell apart calls that may have the same prompt: each has a recorded reply of its own.
    """

    seat: Seat
    category: str
    round: int
    step: str
    system: str
    user: str
    schema: type[T]


@dataclass(frozen=True, slots=True)
class Reply(Generic[T]):
    """What came back. `value` is None when it could not be read, also after the one repair turn; `problem` says why.

    `text` is the last reply as it came; tokens and seconds are sums over the call and its repair. `cached` means that
    every part of it was recorded before: the tokens are those of the recording, and were not spent again.
    """

    value: T | None
    text: str
    prompt_tokens: int
    reply_tokens: int
    latency_s: float
    cached: bool
    repairs: int
    problem: str | None


class ChatModel(Protocol):
    """A language model in a seat. Safe to be asked by many debates at a time."""

    async def ask(self, ask: Ask[T]) -> Reply[T]:
        """The reply, read and checked. Raises `ModelError` when there is none."""
        ...
