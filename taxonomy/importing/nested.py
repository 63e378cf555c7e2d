"""Trees as YAML or JSON: mappings of names, lists of names, or records with a name, a code and what lies under them.

    {SCIENCE: {Physics: [Acoustics, Optics], Chemistry: null}}
    [{name: SCIENCE, code: SCI000000, children: [Physics, {name: Chemistry}]}]

Also what `litelong taxonomy show --json` prints, and the shipped tree's own form (`sections`, each with `subjects`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from taxonomy.importing.found import MAX_CATEGORIES, MAX_LEVELS, Found, Row, UnreadableError

_NAMES = ("name", "label", "title", "heading")
_CODES = ("code", "id", "notation")
_BELOW = ("children", "subjects", "sections", "narrower")
_ASIDE = frozenset({"path", "topics", "notes", "depth", "section", "see_also"})
_RECORD = frozenset({*_NAMES, *_CODES, *_BELOW, *_ASIDE})


def read_tree(data: object) -> list[Row]:
    """The categories of a nested value, depth first and as listed. Raises `UnreadableError` for what is no tree."""
    rows: list[Row] = []
    for row in _below(_top(data), ()):
        rows.append(row)
        if len(rows) > MAX_CATEGORIES:  # a few lines of YAML aliases can stand for billions
            raise UnreadableError(f"more than {MAX_CATEGORIES:,} categories")
    return rows


def read_nested(data: object) -> Found:
    """What a nested value holds: the tree, and the notes, aliases and edition that `litelong taxonomy export` adds."""
    found = Found("a nested tree", read_tree(data))
    if isinstance(data, dict) and data.get("path", "") is None:
        aliases, notes = data.get("aliases"), data.get("notes")
        if isinstance(aliases, dict):
            found.aliases = {str(alias): str(path) for alias, path in aliases.items()}
        if isinstance(notes, dict):
            found.notes = {
                str(path): [str(note) for note in own] for path, own in notes.items() if isinstance(own, list)
            }
        if isinstance(data.get("edition"), str):
            found.edition = data["edition"][:80]
    return found


def is_code_map(data: object) -> bool:
    """Whether `data` maps codes to literals."""
    if not isinstance(data, dict) or not data or (data.keys() <= _RECORD and _is_record(data)):
        return False
    return all(isinstance(value, str) for value in data.values())


def is_records(data: object) -> bool:
    """Whether `data` is a list of flat rows, each with a code and a literal: a table written as JSON."""
    flat = isinstance(data, list) and bool(data) and all(isinstance(row, dict) and "code" in row for row in data)
    return flat and not any(key in row for row in data for key in (*_BELOW, "name"))  # type: ignore[attr-defined]


def _top(data: object) -> object:
    """The sections: a whole taxonomy may be wrapped in a record of its own."""
    if isinstance(data, dict) and data.keys() <= _RECORD | {
        "see_also",
        "aliases",
        "edition",
        "terms",
        "digest",
        "format",
    }:
        whole = "path" in data and data["path"] is None
        if whole or not any(key in data for key in _NAMES):
            return next((data[key] for key in _BELOW if key in data), data)
    return data


def _below(children: object, above: tuple[str, ...]) -> Iterator[Row]:
    where = "the top" if not above else f"under {' / '.join(above)[:200]!r}"
    if len(above) >= MAX_LEVELS and children:
        raise UnreadableError(f"{where}: more than {MAX_LEVELS} levels")
    if children is None:
        return
    if isinstance(children, str):
        raise UnreadableError(f"{where}: {children[:60]!r} in place of a list or mapping of categories")
    if isinstance(children, dict) and not _is_record(children):
        for name, inner in children.items():
            yield from _node(name, None, inner, above, where)
    elif isinstance(children, list):
        for child in children:
            yield from _child(child, above, where)
    elif isinstance(children, dict):
        yield from _child(children, above, where)
    else:
        raise UnreadableError(f"{where}: {_shown(children)} in place of a list or mapping of categories")


def _child(child: object, above: tuple[str, ...], where: str) -> Iterator[Row]:
    if isinstance(child, dict) and _is_record(child):
        unknown = sorted(str(key) for key in child if key not in _RECORD)
        if unknown:
            raise UnreadableError(
                f"{where}: a category with the unknown key {unknown[0][:60]!r}; there are: name, code, children"
            )
        name = next((child[key] for key in _NAMES if key in child), None)
        code = next((child[key] for key in _CODES if child.get(key) is not None), None)
        if code is not None and not isinstance(code, str):
            raise UnreadableError(f"{where}: the code {_shown(code)} is not text; quote it")
        below = next((child[key] for key in _BELOW if key in child), None)
        yield from _node(name, code, below, above, where, _references(child))
    elif isinstance(child, dict) and len(child) == 1:
        name, inner = next(iter(child.items()))
        yield from _node(name, None, inner, above, where)
    else:
        yield from _node(child, None, None, above, where)


def _references(record: dict[Any, Any]) -> tuple[tuple[str, bool], ...]:
    """The record's `see_also`, as `taxonomy show --json` writes it."""
    listed = record.get("see_also")
    edges = [edge for edge in listed if isinstance(edge, dict)] if isinstance(listed, list) else []
    return tuple((str(edge.get("path")), edge.get("under") is True) for edge in edges)


def _node(
    name: Any,  # noqa: ANN401
    code: str | None,
    inner: object,
    above: tuple[str, ...],
    where: str,
    also: tuple[tuple[str, bool], ...] = (),
) -> Iterator[Row]:
    if not isinstance(name, str):
        raise UnreadableError(
            f"{where}: {_shown(name)} in place of a name; quote numbers, dates and words such as yes and no"
        )
    if "/" in name:
        raise UnreadableError(f"{where}: a name without '/' is needed, not {name[:60]!r}")
    names = (*above, name)
    yield Row(f"{' / '.join(names)[:200]!r}", code, "", None, names, also)
    yield from _below(inner, names)


def _is_record(value: dict[Any, Any]) -> bool:
    """Whether a mapping describes one category, rather than naming several."""
    return any(isinstance(value.get(key), str) for key in (*_NAMES, "code"))


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "a mapping of several keys"
    if isinstance(value, list):
        return "a list"
    return repr(value)[:60]
