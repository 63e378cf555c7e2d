"""Text of an HTML page as a reader sees it: blocks on lines of their own, no scripts, styles or navigation."""

import re
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

_NOISE = re.compile(
    "head|script|style|noscript|template|nav|svg|iframe|object|embed|canvas|audio|video|button|select|textarea"
)
_INLINE = re.compile(
    "a|abbr|acronym|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|img|input|ins|kbd|label|mark|meter|output|q|rp|rt|ruby|"
    "s|samp|small|span|strike|strong|sub|sup|time|tt|u|var|wbr"
)
_CELLS = frozenset(("td", "th"))
_SPACE = re.compile(r"[ \t\n\r\f]+")


class Page(NamedTuple):
    """`title` is that of <title>, empty where there is none; `text` has one block a line."""

    title: str
    text: str


def clean_html(markup: str) -> Page:
    """The visible text of a page, with entities decoded; inside <pre> white space is kept."""
    tree = LexborHTMLParser(markup)
    heading = tree.css_first("title")
    lines = _Lines()
    if tree.body is not None:
        _walk(tree.body, lines)
    return Page(heading.text() if heading is not None else "", lines.text())


class _Lines:
    def __init__(self) -> None:
        self._lines: list[str] = []
        self._parts: list[str] = []
        self._open = False

    def add(self, text: str) -> None:
        text = _SPACE.sub(" ", text)
        text = text if self._open else text.lstrip(" ")
        if text:
            self._parts.append(text)
            self._open = not text.endswith((" ", "\t"))

    def cell(self) -> None:
        if self._parts:
            self._parts.append("\t")
            self._open = False

    def end(self) -> None:
        line = "".join(self._parts).strip(" \t")
        if line:
            self._lines.append(line)
        self._parts, self._open = [], False

    def keep(self, text: str) -> None:
        first, *rest = text.split("\n")
        self._parts.append(first)
        for line in rest:
            self._lines.append("".join(self._parts).rstrip())
            self._parts = [line]
        self._open = True

    def text(self) -> str:
        self.end()
        return "\n".join(self._lines)


def _walk(root: LexborNode, lines: _Lines) -> None:
    # A stack of our own: pages nest deeper than Python recurses.
    todo: list[tuple[LexborNode | None, bool]] = [(root, False)]
    while todo:
        node, kept = todo.pop()
        if node is None:
            lines.end()
            continue
        tag = node.tag or ""
        if tag == "-text":
            text = node.text_content or ""
            (lines.keep if kept else lines.add)(text)
            continue
        if _NOISE.fullmatch(tag) or tag.startswith("-"):
            continue
        if tag in _CELLS:
            lines.cell()
        elif not _INLINE.fullmatch(tag):
            lines.end()
            todo.append((None, False))
        child = node.last_child
        while child is not None:
            todo.append((child, kept or tag == "pre"))
            child = child.prev
