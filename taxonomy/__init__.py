"""WHAT: categories and topics. The lowest room: it knows nothing of corpora, agents or runs.

The names below load on first use, so that importing the room costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from taxonomy.categories import Category, Taxonomy
    from taxonomy.selection import Choice
    from taxonomy.sources import load_taxonomy
    from taxonomy.topics import Provenance, Topic, topic_id

__all__ = ["Category", "Choice", "Provenance", "Taxonomy", "Topic", "load_taxonomy", "topic_id"]

_MODULES = {
    "Category": "taxonomy.categories",
    "Choice": "taxonomy.selection",
    "Provenance": "taxonomy.topics",
    "Taxonomy": "taxonomy.categories",
    "Topic": "taxonomy.topics",
    "load_taxonomy": "taxonomy.sources",
    "topic_id": "taxonomy.topics",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a front door hands out whatever stands behind it
    if name not in _MODULES:
        raise AttributeError(f"module 'taxonomy' has no attribute {name!r}; it has {', '.join(__all__)}")
    value = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value
