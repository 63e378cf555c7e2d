"""One JSON object a line. A document lies at the byte offset of its line, so that fetching it is one seek.

orjson is strict and fast; what it refuses is tried again with the standard library, because rows written by pandas carry
NaN, and because a lone surrogate should be called by its name.
"""

import json
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import orjson

from litelong import UsageError
from tools.corpus.document import Document, Reject
from tools.corpus.rows import STRING, Columns, Row, Wanted, choose_columns, document_or_reject
from tools.corpus.sources import changed
from tools.corpus.streams import expansion, is_binary, open_stream, readable
from tools.corpus.text_files import binary_file

_WINDOW_LINES = 100
_WINDOW_BYTES = 4 << 20


class Jsonl:
    """A `.jsonl` or `.ndjson` file; compressed ones are read here too and fetched through `Compressed`."""

    def __init__(
        self, path: Path, label: str, doc_base: str, number: int, wanted: Wanted, *, reject_binary: bool
    ) -> None:
        """`doc_base` begins the doc_ids of rows that have none (`doc_base:LINE`)."""
        self._path = path
        self._label = label
        self._doc_base = doc_base
        self._number = number
        self._wanted = wanted
        self._reject_binary = reject_binary

    @property
    def label(self) -> str:
        return self._label

    @property
    def size_bytes(self) -> int:
        return round(self._path.stat().st_size * expansion(self._path, self._label))

    def stamp(self) -> str:
        status = self._path.stat()
        return f"{self._label} {status.st_size} {status.st_mtime_ns} {self._wanted}"

    def read(self) -> Iterator[Document | Reject]:
        if is_binary(self._path, self._label):
            yield binary_file(self._label, reject=self._reject_binary)
            return
        columns = None
        empty = True
        with open_stream(self._path, self._label) as stream:
            for window in _windows(stream):
                empty = False
                columns = columns or self._choose(window)
                for line in window:
                    yield self._item(line, columns)
        if empty:
            yield Reject(self._label, 0, "empty file")

    def fetch(self, positions: Iterable[int]) -> Iterator[str]:
        if not self._path.is_file():
            raise changed(self._label)
        columns = self._columns()
        with readable(self._label, "JSONL"), self._path.open("rb") as stream:
            for position in positions:
                stream.seek(position)
                value = _parsed(stream.readline())
                text = value.get(columns.text) if isinstance(value, dict) and columns else None
                if not isinstance(text, str):
                    raise changed(self._label)
                yield text

    def _columns(self) -> Columns | None:
        """The columns as `read` chose them; a file that has them no longer is another one."""
        with open_stream(self._path, self._label) as stream:
            for window in _windows(stream):
                try:
                    columns = self._choose(window)
                except UsageError as error:
                    raise changed(self._label) from error
                if columns is not None:
                    return columns
        return None

    def _choose(self, window: list["_Line"]) -> Columns | None:
        kinds: dict[str, str] = {}
        objects = [line.value for line in window if isinstance(line.value, dict)]
        for value in objects:
            for name, field in value.items():
                if kinds.get(name, "null") == "null" or isinstance(field, str):
                    kinds[name] = _kind(field)
        return choose_columns(self._label, kinds, self._wanted) if objects else None

    def _item(self, line: "_Line", columns: Columns | None) -> Document | Reject:
        if isinstance(line.value, _Bad):
            return Reject(self._label, line.number, line.value.reason)
        if not isinstance(line.value, dict):
            return Reject(self._label, line.number, f"not a JSON object but {_kind(line.value)}")
        assert columns is not None
        fields = line.value
        return document_or_reject(
            Row(
                self._label,
                line.number,
                fields.get(columns.text),
                fields.get(columns.doc_id) if columns.doc_id is not None else None,
                fields.get(columns.title) if columns.title is not None else None,
                f"{self._doc_base}:{line.number}",
                self._number,
                line.offset,
                fields.get(columns.origin) if columns.origin is not None else None,
                self._doc_base,
            )
        )


class _Bad(NamedTuple):
    reason: str


class _Line(NamedTuple):
    offset: int
    number: int
    value: object


def _windows(stream: BinaryIO) -> Iterator[list[_Line]]:
    """Parsed lines in lists of at most 100 and about 4 MiB: the first with an object decides the columns."""
    window: list[_Line] = []
    offset = begin = 0
    for number, data in enumerate(stream, 1):
        window.append(_Line(offset, number, _parsed(data)))
        offset += len(data)
        if len(window) == _WINDOW_LINES or offset - begin >= _WINDOW_BYTES:
            yield window
            window, begin = [], offset
    if window:
        yield window


def _parsed(data: bytes) -> object:
    data = data.removeprefix(BOM_UTF8)
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        if not data.strip():
            return _Bad("empty line")
        return _second_try(data, str(error))


def _second_try(data: bytes, reason: str) -> object:
    try:
        return json.loads(data.decode())
    except UnicodeDecodeError as error:
        return _Bad(f"invalid UTF-8 at byte {error.start} of the line")
    except (ValueError, RecursionError):
        return _Bad(f"not JSON: {reason}")


def _kind(value: object) -> str:
    names = {str: STRING, dict: "object", list: "array", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")
