"""The taxonomy: categories and the topics under them, in one networkx graph.

The graph is the truth; beside it stand a table of the categories in the list's own order (depth first, children as
listed) and where each one's subtree ends in it. The tree of categories never changes once it is built, only topics are
added, so leaves, subtrees and patterns are slices of that table: the imported list has about 6,000 nodes and every
debate asks for the neighbours of its category.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from litelong import UsageError
from taxonomy.checking import by_code, with_ancestors
from taxonomy.links import Links
from taxonomy.names import SEPARATOR, glob_regex, nearest, path_key

if TYPE_CHECKING:
    import networkx

    from taxonomy.listing import Listing
    from taxonomy.selection import Choice
    from taxonomy.stats import TaxonomyStats
    from taxonomy.topics import Topic


@dataclass(frozen=True, slots=True)
class Category:
    """A node of the taxonomy. `section` is the name of its topmost ancestor (its own at depth 0), `code` the list's, if any."""

    path: str
    code: str | None
    section: str
    depth: int

    @property
    def name(self) -> str:
        """The last name of the path."""
        return self.path.rsplit(SEPARATOR, 1)[-1]

    @classmethod
    def of(cls, names: Sequence[str], code: str | None = None) -> Category:
        """The category of these names, section first. Raises `UsageError` for a name that cannot be part of a path."""
        for name in names:
            if not name.strip() or name != " ".join(name.split()) or "/" in name or not name.isprintable():
                raise UsageError(
                    f"category name {name!r} in {list(names)}: a name is printable text without '/' and without spare "
                    "spaces; change it in the list"
                )
        return cls(SEPARATOR.join(names), code, names[0], len(names) - 1)


