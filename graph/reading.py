"""From what a person wrote to plain values: the YAML file and the `--set` overrides, before anything is validated."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from litelong import UsageError

BROKEN = (yaml.YAMLError, ValueError, KeyError, AttributeError, TypeError, RecursionError)
"""What PyYAML raises for text that is not YAML: its own errors, and those of its constructors (`2001-99-99`, `!!bool x`)."""


class _Loader(yaml.SafeLoader):
    """A safe loader that refuses a key written twice: YAML would keep the last and drop the first in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"key '{key.value}' is written twice", key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file. Raises `UsageError` when there is no such file, or none such in it."""
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - derived from SafeLoader
    except FileNotFoundError:
        raise UsageError(f"{path}: no such config file; `litelong init` writes one") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{path}: cannot be read as a config file: {reason}; name a YAML file") from None
    except BROKEN as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not YAML"
        raise UsageError(f"{path}: not valid YAML{where}: {problem}; correct it there") from None
    if not isinstance(data, dict):
        raise UsageError(f"{path}: a config is a mapping of sections (run, corpus, ...), this is {kind(data)}")
    return data


def override(data: dict[str, Any], text: str) -> None:
    """Apply one `a.b=c` to `data`; `c` is YAML. Raises `UsageError`."""
    key, sign, value_text = text.partition("=")
    if not sign or not key:
        raise UsageError(f"--set {text}: write it as section.key=value, e.g. --set packing.context_length=4096")
    try:
        value = yaml.load(value_text, _Loader)  # noqa: S506 - derived from SafeLoader
    except BROKEN:
        raise UsageError(f"--set {text}: the value is not valid YAML; quote it") from None
    *sections, last = key.split(".")
    target = data
    for section in sections:
        inner = target.get(section)
        if isinstance(inner, str) and section == "taxonomy":
            inner = {"source": inner}
        target[section] = dict(inner) if isinstance(inner, dict) else {}
        target = target[section]
    target[last] = value


def kind(value: object) -> str:
    """A value in an error message: short, and what it is rather than all of it."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
