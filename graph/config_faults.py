"""What is wrong with a configuration, in one line that a person can act on."""

from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from graph.reading import kind

_EXPECTED = {
    "model_type": "a section with keys is expected",
    "tuple_type": "a list is expected",
    "too_short": "must not be empty",
}
"""What to say where pydantic's own words name Python classes."""


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """The first fault in one line: where it is, what is wrong, what is there instead. `model` is what was validated."""
    faults = error.errors()
    first = min(faults, key=lambda fault: fault["type"] != "extra_forbidden")
    parts = _place(first["loc"])
    # One place with several faults is a choice (`auto` or a number), and all of it is said.
    here = [fault for fault in faults if _place(fault["loc"]) == parts]
    if first["type"] == "extra_forbidden":  # the key is the user's own, and may be called like a validator
        parts = [*_place(first["loc"][:-1]), str(first["loc"][-1])]
    where = ".".join(parts)
    more = f" (and {len(faults) - len(here)} more)" if len(faults) > len(here) else ""
    if first["type"] == "extra_forbidden":
        known = sorted(_keys_at(first["loc"], model))
        near = get_close_matches(parts[-1], known, n=1, cutoff=0.4)
        hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(known)}"
        return f"{where}: unknown key; {hint}{more}"
    if first["type"] == "missing":
        return f"{where}: is missing and has no default{'; e.g. corpus: {path: docs/}' if parts[0] == 'corpus' else ''}{more}"
    if first["type"] == "value_error":  # one of our own validators, which says all of it
        return f"{where}: {first['ctx']['error']}{more}"
    messages = (_EXPECTED.get(fault["type"], fault["msg"][:1].lower() + fault["msg"][1:]) for fault in here)
    return f"{where}: {', or '.join(messages)}, got {kind(first['input'])}{more}"


def _place(location: tuple[int | str, ...]) -> list[str]:
    """The keys of an error location, without pydantic's names for validators and members of a union."""
    return [
        str(part)
        for part in location
        if not str(part).startswith(("function-", "constrained", "literal[")) and part not in {"int", "str"}
    ]


def _keys_at(location: tuple[int | str, ...], model: Any) -> set[str]:  # noqa: ANN401 - a model, then those within it
    """The keys of the section that an error location points into."""
    for part in location[:-1]:
        if not isinstance(part, str) or part not in model.model_fields:
            continue
        annotation = model.model_fields[part].annotation
        candidates = [annotation, *get_args(annotation)]
        sections = [c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)]
        if sections:
            model = sections[0]
    return set(model.model_fields)
