"""Trees written as parent and child, a line an edge; by name, or by id where there is a column of ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from taxonomy.importing.columns import Columns, Line
from taxonomy.importing.found import MAX_LEVELS, Row, UnreadableError
from taxonomy.literals import LiteralError, clean
from taxonomy.names import normalised


class _Node(NamedTuple):
    where: str
    name: str
    code: str | None
    parent: str | None


def read_edges(lines: Sequence[Line], columns: Columns) -> list[Row]:
    """The categories, depth first and as listed.

    An empty parent makes a section, and so does a parent that is nobody's child where the file goes by names. Raises
    `UnreadableError` for a category with two parents, for an id that is not there, and for a cycle.
    """
    nodes = _nodes(lines, columns)
    below: dict[str | None, list[str]] = {}
    for key, node in nodes.items():
        below.setdefault(node.parent, []).append(key)
    rows: list[Row] = []
    stack: list[tuple[str, tuple[str, ...]]] = [(key, ()) for key in reversed(below.get(None, []))]
    seen = set()
    while stack:
        key, above = stack.pop()
        node = nodes[key]
        names = (*above, node.name)
        if len(names) > MAX_LEVELS:
            raise UnreadableError(f"{node.where}: more than {MAX_LEVELS} levels")
        seen.add(key)
        rows.append(Row(node.where, node.code, "", None, names))
        stack += [(child, names) for child in reversed(below.get(key, []))]
    lost = next((key for key in nodes if key not in seen), None)
    if lost is not None:
        raise UnreadableError(f"{nodes[lost].where}: a cycle: {' < '.join(_cycle(nodes, lost))}")
    return rows


def _nodes(lines: Sequence[Line], columns: Columns) -> dict[str, _Node]:
    """Every node by its key: its id, or its normalised name."""
    key_column = columns.id if columns.id is not None else columns.code
    by_name = key_column is None or key_column == columns.child
    nodes: dict[str, _Node] = {}
    for line in lines:
        name, parent = _cell(line, columns.child), _cell(line, columns.parent)
        key = normalised(name) if by_name else _cell(line, key_column)
        if not name or not key:
            raise UnreadableError(f"{line.where}: no {'name' if not name else 'id'} in this line")
        above = (normalised(parent) if by_name else parent) or None
        node = _Node(line.where, name, _cell(line, columns.code) or None, above)
        twin = nodes.setdefault(key, node)
        if twin is not node and (twin.parent, twin.name, twin.code) != (above, name, node.code):
            raise UnreadableError(
                f"{line.where}: {name!r} is there already ({twin.where}), under another parent or name; give each category "
                "an id of its own in columns id, parent and name"
            )
    missing = [(node, node.parent) for node in nodes.values() if node.parent and node.parent not in nodes]
    if missing and not by_name:
        raise UnreadableError(f"{missing[0][0].where}: its parent {missing[0][1]!r} is no line's id")
    roots: dict[str, _Node] = {}
    for line in lines:
        parent = _cell(line, columns.parent)
        key = normalised(parent)
        if parent and by_name and key not in nodes:
            roots.setdefault(key, _Node(line.where, parent, None, None))
    return _in_order(roots, nodes)


def _in_order(roots: dict[str, _Node], nodes: dict[str, _Node]) -> dict[str, _Node]:
    """Roots that only stand as parents, at the place where they are first named."""
    if not roots:
        return nodes
    ordered: dict[str, _Node] = {}
    for key, node in nodes.items():
        if node.parent in roots and node.parent not in ordered:
            ordered[node.parent] = roots[node.parent]
        ordered[key] = node
    return ordered


def _cell(line: Line, column: int | None) -> str:
    text = line.cells[column] if column is not None and column < len(line.cells) else ""
    try:
        return clean(text)
    except LiteralError as error:
        raise UnreadableError(f"{line.where}: {error}") from None


def _cycle(nodes: dict[str, _Node], start: str) -> Iterator[str]:
    """The names around a cycle that `start` leads into, the first one again at the end."""
    path: list[str] = []
    at: str | None = start
    while at is not None and at not in path:
        path.append(at)
        at = nodes[at].parent
    around = path[path.index(at) :] if at in path else path
    for key in [*around[:8], around[0]]:
        yield nodes[key].name[:60]
