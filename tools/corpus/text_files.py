"""Files of one document each: plain text, Markdown, HTML, compressed or not.

A compressed file is read whole anyway, so fetching one needs no block store: the file is the block.
"""

from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from os import stat_result
from pathlib import Path

from litelong import UsageError
from tools.corpus.document import Document, Reject
from tools.corpus.html import clean_html
from tools.corpus.rows import Row, document_or_reject, printable
from tools.corpus.sources import changed
from tools.corpus.streams import SNIFF, expansion, is_binary, kind_of, open_stream, readable


class TextFiles:
    """The files of one path entry that hold no rows. A document's position is its file's place in `names`.

    Memory: one relative path a file. Files with a suffix that is not read are rejects, so that none goes unseen.
    """

    def __init__(self, root: Path, shown: str, names: Sequence[str], number: int, *, reject_binary: bool) -> None:
        """`names` are relative to `root`, sorted; `shown` is the root as the user knows it (empty: the working one)."""
        self._root = root
        self._shown = shown
        self._names = names
        self._number = number
        self._reject_binary = reject_binary

    @property
    def label(self) -> str:
        return self._where(self._names[0]) if len(self._names) == 1 else printable(self._shown) or "."

    @property
    def size_bytes(self) -> int:
        sizes = {True: 0, False: 0}
        for name in self._names:
            sizes[bool(kind_of(name).packing)] += self._status(name).st_size
        packed = next((name for name in self._names if kind_of(name).packing), None)
        factor = expansion(self._root / packed, self._where(packed)) if packed is not None else 1.0
        return sizes[False] + round(sizes[True] * factor)  # one packed file stands for all

    @property
    def has_documents(self) -> bool:
        """Whether at least one file has a suffix that is read."""
        return any(kind_of(name).form != "other" for name in self._names)

    def read(self) -> Iterator[Document | Reject]:
        for position, name in enumerate(self._names):
            yield self._item(position, name)

    def fetch(self, positions: Iterable[int]) -> Iterator[str]:
        for position in positions:
            if position >= len(self._names):
                raise changed(self.label)
            name = self._names[position]
            item = self._item(position, name) if (self._root / name).is_file() else None
            if not isinstance(item, Document):
                raise changed(self._where(name))
            yield item.text

    def stamp(self) -> str:
        digest = blake2b(digest_size=16)
        for name in self._names:
            status = self._status(name)
            digest.update(f"{name}\0{status.st_size}\0{status.st_mtime_ns}\0".encode("utf-8", "surrogateescape"))
        return f"{self.label} {digest.hexdigest()}"

    def _where(self, name: str) -> str:
        return printable((Path(self._shown) / name).as_posix())

    def _origin(self, name: str) -> str:
        """The top folder of a file; for a file that stands in the root, the root."""
        folder, slash, _ = name.partition("/")
        return printable(folder if slash else Path(self._shown).name)

    def _status(self, name: str) -> stat_result:
        with readable(self._where(name), kind_of(name).form):
            return (self._root / name).stat()

    def _item(self, position: int, name: str) -> Document | Reject:
        where, path, kind = self._where(name), self._root / name, kind_of(name)
        if kind.form == "other":
            reason = f"unsupported suffix {kind.suffix}" if kind.suffix else "no suffix"
            return self._binary(where) if is_binary(path, where) else Reject(where, 0, reason)
        data = _content(path, where)
        if data is None:
            return self._binary(where)
        text, title = _decoded(data), ""
        if kind.form == "html" and isinstance(text, str):
            title, text = clean_html(text)
        return document_or_reject(
            Row(where, 0, text, None, title or None, printable(name), self._number, position, None, self._origin(name)),
        )

    def _binary(self, where: str) -> Reject:
        return binary_file(where, reject=self._reject_binary)


def binary_file(where: str, *, reject: bool) -> Reject:
    """The reject for a binary file, or the `UsageError` where binary files are an error."""
    if reject:
        return Reject(where, 0, "binary file")
    raise UsageError(f"{where}: binary file among the texts: remove it, or set corpus.binary_files: reject")


def _content(path: Path, where: str) -> bytes | None:
    with readable(where, "text"), open_stream(path, where) as stream:
        head = stream.read(SNIFF)
        return None if b"\0" in head else head + stream.read()


def _decoded(data: bytes) -> str | UnicodeDecodeError:
    try:
        return data.decode().removeprefix("\ufeff") if data.startswith(BOM_UTF8) else data.decode()
    except UnicodeDecodeError as error:
        return error
