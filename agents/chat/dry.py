"""A model that is never asked: it makes up replies of plausible length, so that a real debate shows what it would cost.

Prompts are the real ones, filled by the real protocol and roles, also a user's own; only replies are assumed. A list has an
entry for each id in the prompt where its entries have ids, otherwise as many as the category's brief wants; every text
has `WORDS` words. Judges usually name fewer topics and debates often end before the last round, so this is rather too much.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from agents.chat.call import Ask, Reply, T
from agents.chat.meter import count as count_reply
from agents.chat.provider import CHARACTERS_PER_TOKEN
from agents.chat.structured import read_reply
from agents.messages import Seat

WORDS = 20
"""Words of an explanation or a reason (title: `TITLE_WORDS`)."""
TITLE_WORDS = 4
ENTRIES = 3
"""Entries of a list that is neither about ids nor asked for in number."""
_ID = re.compile(r'"id": "([^"\\]{1,40})"')


@dataclass
class Drawn:
    """What one seat would use: calls, and tokens at four characters each."""

    calls: int = 0
    prompt_tokens: int = 0
    reply_tokens: int = 0


@dataclass
class DryModel:
    """A `ChatModel` for every seat. `wanted` says how many topics a category's brief asks for."""

    wanted: Callable[[str], int]
    drawn: dict[str, Drawn] = field(default_factory=dict)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def seated(self, seat: Seat) -> "DryModel":
        """What `Library.chat` calls."""
        return self

    async def ask(self, ask: Ask[T]) -> Reply[T]:
        """A made-up reply of the shape asked for."""
        schema = ask.schema.model_json_schema()
        ids = list(dict.fromkeys(_ID.findall(ask.user)))
        text = json.dumps(self._value(schema, schema.get("$defs", {}), "", ids, self.wanted(ask.category)))
        value, problem = read_reply(text, ask.schema)
        seen = self.drawn.setdefault(ask.seat.name, Drawn())
        prompt, reply = (len(ask.system) + len(ask.user)) // CHARACTERS_PER_TOKEN, len(text) // CHARACTERS_PER_TOKEN
        seen.calls, seen.prompt_tokens, seen.reply_tokens = (
            seen.calls + 1,
            seen.prompt_tokens + prompt,
            seen.reply_tokens + reply,
        )
        made = Reply(value, text, prompt, reply, 0.0, cached=False, repairs=0, problem=problem)
        count_reply(made)
        return made

    def _value(self, shape: dict[str, Any], defs: dict[str, Any], name: str, ids: list[str], wanted: int) -> Any:  # noqa: ANN401
        shape = _resolved(shape, defs)
        if "enum" in shape or "const" in shape:
            return shape["const"] if "const" in shape else shape["enum"][0]
        kind = shape.get("type")
        if kind == "object":
            return {key: self._value(part, defs, key, ids, wanted) for key, part in shape.get("properties", {}).items()}
        if kind == "array":
            return self._list(shape, defs, name, ids, wanted)
        if kind == "string":
            return self._text(name)
        # Yes and no in turn, so that debates of several rounds go on.
        return {"boolean": next(self._numbers) % 2 == 0, "integer": 3, "number": 3.5}.get(str(kind))

    def _list(self, shape: dict[str, Any], defs: dict[str, Any], name: str, ids: list[str], wanted: int) -> list[Any]:
        entry = _resolved(shape.get("items", {"type": "string"}), defs)
        has_ids = "id" in entry.get("properties", {})
        number = len(ids) if has_ids else wanted if entry.get("type") == "object" else ENTRIES
        entries = [self._value(entry, defs, name, ids, wanted) for _ in range(number)]
        if has_ids:
            entries = [{**made, "id": given} for made, given in zip(entries, ids, strict=True)]
        return entries

    def _text(self, name: str) -> str:
        words = TITLE_WORDS if name in {"title", "id"} else WORDS
        return " ".join([f"number {next(self._numbers)}", *["plausible"] * (words - 2)])


def _resolved(shape: dict[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    """What a reference stands for, and the first of several choices."""
    for _ in range(8):
        if "$ref" in shape:
            shape = defs[shape["$ref"].rsplit("/", 1)[1]]
        else:
            choices = next((shape[key] for key in ("allOf", "anyOf", "oneOf") if key in shape), None)
            if choices is None:
                break
            shape = choices[0]
    return shape
