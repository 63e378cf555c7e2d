"""From a row to a document: which column holds the text, and when a row is a reject.

JSONL, Parquet and Hugging Face datasets share these rules, so that a corpus reads the same in any of the three.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from litelong import UsageError
from tools.corpus.document import Document, Reject
from tools.corpus.titles import clip, title_of

TEXT_NAMES = (
    *("text", "content", "body", "document", "article", "passage", "raw_content"),
    *("contents", "page_content", "full_text", "raw_text", "markdown"),
)
ID_NAMES = ("id", "doc_id", "docid", "_id", "uuid", "url")
TITLE_NAMES = ("title", "headline", "name")
STRING = "string"


class Wanted(NamedTuple):
    """The columns that the configuration names; None: find them."""

    text_field: str | None = None
    id_field: str | None = None
    source_field: str | None = None


class Columns(NamedTuple):
    """The columns of one file; `doc_id`, `title` and `origin` are None when there is no such column."""

    text: str
    doc_id: str | None
    title: str | None
    origin: str | None = None

    @property
    def names(self) -> Iterable[str]:
        """Each column once."""
        return dict.fromkeys(name for name in self if name is not None)


def choose_columns(label: str, kinds: Mapping[str, str], wanted: Wanted) -> Columns:
    """Columns of a file with these columns (name to type; texts have type `string`). Raises `UsageError`."""
    title = _known(kinds, TITLE_NAMES, strings_only=True)
    doc_id = wanted.id_field or _known(kinds, ID_NAMES, strings_only=False)
    if doc_id is not None and doc_id not in kinds:
        raise UsageError(f"{label}: no column '{doc_id}': it has {_listed(kinds)}; set corpus.id_field")
    text = wanted.text_field or _known(kinds, TEXT_NAMES, strings_only=True) or _only_string(kinds, (doc_id, title))
    if text is None:
        raise UsageError(f"{label}: which column is the text? It has {_listed(kinds)}; set corpus.text_field")
    if text not in kinds:
        raise UsageError(f"{label}: no column '{text}': it has {_listed(kinds)}; set corpus.text_field")
    if kinds[text] != STRING:
        raise UsageError(f"{label}: column '{text}' is no text: it has {_listed(kinds)}; set corpus.text_field")
    if wanted.source_field is not None and wanted.source_field not in kinds:
        raise UsageError(
            f"{label}: no column '{wanted.source_field}': it has {_listed(kinds)}; set corpus.source_field"
        )
    return Columns(text, doc_id if doc_id != text else None, title if title != text else None, wanted.source_field)


def _known(kinds: Mapping[str, str], names: tuple[str, ...], *, strings_only: bool) -> str | None:
    there = {name.lower(): name for name in reversed(list(kinds)) if not strings_only or kinds[name] == STRING}
    return next((there[name] for name in names if name in there), None)


def _only_string(kinds: Mapping[str, str], taken: tuple[str | None, ...]) -> str | None:
    strings = [name for name, kind in kinds.items() if kind == STRING]
    if len(strings) != 1:
        strings = [name for name in strings if name not in taken]
    return strings[0] if len(strings) == 1 else None


def _listed(kinds: Mapping[str, str]) -> str:
    return ", ".join(f"{printable(name)} ({kind})" for name, kind in kinds.items()) or "no columns"


class Row(NamedTuple):
    """One row as a reader found it: `number` is its line or row from 1, `where` its file.

    `origin` is what stands in the column of `corpus.source_field`; where that is nothing, it is `fallback_origin`.
    """

    where: str
    number: int
    text: object
    doc_id: object
    title: object
    fallback_id: str
    source: int
    position: int
    origin: object
    fallback_origin: str


def document_or_reject(row: Row) -> Document | Reject:
    """The document of a row, or the reject with the reason why it is none."""
    reason = fault(row.text)
    if reason is not None:
        return Reject(row.where, row.number, reason)
    text = str(row.text)
    title = clip(row.title) if isinstance(row.title, str) else ""
    origin = _name(row.origin, row.fallback_origin)
    return Document(_name(row.doc_id, row.fallback_id), title or title_of(text), text, row.source, row.position, origin)


def fault(text: object) -> str | None:
    """Why `text` cannot be a document's text, or None."""
    if text is None:
        return "no text"
    if isinstance(text, UnicodeDecodeError):
        return f"invalid UTF-8 at byte {text.start}"
    if not isinstance(text, str):
        return f"text is {type(text).__name__}, not a string"
    if not text or text.isspace():
        return "empty text"
    try:
        text.isascii() or text.encode()
    except UnicodeEncodeError as error:
        return f"lone surrogate at character {error.start}: cannot be written as UTF-8"
    return None


def _name(given: object, otherwise: str) -> str:
    if isinstance(given, int) and not isinstance(given, bool):
        return str(given)
    return given if isinstance(given, str) and fault(given) is None else otherwise


def printable(name: str) -> str:
    """A file or column name that any terminal and SQLite take: bytes that are not UTF-8 are shown as `\\xNN`."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace") if _odd(name) else name


def _odd(name: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in name)
