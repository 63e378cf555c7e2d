"""Keys are nowhere in what comes back from a server: not in errors, not in replies, not in the file."""

import asyncio
import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agents.chat import ModelError
from agents.chat.secrets import redacted
from agents.chat.settings import ModelSettings
from benchmarks.chat_server import Question, Said

KEY = "planted/key+1234"


@pytest.mark.parametrize(
    "form", [KEY, "planted%2Fkey%2B1234", base64.b64encode(KEY.encode()).decode(), f"Bearer {KEY}", "sk-abcdefgh1234"]
)
def test_a_key_is_blotted_out_in_any_form(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    monkeypatch.setenv("SOME_API_KEY", KEY)
    assert redacted(f'{{"authorization": "{form}", "why": "no"}}').count("***") == 1
    assert form not in redacted(f"got {form} from you")


def test_ordinary_words_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_KEY", "a")
    monkeypatch.setenv("MONKEY", "bearer")
    assert redacted("a bearer of news, risk-taking") == "a bearer of news, risk-taking"


@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_server_that_repeats_the_headers(
    serve: Callable[..., Any],
    chats: Callable[..., Any],
    ask: Callable[..., Any],
    seat: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    status: int,
) -> None:
    server = serve(lambda question: Said(said(question), status=status))
    run = chats({f"openai:m@{server.base_url}": ModelSettings(retries=1)})
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    model = run.seated(seat(server))
    try:
        text = repr(asyncio.run(model.ask(ask(model))))
    except ModelError as error:
        text = repr(error) + repr(error.__cause__)
    assert server.questions[0].headers["Authorization"] == f"Bearer {KEY}"
    assert KEY not in text
    for file in tmp_path.iterdir():
        assert KEY.encode() not in file.read_bytes()


def said(question: Question) -> str:
    return json.dumps(dict(question.headers))
