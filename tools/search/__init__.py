"""BM25 search behind one interface. The names below load their module when they are first used."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.search.analysis import words
    from tools.search.backends import build_index, open_index
    from tools.search.chunks import ChunkIndex, ChunkText
    from tools.search.interface import Hit, Query, QueryPart, SearchIndex, SearchSettings
    from tools.search.langchain import CorpusRetriever, search_tool

__all__ = [
    "ChunkIndex",
    "ChunkText",
    "CorpusRetriever",
    "Hit",
    "Query",
    "QueryPart",
    "SearchIndex",
    "SearchSettings",
    "build_index",
    "open_index",
    "search_tool",
    "words",
]

_MODULES = {
    "ChunkIndex": "chunks",
    "ChunkText": "chunks",
    "CorpusRetriever": "langchain",
    "Hit": "interface",
    "Query": "interface",
    "QueryPart": "interface",
    "SearchIndex": "interface",
    "SearchSettings": "interface",
    "build_index": "backends",
    "open_index": "backends",
    "search_tool": "langchain",
    "words": "analysis",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
