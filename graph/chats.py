"""The language models of a run: checked before it begins, opened with its recorded replies, accounted for at its end."""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents.messages import Seat
from agents.roles import model_family
from graph.config import Config
from litelong import UsageError

if TYPE_CHECKING:
    from agents.chat.chats import Chats

FILE = "replies.sqlite"


def chat_seats(seats: Sequence[Seat]) -> list[Seat]:
    """The seats whose model is a language model, which is paid for."""
    return [seat for seat in seats if model_family(seat.model, seat.name) == "chat"]


def check_models(config: Config, seats: Sequence[Seat]) -> None:
    """Raise `UsageError` for a provider, package, key or price that is not there. Calls nothing."""
    paid, debate = chat_seats(seats), config.debate
    known = sorted({seat.model for seat in paid})
    for model in debate.models:
        if model not in known:
            near = get_close_matches(model, known, n=1, cutoff=0.4)
            hint = f"did you mean '{near[0]}'?" if near else f"seats have: {', '.join(known) or 'no chat model'}"
            raise UsageError(f"debate.models: no seat has the model '{model[:120]}'; {hint}")
    if paid and debate.budget.cost is not None:
        for model in known:
            prices = debate.models.get(model)
            if prices is None or prices.price_in is None or prices.price_out is None:
                raise UsageError(
                    f"debate.budget.cost: no price is known for '{model}'; set price_in and price_out (per million tokens) "
                    "under debate.models, or use debate.budget.tokens"
                )
    if debate.replies is not None and not _file(debate.replies).is_file():
        raise UsageError(
            f"debate.replies: {debate.replies} holds no recorded replies; name a run directory or a {FILE}"
        )
    if paid:
        from agents.chat.provider import check_provider

        for seat in paid:
            check_provider(seat, debate.models.get(seat.model))


def open_chats(config: Config, seats: Sequence[Seat], folder: Path) -> "Chats | None":
    """The chat models of a run in `folder`, or None for a panel without any."""
    if not chat_seats(seats):
        return None
    from agents.chat.chats import Budget, Chats
    from agents.chat.replies import Replies

    debate = config.debate
    replies = Replies(folder / FILE, _file(debate.replies) if debate.replies else None)
    budget = Budget(debate.budget.tokens, debate.budget.cost)
    return Chats(replies, debate.models, concurrency=debate.concurrency, budget=budget)


def model_calls(folder: Path, categories: Iterable[str], failed: int) -> dict[str, Any]:
    """`ledger.json`'s account of calls: from the recorded replies about `categories`, so the same however often they were
    replayed. `calls` counts repairs too; `unreadable` replies stayed so after their repair turn; `failed` categories had
    no outcome.
    """
    sums = {"calls": 0, "prompt_tokens": 0, "reply_tokens": 0, "repairs": 0, "unreadable": 0}
    seats: dict[str, dict[str, Any]] = {}
    if (folder / FILE).exists():
        from agents.chat.replies import spent

        with closing(sqlite3.connect(folder / FILE)) as db:
            for one in spent(db, categories=set(categories)):
                counts = {name: getattr(one, name) for name in sums}
                seats[one.seat] = {"model": one.model, **counts}
                sums = {name: sums[name] + counts[name] for name in sums}
    return {**sums, "failed_categories": failed, "seats": seats}


def _file(path: str) -> Path:
    """The recorded replies that a run directory holds, or the file itself."""
    return Path(path) / FILE if Path(path).is_dir() else Path(path)
