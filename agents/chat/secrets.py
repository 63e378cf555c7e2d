"""No key leaves through what a server sends back: error bodies, and replies that repeat the request's headers."""

import base64
import json
import os
import re
from urllib.parse import quote

_NAMES = re.compile(r"(?:^|_)(?:API)?(?:KEY|TOKEN|SECRET|PASSWORD)(?:_ID)?S?(?:$|_)", re.IGNORECASE)
_named: set[str] = set()
_SHORTEST = 6
"""Shorter values are no keys, and would blot out ordinary words."""
_LOOKS_LIKE_ONE = re.compile(r"\b(?:Bearer\s+[\w.~+/=-]{6,}|sk-[\w*-]{8,})", re.IGNORECASE)


def redacted(text: str) -> str:
    """`text` without anything that is a key: values of key variables of the environment, in the usual encodings."""
    named = (value for name, value in os.environ.items() if name in _named or _NAMES.search(name))
    for value in sorted({value for value in named if len(value) >= _SHORTEST}, key=len, reverse=True):
        for form in (value, quote(value, safe=""), json.dumps(value)[1:-1], _base64(value)):
            if form in text:
                text = text.replace(form, "***")
    return _LOOKS_LIKE_ONE.sub("***", text)


def holds_key(name: str) -> None:
    """Say that this environment variable holds a key, whatever it is called."""
    _named.add(name)


def _base64(value: str) -> str:
    return base64.b64encode(value.encode("utf-8", "surrogateescape")).decode("ascii").rstrip("=")
