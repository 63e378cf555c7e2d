"""`usage.json`: where the time of a run went, and what its models used. Not deterministic, so apart from all that is.

Written whenever a stage ends, and added to when a run is taken up again, so the sum is over every call that worked on it.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from agents.messages import Seat
from tools.files import write_atomic

if TYPE_CHECKING:
    from agents.chat.chats import Chats


class UsageFile:
    """Wall and CPU seconds by stage, in one run's file. With `path` None (a run that is only read) nothing is written."""

    def __init__(self, path: Path | None, seats: Sequence[Seat], workers: int) -> None:
        self.path = path
        self.chats: Chats | None = None
        """The language models at work, once they are opened."""
        self._seats = seats
        self._models = _models_before(path)
        self.content: dict[str, Any] = {
            "stages": _before(path),
            "workers": workers,
            "models": {seat.name: self._models["models"].get(seat.name, _unused(seat)) for seat in seats},
            "retries": dict(self._models["retries"]),
        }

    @contextmanager
    def timing(self, stage: str) -> Iterator[None]:
        """Add what the block takes to its stage, also when it fails or is interrupted."""
        wall, cpu = time.monotonic(), time.process_time()
        try:
            yield
        finally:
            spent = self.content["stages"].setdefault(stage, {"wall_s": 0.0, "cpu_s": 0.0})
            spent["wall_s"] = round(spent["wall_s"] + time.monotonic() - wall, 3)
            spent["cpu_s"] = round(spent["cpu_s"] + time.process_time() - cpu, 3)
            self.save()

    def save(self) -> None:
        """Write the file."""
        if self.chats is not None:
            self._count(self.chats)
        if self.path is not None and self.path.parent.is_dir():
            write_atomic(self.path, orjson.dumps(self.content, option=orjson.OPT_INDENT_2))

    def _count(self, chats: "Chats") -> None:
        """Calls, tokens and cost from the recorded replies, which no kill takes away; the rest added to what was there."""
        paid = {one.seat: one for one in chats.replies.spent(paid_only=True)}
        for seat in self._seats:
            before, now = self._models["models"].get(seat.name, {}), chats.tallies.get(seat.name)
            entry = self.content["models"][seat.name] = _unused(seat)
            for name in ("replayed", "failed"):
                entry[name] = int(before.get(name, 0)) + (getattr(now, name) if now else 0)
            one = paid.get(seat.name)
            if one is not None:
                entry |= {
                    name: getattr(one, name)
                    for name in ("calls", "prompt_tokens", "reply_tokens", "repairs", "unreadable")
                }
                entry["latency_s"] = round(one.latency_s, 3)
                entry["cost"] = round(chats.settings(seat.model).cost(one.prompt_tokens, one.reply_tokens), 6)
        models = sorted({*self._models["retries"], *chats.retried})
        self.content["retries"] = {
            model: int(self._models["retries"].get(model, 0)) + chats.retried.get(model, 0) for model in models
        }


def _unused(seat: Seat) -> dict[str, Any]:
    """A seat's account before its model was called. `calls` are those paid for, repairs included; times in seconds."""
    counts = dict.fromkeys(("calls", "prompt_tokens", "reply_tokens", "repairs", "unreadable", "replayed", "failed"), 0)
    return {"role": seat.role, "model": seat.model, **counts, "latency_s": 0.0, "cost": 0.0}


def _models_before(path: Path | None) -> dict[str, dict[str, Any]]:
    """The accounts that earlier calls of the run left."""
    try:
        content = orjson.loads(path.read_bytes()) if path else {}
        models, retries = content["models"], content["retries"]
        if isinstance(retries, dict) and all(isinstance(entry, dict) for entry in models.values()):
            return {"models": models, "retries": retries}
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        pass
    return {"models": {}, "retries": {}}


def _before(path: Path | None) -> dict[str, dict[str, float]]:
    """What earlier calls took. A file that cannot be read holds nothing worth stopping a run for."""
    try:
        stages = orjson.loads(path.read_bytes())["stages"] if path else {}
        return {name: {"wall_s": float(s["wall_s"]), "cpu_s": float(s["cpu_s"])} for name, s in stages.items()}
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        return {}
