"""A taxonomy for people and for scripts: indented lines with codes and topic counts, or nested JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple, NotRequired, TypedDict

from litelong import UsageError

if TYPE_CHECKING:
    from taxonomy.categories import Category, Taxonomy


class Reference(TypedDict):
    """A cross-reference as JSON; with `under` to what lies under the category of that path."""

    path: str
    under: bool


class TreeNode(TypedDict):
    """A category as JSON; the whole taxonomy is a node with its name, and neither path nor code."""

    name: str
    path: str | None
    code: str | None
    topics: list[dict[str, Any]]
    children: list[TreeNode]
    see_also: NotRequired[list[Reference]]


class TreeLine(NamedTuple):
    """A line of the tree in its parts: the branches before it, a category's or a topic's name, its code, what is counted."""

    branch: str
    name: str
    code: str
    counted: str
    depth: int
    is_topic: bool

    def __str__(self) -> str:
        return self.branch + "  ".join(filter(None, [self.name, self.code, self.counted]))


def tree_lines(
    taxonomy: Taxonomy, under: Category | None = None, depth: int | None = None, *, titles: bool = False
) -> Iterator[TreeLine]:
    """One line a category: its name, its code, the categories under it that `depth` hides, the topics in its subtree.

    `under` is the first line where given, and otherwise every section is one without indentation. `depth` is the number
    of levels shown below those (0: none, None: all). With `titles` the topics stand under their category, a line each.
    The lines are plain text: switch markup off when printing with rich. Raises `UsageError` for a negative `depth`.
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
            level = category.depth - root.depth
            counted = _counted(hidden, topics[category.path])
            yield TreeLine(branch, category.name, category.code or "", counted, level, is_topic=False)
            children = [] if cut else taxonomy.children(category)
            own = taxonomy.topics(category) if titles and not cut else []
            for number, topic in enumerate(own, 1):
                last = number == len(own) and not children
                yield TreeLine(indent + ("└── " if last else "├── "), topic.title, "", "", level + 1, is_topic=True)
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
    node = TreeNode(name=category.name, path=category.path, code=category.code, topics=topics, children=children)
    see_also = taxonomy.links.see_also(category)
    if see_also:
        node["see_also"] = [Reference(path=target.path, under=under) for target, under in see_also]
    return node


def _counted(hidden: int, topics: int) -> str:
    counted = "1 topic" if topics == 1 else f"{topics} topics" if topics else ""
    return "  ".join(filter(None, [f"{hidden} below" if hidden else "", counted]))
