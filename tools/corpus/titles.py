"""A title for people, made from the text when the corpus names none; never searched."""

import html
import re
from itertools import islice

LIMIT = 120

_LINE = re.compile(r"[^\r\n]*\S[^\r\n]*")
_TAG = re.compile(r"</?[A-Za-z!][^<>]*>")
_LEAD = re.compile(r"^(?:#{1,6}(?=\s|$)|>|[-*+](?=\s)|(?:[-*_=]\s*){3,}$)\s*")
_CLOSING = re.compile(r"\s#+$")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_STRONG = re.compile(r"(\*\*|~~|`+|\*)(?=\S)(.+?)(?<=\S)\1")
_UNDERLINE = re.compile(r"(?<!\w)(__?)(?=\S)(.+?)(?<=\S)\1(?!\w)")


def clip(text: str) -> str:
    """`text` with whitespace collapsed, at most 120 characters, encodable as UTF-8."""
    return " ".join(text.split())[:LIMIT].rstrip().encode("utf-8", "replace").decode()


def title_of(text: str) -> str:
    """The first line of `text` that says something once Markdown and HTML marks are taken off, clipped.

    Looks at 500 characters of each of the first 50 lines that are not blank, so that its cost is bounded.
    """
    first = ""
    for match in islice(_LINE.finditer(text), 50):
        line = text[match.start() : min(match.end(), match.start() + 500)]
        if title := clip(_unmarked(line)):
            return title
        first = first or clip(line)
    return first


def _unmarked(line: str) -> str:
    # Most lines have no marks, and looking for a character costs a fiftieth of a search for a pair of marks.
    if "<" in line or "&" in line:
        line = html.unescape(_TAG.sub(" ", line))
    line = line.strip()
    while (bare := _LEAD.sub("", line, count=1)) != line:
        line = bare
    if "#" in line:
        line = _CLOSING.sub("", line)
    if "[" in line:
        line = _LINK.sub(r"\1", line)
    if any(mark in line for mark in "*~`"):
        line = _STRONG.sub(r"\2", line)
    if "_" in line:
        line = _UNDERLINE.sub(r"\2", line)
    return line.strip()
