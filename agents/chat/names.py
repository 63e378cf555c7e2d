"""A chat model's one string: `openai:MODEL@BASE_URL` for any OpenAI-compatible server, or `provider:model`."""

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from litelong import UsageError

_PROVIDER = re.compile(r"[a-z][a-z0-9_]*")


class ModelName(NamedTuple):
    """`provider`, the model's name there, and the server's address when one is given."""

    provider: str
    model: str
    base_url: str | None


def is_chat(model: str) -> bool:
    """Whether the string has the form of a chat model's."""
    return _PROVIDER.fullmatch(model.partition(":")[0]) is not None and ":" in model


def parse_model(model: str, where: str) -> ModelName:
    """Take the string apart. Raises `UsageError` that names `where` (the config key) it stands."""
    provider, _, rest = model.partition(":")
    name, at, url = rest.partition("@http")
    base_url = f"http{url}" if at else None
    if not is_chat(model) or not name.strip():
        raise UsageError(
            f"{where}: model {model[:80]!r} is not known; write lexical, lexical+wordllama, lexical+minilm, "
            "openai:MODEL@BASE_URL, or provider:model"
        )
    if base_url is not None:
        if provider != "openai":
            raise UsageError(f"{where}: an address after @ goes with openai:MODEL@BASE_URL, not with {provider!r}")
        _check_address(base_url, where)
    return ModelName(provider, name, base_url)


def _check_address(url: str, where: str) -> None:
    try:
        parts = urlsplit(url)
        port_is_good = parts.port is None or parts.port > 0
    except ValueError:
        raise UsageError(
            f"{where}: {url[:80]!r} is not the address of a server; e.g. http://localhost:8000/v1"
        ) from None
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UsageError(
            f"{where}: the address of a model must hold no name, password or query; keys come from the environment"
        )
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port_is_good:
        raise UsageError(f"{where}: {url[:80]!r} is not the address of a server; e.g. http://localhost:8000/v1")
