"""How names of categories are compared: one spelling for all the ways to write a path, patterns over it, the nearest name.

People type `science/life sciences` and lists print `SCIENCE / Life Sciences`; both become one key, so that a lookup is a
dictionary lookup and never a search. A name holds no "/", which therefore always separates levels.
"""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from unicodedata import normalize

SEPARATOR = " / "
_AND = re.compile(r"\s*&\s*")


def normalised(name: str) -> str:
    """`name` with case, runs of white space and "&" against "and" made equal; what stays different is another name."""
    folded = normalize("NFC", normalize("NFC", name).casefold())
    return " ".join(_AND.sub(" and ", folded).split())


def path_key(path: str) -> str:
    """The key of a path: its normalised names joined by "/", without spaces around it and without empty names."""
    return "/".join(filter(None, map(normalised, path.split("/"))))


def is_glob(pattern: str) -> bool:
    """Whether `pattern` holds a wildcard: "*" (also as "**") or "?"."""
    return "*" in pattern or "?" in pattern


def glob_regex(pattern: str) -> re.Pattern[str]:
    """A regular expression for whole keys: "*" and "?" stay within a name, "**" as a name stands for any number of names.

    A last "**" stands for at least one name: `SCIENCE/**` is what lies under SCIENCE, not SCIENCE itself.
    """
    segments = [segment for segment in path_key(pattern).split("/") if segment]
    parts = []
    for position, segment in enumerate(segments):
        last = position == len(segments) - 1
        if segment != "**":
            parts.append(_segment_regex(segment) + ("" if last else "/"))
        elif last:
            parts.append(".+")
        elif segments[position + 1] != "**":  # a run of "**" means one, and one does not backtrack against another
            parts.append("(?:[^/]+/)*")
    return re.compile("".join(parts))


def _segment_regex(segment: str) -> str:
    pieces = re.split(r"(\*+|\?)", segment)
    return "".join({"*": "[^/]*", "?": "[^/]"}.get(piece[:1], re.escape(piece)) for piece in pieces)


def nearest(name: str, known: Mapping[str, str]) -> str | None:
    """The value of the key in `known` (keys as `path_key` makes them) that `name` most likely means, or None.

    A path that ends in `name` comes before one that merely looks like it: people type `Marine Biology` alone. Then come
    paths that hold `name` somewhere, then misspelt last names.
    """
    key = path_key(name)
    ending = "/" + key
    for candidate, shown in known.items():
        if key and candidate.endswith(ending):
            return shown
    close = get_close_matches(key, known, n=1)
    if close:
        return known[close[0]]
    for candidate, shown in known.items():
        if key and key in candidate:
            return shown
    last_names = {candidate.rsplit("/", 1)[-1]: shown for candidate, shown in reversed(list(known.items()))}
    close = get_close_matches(key.rsplit("/", 1)[-1], last_names, n=1)
    return last_names[close[0]] if close else None
