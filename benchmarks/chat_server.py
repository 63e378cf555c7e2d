"""A real local server that speaks the chat-completions protocol: in a thread for tests, as a process of its own to measure.

What it answers is a function of the question; it keeps no model. Loopback only.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass(frozen=True)
class Question:
    """One request, as it came over the wire. `number` counts from 1."""

    number: int
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def system(self) -> str:
        return str(self.body["messages"][0]["content"])

    @property
    def user(self) -> str:
        return str(self.body["messages"][-1]["content"])

    @property
    def way(self) -> str:
        """How a shape was asked for: `schema`, `tools` or `prompt`."""
        return "schema" if "response_format" in self.body else "tools" if "tools" in self.body else "prompt"


@dataclass(frozen=True)
class Said:
    """What the server answers: a text with status 200, or an error. `wait_s` is how long it thinks."""

    text: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    wait_s: float = 0.0
    usage: tuple[int, int] | None = (100, 10)
    arguments: str | None = None
    """Arguments of a tool call instead of a text."""
    finish: str = "stop"
    body: str | None = None
    """The whole body, as it is."""


Answer = Callable[[Question], "str | Said"]


class ChatServer:
    """`with ChatServer(answer) as server:` listens on `server.base_url` until the block ends."""

    def __init__(self, answer: Answer, port: int = 0) -> None:
        self.answer = answer
        self.questions: list[Question] = []
        self.at_once = 0
        """The most requests that were open at the same time."""
        self.port = port
        self._open = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> "ChatServer":
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.start(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def start(self) -> None:
        """Listen, on the running event loop."""
        app = web.Application(client_max_size=1 << 26)
        app.router.add_post("/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def _stop(self) -> None:
        await self._runner.cleanup()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    async def _serve(self, request: web.Request) -> web.Response:
        body = await request.json()
        # Numbered only now: while one body is awaited another request may come in.
        question = Question(len(self.questions) + 1, dict(request.headers), body)
        self.questions.append(question)
        self._open += 1
        self.at_once = max(self.at_once, self._open)
        try:
            answer = self.answer(question)
            said = Said(answer) if isinstance(answer, str) else answer
            if said.wait_s:
                await asyncio.sleep(said.wait_s)
            return _response(said)
        finally:
            self._open -= 1


def _response(said: Said) -> web.Response:
    if said.body is not None:
        return web.Response(text=said.body, status=said.status, headers=said.headers, content_type="application/json")
    if said.status != 200:
        error = {"error": {"message": said.text, "code": None, "type": "error"}}
        return web.json_response(error, status=said.status, headers=said.headers)
    message: dict[str, Any] = {"role": "assistant", "content": said.text}
    if said.arguments is not None:
        function = {"name": "reply", "arguments": said.arguments}
        message = {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "1", "type": "function", "function": function}],
        }
    content: dict[str, Any] = {
        "id": "1",
        "object": "chat.completion",
        "created": 0,
        "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": said.finish}],
    }
    if said.usage is not None:
        prompt, reply = said.usage
        content["usage"] = {"prompt_tokens": prompt, "completion_tokens": reply, "total_tokens": prompt + reply}
    return web.json_response(content)
