"""Tokenizers and the store of encoded documents. The names below load their module when they are first used."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.tokens.interface import Encoded, Tokenizer
    from tools.tokens.load import load_tokenizer
    from tools.tokens.store import TokenStore

__all__ = ["Encoded", "TokenStore", "Tokenizer", "load_tokenizer"]

_MODULES = {"Encoded": "interface", "Tokenizer": "interface", "load_tokenizer": "load", "TokenStore": "store"}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
