"""Chat models against a real local server, with recorded replies in a real file."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from agents.chat.call import Ask
from agents.chat.chats import Budget, Chats, SeatedModel
from agents.chat.replies import Replies
from agents.chat.settings import ModelSettings
from agents.messages import Seat
from benchmarks.chat_server import Answer, ChatServer


class Pick(BaseModel):
    """Say which ids."""

    model_config = ConfigDict(extra="forbid")

    ids: list[str]


PICKED = '{"ids": ["a"]}'


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], ChatServer]]:
    """Start a server that answers so; stopped at the end of the test."""
    with ExitStack() as stack:
        yield lambda answer: stack.enter_context(ChatServer(answer))


@pytest.fixture
def chats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Chats]]:
    """A run's chat models: settings by model string, waits between tries a hundredth of a second."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    opened: list[Chats] = []

    def make(
        settings: dict[str, ModelSettings] | None = None,
        *,
        concurrency: int = 16,
        budget: Budget | None = None,
        file: str = "replies.sqlite",
        other: Path | None = None,
    ) -> Chats:
        replies = Replies(tmp_path / file, other)
        made = Chats(replies, settings or {}, concurrency=concurrency, budget=budget or Budget(), first_wait_s=0.01)
        opened.append(made)
        return made

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def ask() -> Callable[..., Ask[Pick]]:
    """A question from a seat."""

    def make(model: SeatedModel, user: str = "Which?", **place: Any) -> Ask[Pick]:
        where = {"category": "SCIENCE", "round": 1, "step": "judge", **place}
        return Ask(model.seat, system="You pick.", user=user, schema=Pick, **where)

    return make


@pytest.fixture
def seat() -> Callable[..., Seat]:
    """A seat with the model of a server."""

    def make(server: ChatServer | str, name: str = "judge-1", **fields: Any) -> Seat:
        model = server if isinstance(server, str) else f"openai:m@{server.base_url}"
        return Seat(name, "judge", "judge", model, **fields)

    return make
