"""WITH: everything that an agent or a node can call: corpus, search, tokens, packing, report."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

import litelong  # noqa: F401 - before pyarrow

if TYPE_CHECKING:
    from tools.corpus import Document, open_corpus
    from tools.indexed import IndexedCorpus, open_indexed
    from tools.search import Hit, SearchIndex, build_index, open_index
    from tools.tokens import TokenStore, load_tokenizer

_WHERE = {
    "Document": "tools.corpus",
    "Hit": "tools.search",
    "IndexedCorpus": "tools.indexed",
    "SearchIndex": "tools.search",
    "TokenStore": "tools.tokens",
    "build_index": "tools.search",
    "load_tokenizer": "tools.tokens",
    "open_corpus": "tools.corpus",
    "open_index": "tools.search",
    "open_indexed": "tools.indexed",
}

__all__ = [
    "Document",
    "Hit",
    "IndexedCorpus",
    "SearchIndex",
    "TokenStore",
    "build_index",
    "load_tokenizer",
    "open_corpus",
    "open_index",
    "open_indexed",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever stands behind the name
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'tools' has no attribute '{name}'")