class Taxonomy:
    """A tree of categories with topics under them.

    `graph` has one node per category (key: its path; attributes `kind="category"`, `category`) and per topic (key: its
    topic_id; `kind="topic"`, `topic`). Edges have their kind as key and as attribute `kind`: `child` from parent to
    child (these alone are the tree), `topic` from category to topic, `see_also` from one category to another one (with
    `under`: to what lies under it). Read it freely, change it by `add_topic` only.
    """

    def __init__(self, name: str, categories: Iterable[Category]) -> None:
        """A taxonomy of `categories` in their order; an ancestor that is not among them is added without a code.

        Raises `UsageError` if there are none, or if two have the same code or paths that only spelling tells apart.
        """
        import networkx

        self.name = name
        self.requested = name
        """The name it was asked for by; another than its own where it stands in for a list that is not imported."""
        self.graph: networkx.MultiDiGraph = networkx.MultiDiGraph(name=name)
        by_key = with_ancestors(name, categories)
        for key, category in by_key.items():
            self.graph.add_node(category.path, kind="category", category=category)
            if category.depth:
                self.graph.add_edge(by_key[key.rpartition("/")[0]].path, category.path, "child", kind="child")
        self._categories, self._ends = self._walk(category for category in by_key.values() if not category.depth)
        self._position = {category.path: position for position, category in enumerate(self._categories)}
        self._by_key = {path_key(category.path): category for category in self._categories}
        self._by_code = by_code(name, self._categories)
        coded = any(category.code and category.depth for category in self._categories)
        self._debated = [c for c in self._categories if (c.code if coded else self.is_leaf(c))]
        self._links = Links(self)

    @classmethod
    def of(cls, listing: Listing) -> Taxonomy:
        """The taxonomy of a listing, with its cross-references, aliases and notes."""
        found = cls(listing.name, [Category.of(path.split(SEPARATOR), code) for path, code in listing.categories])
        found._links = Links(found, listing)
        return found

    @property
    def links(self) -> Links:
        """What goes across the tree: cross-references, aliases, notes; also the edition and the digest."""
        return self._links

    def __iter__(self) -> Iterator[Category]:
        """Every category in the list's own order."""
        return iter(self._categories)

    def __len__(self) -> int:
        """The number of categories."""
        return len(self._categories)

    def category(self, name: str) -> Category:
        """The category of this code or path; case, "&" against "and" and spacing do not matter.

        Raises `UsageError` that names the nearest category if there is none.
        """
        found = self.find(name)
        if found is None:
            raise self._unknown(name)
        return found

    def find(self, name: str) -> Category | None:
        """The category of this code or path, as `category` finds it, or None."""
        key = path_key(name)
        found = self._by_code.get(name.strip().casefold()) or self._by_key.get(key)
        return found or self._links.by_alias.get(key)

    def sections(self) -> list[Category]:
        """The topmost categories."""
        return [category for category in self._categories if not category.depth]

    def children(self, category: Category) -> list[Category]:
        """The categories right under `category`."""
        position, end = self._span(category)
        found, child = [], position + 1
        while child < end:
            found.append(self._categories[child])
            child = self._ends[child]
        return found

    def parent(self, category: Category) -> Category | None:
        """The category right above `category`; None for a section."""
        position, _ = self._span(category)
        if not category.depth:
            return None
        parent = self._categories[position].path.rpartition(SEPARATOR)[0]
        return self._categories[self._position[parent]]

    def ancestors(self, category: Category) -> list[Category]:
        """Every category above `category`, section first."""
        found = []
        above = self.parent(category)
        while above is not None:
            found.append(above)
            above = self.parent(above)
        return found[::-1]

    def siblings(self, category: Category) -> list[Category]:
        """The other children of the parent of `category`; for a section, the other sections."""
        parent = self.parent(category)
        family = self.sections() if parent is None else self.children(parent)
        return [other for other in family if other.path != category.path]

    def is_leaf(self, category: Category) -> bool:
        """Whether no category lies under `category`."""
        position, end = self._span(category)
        return end == position + 1

    def leaves(self, under: Category | None = None) -> list[Category]:
        """The categories without children in the subtree of `under`, itself included; in the whole tree for None."""
        start, stop = self._span(under) if under else (0, len(self._categories))
        return [self._categories[at] for at in range(start, stop) if self._ends[at] == at + 1]

    def subtree(self, category: Category) -> list[Category]:
        """`category` and everything under it."""
        start, stop = self._span(category)
        return self._categories[start:stop]

    def glob(self, pattern: str) -> list[Category]:
        """The categories whose path matches; as forgiving as `category`; an empty list if there are none.

        `SCIENCE/*` is the children of SCIENCE, `SCIENCE/**` everything under it at any depth (not SCIENCE itself), and
        `**/Marine*` every name that begins so at any depth. "*" and "?" never cross a "/".
        """
        matches = glob_regex(pattern).fullmatch
        return [category for key, category in self._by_key.items() if matches(key)]

    def debated(self) -> list[Category]:
        """The categories that get a debate of their own.

        Where the list codes categories below its sections, these are all that have a code, inner ones too; otherwise
        they are the leaves.
        """
        return list(self._debated)

    def select(self, choice: Choice) -> list[Category]:
        """The categories that a configuration asks for, each once; see `taxonomy.selection`."""
        from taxonomy.selection import select_categories

        return select_categories(self, choice)

    def expansion_factor(self, category: Category, overrides: Mapping[str, int] = MappingProxyType({})) -> int:
        """How many topics to aim at for `category`, by the size of its subtree or by an override that fits."""
        from taxonomy.selection import expansion_factor

        return expansion_factor(self, category, overrides)

    def avoid(self, category: Category) -> list[Category]:
        """The categories whose topics are not this one's: the siblings of a leaf, the children of an inner category."""
        return self.siblings(category) if self.is_leaf(category) else self.children(category)

    def add_topic(self, topic: Topic) -> None:
        """Hang `topic` under its category. Adding the same topic again changes nothing, so that a resumed run may.

        Raises `UsageError` if the taxonomy has no category with exactly that path, and `ValueError` if another topic (or
        a category) has the id already.
        """
        if topic.category not in self._position:
            raise self._unknown(topic.category)
        if topic.topic_id in self.graph:
            if self.graph.nodes[topic.topic_id].get("topic") != topic:
                raise ValueError(f"{topic.topic_id} of {topic.category!r} is in the taxonomy with another content")
            return
        self.graph.add_node(topic.topic_id, kind="topic", topic=topic)
        self.graph.add_edge(topic.category, topic.topic_id, "topic", kind="topic")

    def topics(self, category: Category | None = None, subtree: bool = False) -> list[Topic]:
        """The topics of `category`, or of everything in its subtree; of the whole taxonomy for None.

        Ordered by category as listed, and within a category as added.
        """
        if category is None:
            owners = self._categories
        elif subtree:
            owners = self.subtree(category)
        else:
            owners = [category]
        nodes = self.graph.nodes
        below = (nodes[node] for owner in owners for node in self.graph.successors(owner.path))
        return [node["topic"] for node in below if node["kind"] == "topic"]

    def stats(self, debated: Sequence[Category] | None = None) -> TaxonomyStats:
        """How many categories and topics there are, by depth and by section, and how many of the debated have topics."""
        from taxonomy.stats import count

        return count(self, debated)

    def _walk(self, sections: Iterable[Category]) -> tuple[list[Category], list[int]]:
        """The categories depth first, and for each the position behind its subtree. Without recursion: a list may be deep."""
        order: list[Category] = []
        ends: list[int] = []
        open_: list[int] = []
        stack = list(sections)[::-1]
        while stack:
            category = stack.pop()
            while len(open_) > category.depth:
                ends[open_.pop()] = len(order)
            open_.append(len(order))
            order.append(category)
            ends.append(0)
            children = [self.graph.nodes[node]["category"] for node in self.graph.successors(category.path)]
            stack.extend(reversed(children))
        for position in open_:
            ends[position] = len(order)
        return order, ends

    def _span(self, category: Category) -> tuple[int, int]:
        position = self._position.get(category.path)
        if position is None:
            raise self._unknown(category.path)
        return position, self._ends[position]

    def _unknown(self, name: str) -> UsageError:
        known = {key: repr(category.path) for key, category in self._by_key.items()}
        known |= {code: f"{c.code} ({c.path})" for code, c in self._by_code.items()}
        near = nearest(name, known)
        hint = f"the nearest is {near}" if near else "nothing is near it"
        return UsageError(
            f"taxonomy '{self.name}' has no category {name!r}; {hint}; `litelong taxonomy show` lists all {len(self)}"
        )
