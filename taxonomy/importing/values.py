"""JSON and YAML to plain values, where nothing written twice is dropped in silence and no small file becomes a huge value."""

from __future__ import annotations

import json
from typing import Any

from taxonomy.importing.found import UnreadableError


def parse_json(text: str) -> Any:  # noqa: ANN401 - whatever stands in the file
    """The value of a JSON text. Raises `UnreadableError`, also for a key that stands twice with different values."""
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        raise UnreadableError(f"line {error.lineno}: not valid JSON ({error.msg})") from None
    except (RecursionError, ValueError) as error:
        if isinstance(error, UnreadableError):
            raise
        raise UnreadableError("not a JSON that can be read (nested too deeply, or a number too long)") from None


def parse_yaml(text: str) -> Any:  # noqa: ANN401 - whatever stands in the file
    """The value of a YAML text. Raises `UnreadableError`, also for a key that stands twice and for merge keys (`<<`).

    libyaml reads the shipped tree in 3 ms, the pure Python loader in 30. Aliases are left as they are: the same list in
    many places costs nothing until somebody walks it, and `nested` counts as it walks.
    """
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
            seen: set[str] = set()
            for key, _ in node.value:
                if key.tag == "tag:yaml.org,2002:merge":
                    raise yaml.constructor.ConstructorError(
                        None, None, "merge keys ('<<') are not read", key.start_mark
                    )
                if isinstance(key, yaml.ScalarNode):
                    if key.value in seen:
                        raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} twice", key.start_mark)
                    seen.add(key.value)
            return dict(super().construct_mapping(node, deep))

    try:
        return yaml.load(text, Loader)  # noqa: S506 - derived from a safe loader
    except (yaml.YAMLError, ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or str(error) or "nested too deeply"
        raise UnreadableError(f"{where}it is not YAML ({' '.join(problem.split())[:120]})") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        first: dict[str, Any] = {}
        for key, value in pairs:
            if first.setdefault(key, value) != value:
                raise UnreadableError(
                    f"{key[:60]!r} stands in two places, with {str(first[key])[:60]!r} and {str(value)[:60]!r}"
                )
    return found
