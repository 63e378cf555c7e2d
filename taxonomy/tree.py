"""A taxonomy for people and for scripts: indented lines with codes and topic counts, or nested JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypedDict

from litelong import UsageError

if TYPE_CHECKING:
    from taxonomy.categories import Category, Taxonomy


class TreeNode(TypedDict):
    """A category as JSON; the whole taxonomy is a node with its name, and neither path nor code."""

    name: str
    path: str | None
    code: str | None
    topics: list[dict[str, Any]]
    children: list[TreeNode]


def tree_lines(taxonomy: Taxonomy, under: Category | None = None, depth: int | None = None) -> Iterator[str]:
    """One line a category: its name, its code, the categories under it that `depth` hides, the topics in its subtree.

    `under` is the first line where given, and otherwise every section is one without indentation. `depth` is the number
    of levels shown below those (0: none, None: all). The lines are plain text: switch markup off when printing with rich.
    Raises `UsageError` for a negative `depth`.
    """
    if depth is not None and depth < 0:
        raise UsageError(f"depth is {depth}: give the number of levels to show, from 0")
    topics: Counter[str] = Counter()
    for topic in taxonomy.topics():
        category = taxonomy.category(topic.category)
        topics.update(c.path for c in [category, *taxonomy.ancestors(category)])
    roots = taxonomy.sections() if under is None else [under]
    for root in roots:
        stack = [(root, "", "")]  # category, what stands before its name, what stands before its children's branches
        while stack:
            category, branch, indent = stack.pop()
            cut = depth is not None and category.depth - root.depth >= depth
            hidden = len(taxonomy.subtree(category)) - 1 if cut else 0
            yield branch + _label(category, hidden, topics[category.path])
            children = [] if cut else taxonomy.children(category)
            for child in reversed(children):
                last = child is children[-1]
                stack.append((child, indent + ("└── " if last else "├── "), indent + ("    " if last else "│   ")))


def to_json(taxonomy: Taxonomy, under: Category | None = None) -> TreeNode:
    """The tree from `under` (or of the whole taxonomy) as nested JSON-able values, topics with their provenance."""
    if under is None:
        children = [_node(taxonomy, section) for section in taxonomy.sections()]
        return TreeNode(name=taxonomy.name, path=None, code=None, topics=[], children=children)
    return _node(taxonomy, under)


def _node(taxonomy: Taxonomy, category: Category) -> TreeNode:
    topics = [asdict(topic) for topic in taxonomy.topics(category)]
    for topic in topics:
        topic["provenance"]["proposed_by"] = list(topic["provenance"]["proposed_by"])
    children = [_node(taxonomy, child) for child in taxonomy.children(category)]
    return TreeNode(name=category.name, path=category.path, code=category.code, topics=topics, children=children)


def _label(category: Category, hidden: int, topics: int) -> str:
    counted = "1 topic" if topics == 1 else f"{topics} topics" if topics else ""
    notes = [category.code or "", f"{hidden} below" if hidden else "", counted]
    return "  ".join([category.name, *filter(None, notes)])
