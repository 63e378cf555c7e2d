"""What a failed call means: try again (and when), ask in another way, give this one up, or stop the run.

Works on the exceptions of any provider: they carry a status code and the response's headers in the same two places.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from agents.chat.secrets import redacted

Kind = Literal["again", "other way", "give up", "stop"]

_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
_STOP = frozenset({401, 402, 403, 404, 405, 407})
"""Wrong key, no credit, no permission, no such model or address: every other call would fail in the same way."""
_NO_CREDIT = re.compile(r"insufficient_quota|billing|credit balance", re.IGNORECASE)
_SHAPE = re.compile(
    r"response_format|json.?schema|structured|grammar|tool|function|schema|not supported|unsupported|unrecognized",
    re.IGNORECASE,
)
_TOO_LONG = re.compile(r"context|too long|maximum|max_tokens", re.IGNORECASE)
_TRANSPORT = frozenset({"APIConnectionError", "TransportError", "ConnectError", "ClientConnectionError"})
"""What HTTP libraries call a connection that was refused or broke off."""
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a call failed, in one line without keys, and what to do. `wait_s`: what the server asks for, if it does."""

    kind: Kind
    reason: str
    wait_s: float | None = None
    unreachable: bool = False


def fault_of(error: Exception, now: datetime | None = None) -> Fault:
    """Judge an exception of a call."""
    reason, status = _reason(error), _status(error)
    if status is None:
        return _without_answer(error, reason)
    if status in _STOP or (status == 429 and _NO_CREDIT.search(reason)):
        return Fault("stop", reason)
    if status in {400, 415, 422, 501} and _SHAPE.search(reason) and not _TOO_LONG.search(reason):
        return Fault("other way", reason)
    if status in _AGAIN or status >= 500:
        return Fault("again", reason, _wait(_headers(error), now or datetime.now(UTC)))
    return Fault("give up", reason)


def _without_answer(error: Exception, reason: str) -> Fault:
    """No status: nothing came over the wire, or the provider's library does not do what it was asked."""
    names = {cls.__name__ for cls in type(error).__mro__}
    slow = isinstance(error, TimeoutError) or any("Timeout" in name for name in names)
    if slow or isinstance(error, OSError) or names & _TRANSPORT:
        return Fault("again", reason, unreachable=not slow)
    return Fault("other way" if isinstance(error, NotImplementedError) else "give up", reason)


def _status(error: Exception) -> int | None:
    response = getattr(error, "response", None)
    for found in (
        getattr(error, "status_code", None),
        getattr(response, "status_code", None),
        getattr(error, "code", None),
    ):
        if isinstance(found, int) and 100 <= found < 1000:
            return found
    return None


def _headers(error: Exception) -> Mapping[str, str]:
    headers: Any = getattr(getattr(error, "response", None), "headers", None)
    return {str(k).lower(): str(v) for k, v in headers.items()} if headers is not None else {}


def _wait(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that the server asks to wait: `Retry-After` in seconds or as an HTTP date (RFC 9110, section 10.2.3)."""
    said = headers.get("retry-after")
    if said is None:
        return None
    try:
        seconds = float(said)
    except ValueError:
        try:
            when = parsedate_to_datetime(said)
        except ValueError:
            return None
        seconds = ((when if when.tzinfo else when.replace(tzinfo=UTC)) - now).total_seconds()
    return max(0.0, seconds) if seconds < float("inf") else None


def _reason(error: Exception) -> str:
    said = getattr(error, "message", None)
    text = redacted(" ".join((said if isinstance(said, str) and said else str(error)).split()))
    if not text:
        text = "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__
    return text[:_LONGEST].rstrip(". ")
