"""A model whose replies are written down beforehand: for tests of roles, of protocols and of both engines.

    model = ScriptedModel({("critic-1", "criticise", 1): '{"critiques": []}'})
    library.chats = model.seated

The replies are read and repaired as any model's are; usage is counted by words, so that it is the same every time.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from agents.chat.call import Ask, ModelError, Reply, T
from agents.chat.meter import count
from agents.chat.structured import read_reply
from agents.messages import Seat

Said = str | BaseModel | Exception
Line = Said | Iterable[Said] | Callable[[Ask[Any]], Said]
"""A reply, several for one turn (the second answers the repair turn), or what makes one from the question."""


@dataclass
class ScriptedModel:
    """Replies by (seat name, step, round). `asked` keeps every question, in the order they came."""

    script: Mapping[tuple[str, str, int], Line] | Callable[[Ask[Any]], Said]
    asked: list[Ask[Any]] = field(default_factory=list)

    def seated(self, seat: Seat) -> "ScriptedModel":
        """What `Library.chat` calls: the same script for every seat."""
        return self

    async def ask(self, ask: Ask[T]) -> Reply[T]:
        """The scripted reply. Raises `ModelError` where the script has none, and what the script says to raise."""
        self.asked.append(ask)
        said = self._lines(ask)
        value, problem = read_reply(said[0], ask.schema)
        repairs = 0
        if value is None and len(said) > 1:
            repairs = 1
            value, problem = read_reply(said[1], ask.schema)
        reply = Reply(
            value,
            said[repairs],
            prompt_tokens=(1 + repairs) * len(f"{ask.system} {ask.user}".split()),
            reply_tokens=sum(len(text.split()) for text in said[: 1 + repairs]),
            latency_s=0.0,
            cached=False,
            repairs=repairs,
            problem=problem,
        )
        count(reply)
        return reply

    def _lines(self, ask: Ask[Any]) -> list[str]:
        key = (ask.seat.name, ask.step, ask.round)
        if callable(self.script):
            line: Line = self.script
        elif key in self.script:
            line = self.script[key]
        else:
            raise ModelError(f"the script has no line for {key}")
        lines = [line(ask)] if callable(line) else [line] if isinstance(line, Said) else list(line)
        return [_text(said) for said in lines]


def _text(said: Said) -> str:
    if isinstance(said, Exception):
        raise said
    return said.model_dump_json() if isinstance(said, BaseModel) else said
