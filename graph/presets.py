"""Presets: named settings that stand below what a configuration says itself."""

from collections.abc import Mapping
from typing import Any

PRESETS: Mapping[str, Mapping[str, Any]] = {
    # As published (arXiv 2509.15568): agents know the corpus only by what they have read before.
    "litelong-paper": {
        "debate": {
            "protocol": "litelong",
            "retention": "filter_reject",
            "evidence": {"proposers": "withheld", "critics": "withheld", "judges": "withheld"},
            "judging": {"anonymous": False},
        },
        "retrieve": {"query": "bare"},
        "packing": {"recipe": "litelong", "order": "shuffle", "samples_per_topic": 4},
    },
}
"""Temperature 0.6 and top_p 0.95 are the defaults of every seat."""


def with_preset(data: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with its preset's settings wherever it says nothing itself. An unknown name is left to validation."""
    name = data.get("preset")
    preset = PRESETS.get(name) if isinstance(name, str) else None
    return _over(preset, data) if preset else dict(data)


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**below, **above}
    for key in below.keys() & above.keys():
        if isinstance(below[key], Mapping) and isinstance(above[key], Mapping):
            merged[key] = _over(below[key], above[key])
        elif above[key] is None:
            merged[key] = below[key]
    return merged
