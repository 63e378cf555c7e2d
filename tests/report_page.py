"""Reading a run's report page, and the files it is made of, in tests."""

from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import orjson

PAGE = "report/index.html"
VOID = {"meta", "br", "link", "img", "input", "hr"}


class Element:
    """An element of a page: its tag, attributes, and all text within it."""

    def __init__(self, tag: str, attributes: Iterable[tuple[str, str | None]]) -> None:
        self.tag = tag
        self.attributes = {name: value or "" for name, value in attributes}
        self.children: list[Element] = []
        self.text = ""

    def all(self, tag: str = "", kind: str = "", **attributes: str) -> "Iterator[Element]":
        """Elements within it by tag, class and attributes, in their order."""
        for child in self.children:
            if (
                tag in ("", child.tag)
                and (not kind or kind in child.attributes.get("class", "").split())
                and all(child.attributes.get(name) == value for name, value in attributes.items())
            ):
                yield child
            yield from child.all(tag, kind, **attributes)

    def numbers(self) -> list[float]:
        """Every number within it, from its machine-readable value, which reads as what is shown."""
        found = []
        for data in self.all("data"):
            value = float(data.attributes["value"])
            assert data.text == f"{int(value):,}" or float(data.text.replace(",", "")) == value
            found.append(value)
        return found

    def figure(self, name: str) -> float:
        """The number that is given for a figure of the run's files; the same wherever it is given."""
        values = {data.attributes["value"] for data in self.all("data") if data.attributes.get("data-figure") == name}
        assert len(values) == 1, (name, values)
        return float(values.pop())


class Reader(HTMLParser):
    """Reads a page, and refuses one that is not well-formed: each element is closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = [Element("", ())]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, attrs)
        self.stack[-1].children.append(element)
        if tag not in VOID:
            self.stack.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.stack[-1].children.append(Element(tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for element in self.stack:
            element.text += data


def read(path: Path) -> Element:
    reader = Reader()
    reader.feed(path.read_text("utf-8"))
    reader.close()
    assert len(reader.stack) == 1
    return reader.stack[0]


def lines(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = orjson.loads(path.read_bytes())
    return content


def write_json(path: Path, content: Any) -> None:
    path.write_bytes(orjson.dumps(content))
