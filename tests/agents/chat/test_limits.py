"""What happens at a server that is slow, busy, wrong or not there: limits, tries, waits, and what is said."""

import asyncio
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.chat import ModelError
from agents.chat.endpoint import LONGEST_WAIT_S, backoff
from agents.chat.faults import fault_of
from agents.chat.settings import ModelSettings
from benchmarks.chat_server import ChatServer, Question, Said
from litelong import UsageError

PICKED = '{"ids": ["a"]}'
Make = Callable[..., Any]


def failing_first(times: int, **said: Any) -> Callable[[Question], str | Said]:
    return lambda question: Said(**said) if question.number <= times else PICKED


@pytest.fixture
def settled(chats: Make, seat: Make) -> Make:
    """The model of a seat at a server, with these settings."""

    def make(server: ChatServer, **settings: Any) -> Any:
        return chats({f"openai:m@{server.base_url}": ModelSettings(**settings)}).seated(seat(server))

    return make


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 529])
def test_what_may_pass_is_tried_again(serve: Make, settled: Make, ask: Make, status: int) -> None:
    server = serve(failing_first(3, status=status, text="busy"))
    model = settled(server)
    assert asyncio.run(model.ask(ask(model))).value.ids == ["a"]
    assert len(server.questions) == 4
    assert sum(model.chats.retried.values()) == 3


def test_tries_have_an_end_and_it_is_said(serve: Make, settled: Make, ask: Make) -> None:
    server = serve(lambda _: Said("overloaded", status=503))
    model = settled(server, retries=2)
    with pytest.raises(ModelError, match=r"model 'm' at http://127.0.0.1:\d+/v1: .*overloaded.* \(tried 3 times\)"):
        asyncio.run(model.ask(ask(model)))
    assert len(server.questions) == 3


@pytest.mark.parametrize(
    ("status", "text"), [(401, "bad key"), (404, "no such model"), (429, "insufficient_quota: pay")]
)
def test_what_every_call_would_meet_stops_the_run_at_once(
    serve: Make, settled: Make, ask: Make, status: int, text: str
) -> None:
    server = serve(lambda _: Said(text, status=status))
    model = settled(server)
    with pytest.raises(UsageError, match=f"refused: .*{text}.*run again"):
        asyncio.run(model.ask(ask(model)))
    assert len(server.questions) == 1


def test_a_prompt_that_is_refused_is_not_sent_again(serve: Make, settled: Make, ask: Make) -> None:
    server = serve(lambda _: Said("the context length of 10 tokens is exceeded; structured or not", status=400))
    model = settled(server)
    with pytest.raises(ModelError, match="context length"):
        asyncio.run(model.ask(ask(model)))
    assert len(server.questions) == 1


def test_a_server_that_is_not_there_stops_the_run(chats: Make, ask: Make, seat: Make) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    name = f"openai:m@{address}"
    model = chats({name: ModelSettings(retries=1)}).seated(seat(name))
    with pytest.raises(UsageError, match=f"{address} cannot be reached: .*start it or correct its address"):
        asyncio.run(model.ask(ask(model)))


def test_a_call_that_takes_too_long_is_given_up(serve: Make, settled: Make, ask: Make) -> None:
    server = serve(lambda question: Said(PICKED, wait_s=5.0 if question.number == 1 else 0.0))
    model = settled(server, timeout_s=0.2)
    assert asyncio.run(model.ask(ask(model))).value.ids == ["a"]
    assert len(server.questions) == 2


def test_retry_after_holds_all_calls_back(serve: Make, chats: Make, ask: Make, seat: Make) -> None:
    times: list[float] = []

    def answer(question: Question) -> str | Said:
        times.append(time.monotonic())
        return Said("slow down", status=429, headers={"Retry-After": "0.5"}) if question.number == 1 else PICKED

    server = serve(answer)
    run = chats(concurrency=1)
    model = run.seated(seat(server))

    async def several() -> None:
        await asyncio.gather(*(model.ask(ask(model, round=n)) for n in range(4)))

    asyncio.run(several())
    assert len(times) == 5
    assert times[1] - times[0] >= 0.5


def test_a_pause_that_is_too_long_is_not_waited_for(serve: Make, settled: Make, ask: Make) -> None:
    server = serve(lambda _: Said("tomorrow", status=429, headers={"Retry-After": "86400"}))
    model = settled(server)
    with pytest.raises(ModelError, match=r"asks to wait 86,400 s"):
        asyncio.run(model.ask(ask(model)))


class RefusedError(Exception):
    """An error as HTTP libraries raise it."""

    def __init__(self, status: int, **headers: str) -> None:
        super().__init__("refused")
        self.status_code = status
        self.response = type("Response", (), {"headers": {k.replace("_", "-"): v for k, v in headers.items()}})


NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0),
        ("0.25", 0.25),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), 0.0),
        ("-5", 0.0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(said: str, seconds: float | None) -> None:
    assert fault_of(RefusedError(429, Retry_After=said), NOW).wait_s == seconds


@given(tried=st.integers(0, 2000), draw=st.floats(0, 1), first=st.floats(0.001, 10))
def test_waits_double_up_to_a_bound_and_are_never_the_same_for_all(tried: int, draw: float, first: float) -> None:
    whole = min(LONGEST_WAIT_S, first * 2 ** min(tried, 40))
    assert whole / 2 <= backoff(tried, first, lambda: draw) <= whole


def test_calls_in_flight_are_bounded_for_a_server_not_for_a_model(
    serve: Make, chats: Make, ask: Make, seat: Make
) -> None:
    server = serve(lambda _: Said(PICKED, wait_s=0.05))
    run = chats(concurrency=3)
    models = [run.seated(seat(f"openai:{name}@{server.base_url}", name)) for name in ("small", "large")]

    async def many() -> None:
        await asyncio.gather(*(model.ask(ask(model, round=n)) for n in range(8) for model in models))

    asyncio.run(many())
    assert len(server.questions) == 16
    assert server.at_once == 3


def test_calls_a_minute_are_bounded(serve: Make, settled: Make, ask: Make) -> None:
    server = serve(lambda _: PICKED)
    model = settled(server, requests_per_minute=600)
    began = time.monotonic()

    async def several() -> None:
        await asyncio.gather(*(model.ask(ask(model, round=n)) for n in range(6)))

    asyncio.run(several())
    assert time.monotonic() - began >= 0.5  # six calls, 0.1 s between two


def test_a_key_that_is_named_and_not_set_is_refused(serve: Make, settled: Make, ask: Make) -> None:
    server = serve(lambda _: PICKED)
    model = settled(server, key_env="NO_SUCH_KEY_HERE")
    with pytest.raises(UsageError, match="NO_SUCH_KEY_HERE is not set"):
        asyncio.run(model.ask(ask(model)))


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("groq:llama", "pip install langchain-groq"),
        ("nobody:m", "nobody"),
        ("openai:gpt", "OPENAI_API_KEY is not set"),
    ],
)
def test_a_provider_that_is_not_there_is_refused(chats: Make, ask: Make, seat: Make, model: str, words: str) -> None:
    seated = chats().seated(seat(model))
    with pytest.raises(UsageError, match=words):
        asyncio.run(seated.ask(ask(seated)))
    assert "\n" not in words
