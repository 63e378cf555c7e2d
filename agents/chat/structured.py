"""Reading a reply: find the JSON object in whatever text a model wrote, and check it against the schema.

Pure functions, linear in the length of the text; what cannot be read gives a reason in words, never an exception.
"""

import json
from collections.abc import Iterator
from typing import Any, cast

from pydantic import ValidationError

from agents.chat.call import T

LONGEST = 1_000_000
"""Characters of a reply that are looked at; more is an unreadable reply."""
TRIES = 256
"""Opening braces that are tried, from the first on."""


def read_reply(text: str, schema: type[T]) -> tuple[T | None, str | None]:
    """The value that a reply holds, or None and why not."""
    if len(text) > LONGEST:
        return None, f"the reply has more than {LONGEST:,} characters"
    problem = "the reply holds no JSON object" if text.strip() else "the reply is empty"
    for found in _objects(text):
        try:
            return schema.model_validate(_encodable(found)), None
        except ValidationError as error:
            problem = _explain(error)
        except RecursionError:
            problem = "the JSON object is nested too deeply"
        except Exception as error:  # a validator of somebody's schema that was not ready for what a model wrote
            problem = f"the JSON object could not be checked ({type(error).__name__})"
    return None, problem


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """JSON objects in the text, the outermost and longest first: models write an example, think, then answer."""
    decoder = json.JSONDecoder(strict=False, parse_constant=_refuse)
    found: list[tuple[int, dict[str, Any]]] = []
    begin, tries = text.find("{"), 0
    while begin >= 0 and tries < TRIES:
        tries += 1
        try:
            value, end = decoder.raw_decode(text, begin)
        except (ValueError, RecursionError):
            begin = text.find("{", begin + 1)
            continue
        found.append((end - begin, value))
        begin = text.find("{", end)
    for _, value in sorted(found, key=lambda one: one[0], reverse=True):
        yield value


def encodable(text: str) -> str:
    r"""Half a surrogate pair (`"\\ud800"`), which JSON can write and no file can hold, becomes U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _encodable(value: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(value, ensure_ascii=False)
    clean = encodable(text)
    return value if clean == text else cast(dict[str, Any], json.loads(clean))


def _refuse(name: str) -> Any:  # noqa: ANN401 - json's hook
    raise ValueError(f"{name} is not JSON")


def _explain(error: ValidationError) -> str:
    """The first faults in words: where and what, without the values (they are the model's own text)."""
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    said = "; ".join(f"{'.'.join(map(str, f['loc']))[:80] or 'the object'}: {f['msg'][:200]}" for f in faults[:3])
    more = f" (and {len(faults) - 3} more)" if len(faults) > 3 else ""
    return f"{said}{more}"
