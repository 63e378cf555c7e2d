"""The one place that knows LangChain's chat models: built from their one string, asked for a reply of a given shape.

`openai:MODEL@BASE_URL` is `ChatOpenAI`; every other provider comes from `init_chat_model`. Retries, limits and time are
not left to them, because each does it in its own way.
"""

import json
import os
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel

from agents.chat.names import ModelName, parse_model
from agents.chat.secrets import holds_key, redacted
from agents.chat.settings import ModelSettings
from agents.chat.structured import LONGEST, encodable
from agents.messages import Seat
from litelong import UsageError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage

Way = Literal["schema", "tools", "prompt"]
WAYS: tuple[Way, ...] = ("schema", "tools", "prompt")
"""How a shape can be asked for, the surest first."""
_CUT_OFF = frozenset({"length", "max_tokens", "MAX_TOKENS"})
"""What providers call the end of a reply that was not finished."""
CHARACTERS_PER_TOKEN = 4
"""For servers that do not say how many tokens a call used."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A reply as it came, without keys, cut where no reader looks at it any more."""

    text: str
    prompt_tokens: int
    reply_tokens: int
    cut_off: bool = False
    """Whether the server ended it at its length limit."""


class Provider:
    """One model with one seat's temperature and top_p. `http` is the connection pool of the running event loop."""

    def __init__(self, name: ModelName, seat: Seat, settings: ModelSettings, http: object = None) -> None:
        self._model = _open(name, seat, settings, http)
        self._is_openai = name.provider == "openai"

    async def send(self, system: str, user: str, schema: type[BaseModel], way: Way) -> Raw:
        """One request. Raises whatever the provider's library raises."""
        messages = [("system", system), ("user", user if way != "prompt" else f"{user}\n\n{shape(schema)}")]
        try:
            message = await self._message(messages, schema, way)
        except Exception as error:
            message = _cut_off(error)
        text = _text(message)
        usage = message.usage_metadata or {"input_tokens": 0, "output_tokens": 0}
        return Raw(
            redacted(encodable(text[: LONGEST + 1])),
            usage["input_tokens"] or (len(system) + len(user)) // CHARACTERS_PER_TOKEN,
            usage["output_tokens"] or -(-len(text) // CHARACTERS_PER_TOKEN),
            message.response_metadata.get("finish_reason") in _CUT_OFF,
        )

    async def _message(self, messages: list[tuple[str, str]], schema: type[BaseModel], way: Way) -> "AIMessage":
        if way == "prompt":
            return await self._model.ainvoke(messages)
        if way == "tools":
            return await self._model.bind_tools([_function(schema)]).ainvoke(messages)
        if self._is_openai:
            return await self._model.ainvoke(messages, response_format=_response_format(schema))
        # Each provider's own best way; `raw` is what it said, which we read ourselves.
        structured = self._model.with_structured_output(_plain_schema(schema), include_raw=True)
        found: Any = await structured.ainvoke(messages)
        raw: AIMessage = found["raw"]
        return raw


def check_provider(seat: Seat, settings: ModelSettings | None) -> None:
    """Raise `UsageError` when a seat's model cannot be opened: unknown provider, missing package or key. Calls nothing."""
    _open(parse_model(seat.model, seat.name), seat, settings or ModelSettings(), None)


def shape(schema: type[BaseModel]) -> str:
    """What to say to a model that can only be told what shape its reply must have."""
    return f"Reply with one JSON object and nothing else. It must follow this JSON schema:\n{json.dumps(_plain_schema(schema))}"


@lru_cache(maxsize=256)
def _plain_schema(schema: type[BaseModel]) -> dict[str, Any]:
    return {"description": schema.__name__, **schema.model_json_schema()}


@lru_cache(maxsize=256)
def _function(schema: type[BaseModel]) -> dict[str, Any]:
    from langchain_core.utils.function_calling import convert_to_openai_tool

    return convert_to_openai_tool(schema, strict=True)


@lru_cache(maxsize=256)
def _response_format(schema: type[BaseModel]) -> dict[str, Any]:
    """The same shape as a JSON schema: other names for the same things."""
    function = _function(schema)["function"]
    renamed = {("schema" if key == "parameters" else key): value for key, value in function.items()}
    return {"type": "json_schema", "json_schema": renamed}


def _text(message: "AIMessage") -> str:
    """What was said: the arguments of the first tool call, or the text."""
    if message.tool_calls:
        return json.dumps(message.tool_calls[0]["args"], ensure_ascii=False)
    if message.invalid_tool_calls:
        return str(message.invalid_tool_calls[0]["args"] or "")
    return str(message.text)


def _cut_off(error: Exception) -> "AIMessage":
    """The part of a reply that the openai library keeps in its exception when the reply was cut off or filtered."""
    from langchain_core.messages import AIMessage

    completion = getattr(error, "completion", None)
    if completion is None:
        raise error
    usage = completion.usage
    counts = (usage.prompt_tokens, usage.completion_tokens) if usage else (0, 0)
    return AIMessage(
        completion.choices[0].message.content or "",
        usage_metadata={"input_tokens": counts[0], "output_tokens": counts[1], "total_tokens": sum(counts)},
        response_metadata={"finish_reason": completion.choices[0].finish_reason},
    )


def _open(name: ModelName, seat: Seat, settings: ModelSettings, http: object) -> "BaseChatModel":
    """The LangChain model. Raises `UsageError` for a provider, package or key that there is not."""
    where = f"{seat.name}: model '{seat.model[:80]}'"
    # Some models refuse to be given both; 1 is every server's own top_p.
    sampling = {"temperature": seat.temperature, **({} if seat.top_p == 1.0 else {"top_p": seat.top_p})}
    key = _key(settings, where)
    try:
        if name.provider == "openai":
            return _openai(name, key, settings, sampling, http)
        from langchain.chat_models import init_chat_model

        extra: dict[str, Any] = {**sampling, "max_retries": 0, **({"api_key": key} if key else {})}
        if settings.max_tokens is not None:
            extra["max_tokens"] = settings.max_tokens
        opened: BaseChatModel = init_chat_model(name.model, model_provider=name.provider, **extra)
        if http is not None and "http_async_client" in type(opened).model_fields:
            # Relatives of ChatOpenAI would share connections between event loops, and leave them open.
            opened = init_chat_model(name.model, model_provider=name.provider, http_async_client=http, **extra)
    except ImportError as error:
        raise UsageError(f"{where}: {' '.join(redacted(str(error)).split())}") from None
    except Exception as error:  # providers check their arguments and the environment each in its own way
        raise UsageError(f"{where}: {' '.join(redacted(str(error)).split())[:300]}") from None
    return opened


def _key(settings: ModelSettings, where: str) -> str | None:
    if settings.key_env is None:
        return None
    holds_key(settings.key_env)
    key = os.environ.get(settings.key_env)
    if not key:
        raise UsageError(f"{where}: the environment variable {settings.key_env} is not set; put the key there")
    return key


def _openai(
    name: ModelName, key: str | None, settings: ModelSettings, sampling: dict[str, float], http: object
) -> "BaseChatModel":
    from langchain_openai import ChatOpenAI
    from pydantic import SecretStr

    # Servers of one's own mostly need no key, and the library insists on one.
    key = key or os.environ.get("OPENAI_API_KEY") or ("none" if name.base_url else None)
    if key is None:
        raise ValueError("the environment variable OPENAI_API_KEY is not set; put the key there")
    # The server's own name for the limit of a reply; OpenAI's newer name is not known to all others.
    limit = {"max_tokens": settings.max_tokens} if name.base_url and settings.max_tokens else None
    return ChatOpenAI(
        model=name.model,
        base_url=name.base_url,
        api_key=SecretStr(key),
        max_retries=0,
        timeout=settings.timeout_s,
        max_completion_tokens=None if limit else settings.max_tokens,
        extra_body=limit,
        use_responses_api=False,
        http_async_client=http,
        **sampling,
    )
