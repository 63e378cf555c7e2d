"""No key leaves through what a server sends back: error bodies, and replies that repeat the request's headers."""

import base64
import json
import os
import re
from urllib.parse import quote

_NAMES = re.compile(r"KEY|TOKEN|SECRET|PASSWORD", re.IGNORECASE)
_SHORTEST = 6
"""Shorter values are no keys, and would blot out ordinary words."""
_LOOKS_LIKE_ONE = re.compile(r"\b(?:Bearer\s+[\w.~+/=-]{6,}|sk-[\w*-]{8,})", re.IGNORECASE)


def redacted(text: str) -> str:
    """`text` without anything that is a key: values of key variables of the environment, in the usual encodings."""
    for value in {v for name, v in os.environ.items() if _NAMES.search(name) and len(v) >= _SHORTEST}:
        for form in (value, quote(value, safe=""), json.dumps(value)[1:-1], _base64(value)):
            if form in text:
                text = text.replace(form, "***")
    return _LOOKS_LIKE_ONE.sub("***", text)


def _base64(value: str) -> str:
    return base64.b64encode(value.encode("utf-8", "surrogateescape")).decode("ascii").rstrip("=")
