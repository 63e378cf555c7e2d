"""A taxonomy for other programs: nested JSON that can be imported again, and GraphML for graph tools."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from taxonomy.tree import to_json

if TYPE_CHECKING:
    import networkx

    from taxonomy.categories import Taxonomy


def to_json_bytes(taxonomy: Taxonomy) -> bytes:
    """The whole tree with topics, references, aliases, notes and edition. Imported again, its digest is the same."""
    import orjson

    listing = taxonomy.links.listing
    beside = {
        "edition": listing.edition,
        "terms": listing.terms,
        "digest": listing.digest(),
        "aliases": dict(listing.aliases),
        "notes": {path: list(notes) for path, notes in listing.notes.items()},
    }
    values = {**to_json(taxonomy), **beside}
    return orjson.dumps(values, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def to_graphml(taxonomy: Taxonomy) -> bytes:
    """The graph as GraphML: nodes with `kind`, `name`, `code`, `depth` or `title`, `explanation`; edges with their `kind`."""
    import networkx

    out = BytesIO()
    networkx.write_graphml_xml(_plain(taxonomy), out, encoding="utf-8", prettyprint=True)
    return out.getvalue()


def _plain(taxonomy: Taxonomy) -> networkx.MultiDiGraph:
    """The graph with text and numbers for attributes, all of which XML can hold."""
    import networkx

    plain = networkx.MultiDiGraph(name=_xml(taxonomy.name), edition=_xml(taxonomy.links.edition or ""))
    for node, data in taxonomy.graph.nodes(data=True):
        plain.add_node(
            _xml(node), **(_topic(data["topic"]) if data["kind"] == "topic" else _category(data["category"]))
        )
    for number, (above, below, data) in enumerate(taxonomy.graph.edges(data=True)):
        plain.add_edge(_xml(above), _xml(below), f"e{number}", **data)
    return plain


def _category(category: Any) -> dict[str, str | int]:  # noqa: ANN401 - Category, imported for types only
    coded = {"code": _xml(category.code)} if category.code else {}
    return {
        "kind": "category",
        "name": _xml(category.name),
        "section": _xml(category.section),
        "depth": category.depth,
        **coded,
    }


def _topic(topic: Any) -> dict[str, str | int]:  # noqa: ANN401
    by = ", ".join(topic.provenance.proposed_by)
    return {
        "kind": "topic",
        "title": _xml(topic.title),
        "explanation": _xml(topic.explanation),
        "proposed_by": _xml(by),
        "round": topic.provenance.round,
        "reason": _xml(topic.provenance.reason),
    }


def _xml(text: str) -> str:
    """`text` with what XML cannot hold (most control characters, lone surrogates) as the sign for a lost character."""
    if text.isprintable():
        return text
    return "".join(c if c in "\t\n\r" or _allowed(ord(c)) else "\N{REPLACEMENT CHARACTER}" for c in text)


def _allowed(code: int) -> bool:
    return 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or code >= 0x10000
