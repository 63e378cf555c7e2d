"""Where texts come from: readers that stream, a catalogue of where every document lies, and an ordered fetch.

The corpus is never copied (design, rule 3): a document is remembered by its place and its content hash, and read again
there. Names load on first use, because pyarrow, datasets and SQLite are not needed to print a help text.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.corpus.catalog import Catalog, CatalogCounts, Duplicate, Entry
    from tools.corpus.document import Document, Reject
    from tools.corpus.fetch import fetch_texts, read_text
    from tools.corpus.opening import open_corpus
    from tools.corpus.sources import Corpus, Source

__all__ = [
    "Catalog",
    "CatalogCounts",
    "Corpus",
    "Document",
    "Duplicate",
    "Entry",
    "Reject",
    "Source",
    "fetch_texts",
    "open_corpus",
    "read_text",
]

_HOME = {
    "Catalog": "catalog",
    "CatalogCounts": "catalog",
    "Corpus": "sources",
    "Document": "document",
    "Duplicate": "catalog",
    "Entry": "catalog",
    "Reject": "document",
    "Source": "sources",
    "fetch_texts": "fetch",
    "open_corpus": "opening",
    "read_text": "fetch",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    return found
