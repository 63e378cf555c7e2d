"""BM25 search behind one interface. The names below load their module when they are first used."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.search.analysis import words
    from tools.search.backends import build_index, open_index
    from tools.search.chunks import ChunkIndex, ChunkText
    from tools.search.interface import AnyQuery, Hit, Query, QueryPart, SearchIndex, SearchSettings, Terms, WeightedWord
    from tools.search.langchain import CorpusRetriever, search_tool

__all__ = [
    "AnyQuery",
    "ChunkIndex",
    "ChunkText",
    "CorpusRetriever",
    "Hit",
    "Query",
    "QueryPart",
    "SearchIndex",
    "SearchSettings",
    "Terms",
    "WeightedWord",
    "build_index",
    "open_index",
    "search_tool",
    "words",
]

_MODULES = {
    "AnyQuery": "interface",
    "ChunkIndex": "chunks",
    "ChunkText": "chunks",
    "CorpusRetriever": "langchain",
    "Hit": "interface",
    "Query": "interface",
    "QueryPart": "interface",
    "SearchIndex": "interface",
    "SearchSettings": "interface",
    "Terms": "interface",
    "WeightedWord": "interface",
    "build_index": "backends",
    "open_index": "backends",
    "search_tool": "langchain",
    "words": "analysis",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
