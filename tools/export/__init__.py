"""Samples in the formats that trainers load. The names below load their module when they are first used."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.export.card import CardFacts
    from tools.export.formats import format_names
    from tools.export.write import Exported, ExportOptions, export

__all__ = ["CardFacts", "ExportOptions", "Exported", "export", "format_names"]

_MODULES = {
    "CardFacts": "card",
    "ExportOptions": "write",
    "Exported": "write",
    "export": "write",
    "format_names": "formats",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
