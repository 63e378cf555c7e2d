"""Texts of compressed inputs, kept where they can be fetched from: a gzip or zstd file cannot be sought.

While a compressed source is read, its texts go into a block store of their own: zstd frames of about 1 MiB of text, the
frames' offsets behind them, a trailer at the end. One file a source, renamed into place when complete, so that a store is
whole or absent and needs no second file to agree with. A position is `block << 32 | offset in the block`.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import zstandard

from litelong import UsageError
from tools.corpus.document import Document, Reject
from tools.corpus.sources import Source, changed
from tools.corpus.streams import readable
from tools.files import replacing

_BLOCK = 1 << 20
_LENGTH = struct.Struct("<Q")
_TRAILER = struct.Struct("<QQ8s")
_MAGIC = b"LLBLOCK1"


class Compressed:
    """A source whose file is compressed: read from the file, fetched from the block store.

    Without a folder for blocks it can be read and not fetched.
    """

    def __init__(self, inner: Source, number: int, blocks: Path | None) -> None:
        self._inner = inner
        self._store = block_file(blocks, number) if blocks is not None else None

    @property
    def label(self) -> str:
        return self._inner.label

    @property
    def size_bytes(self) -> int:
        return self._inner.size_bytes

    def stamp(self) -> str:
        return self._inner.stamp()

    def read(self) -> Iterator[Document | Reject]:
        if self._store is None:
            yield from self._read_into(None)
            return
        with replacing(self._store) as temporary, temporary.open("wb") as sink:
            yield from self._read_into(sink)

    def _read_into(self, sink: BinaryIO | None) -> Iterator[Document | Reject]:
        writer = BlockWriter(sink)
        for item in self._inner.read():
            yield replace(item, position=writer.add(item.text)) if isinstance(item, Document) else item
        writer.finish()

    def fetch(self, positions: Iterable[int]) -> Iterator[str]:
        if self._store is None:
            raise UsageError(
                f"{self.label}: a compressed file can only be read from start to end: "
                "give a folder for its blocks, or decompress it"
            )
        if not self._store.is_file():
            raise changed(self.label)
        with readable(self.label, "block store"), self._store.open("rb") as file:
            for text in fetch_blocks(file, positions):
                if text is None:
                    raise changed(self.label)
                yield text


def block_file(blocks: Path, number: int) -> Path:
    """Where the texts of the source with this number lie."""
    return blocks / f"{number:06d}.blocks"


class BlockWriter:
    """Writes texts into blocks; with no sink it only counts, so that positions do not depend on there being a store."""

    def __init__(self, sink: BinaryIO | None) -> None:
        self._sink = sink
        self._compressor = zstandard.ZstdCompressor(level=3)
        self._block = bytearray()
        self._blocks = 0
        self._starts: list[int] = []

    def add(self, text: str) -> int:
        """Take a text; returns its position."""
        data = text.encode()
        position = self._blocks << 32 | len(self._block)
        self._block += _LENGTH.pack(len(data))
        self._block += data
        if len(self._block) >= _BLOCK:
            self._flush()
        return position

    def finish(self) -> None:
        """Write the last block, the offsets and the trailer."""
        if self._block:
            self._flush()
        if self._sink is not None:
            end = self._sink.tell()
            self._sink.write(struct.pack(f"<{self._blocks + 1}Q", *self._starts, end))
            self._sink.write(_TRAILER.pack(self._blocks, end, _MAGIC))

    def _flush(self) -> None:
        if self._sink is not None:
            self._starts.append(self._sink.tell())
            self._sink.write(self._compressor.compress(self._block))
        self._blocks += 1
        self._block.clear()


def fetch_blocks(file: BinaryIO, positions: Iterable[int]) -> Iterator[str | None]:
    """Texts at ascending positions, one block in memory at a time; None where the store holds no such position."""
    blocks, table = _trailer(file)
    current, data = -1, b""
    for position in positions:
        block, offset = position >> 32, position & 0xFFFFFFFF
        if block != current and block < blocks:
            current, data = block, _block(file, table, block)
        yield _record(data, offset) if block == current else None


def _trailer(file: BinaryIO) -> tuple[int, int]:
    size = file.seek(0, 2)
    file.seek(max(0, size - _TRAILER.size))
    tail = file.read()
    if len(tail) != _TRAILER.size or not tail.endswith(_MAGIC):
        return 0, 0
    blocks, table, _ = _TRAILER.unpack(tail)
    return blocks, table


def _block(file: BinaryIO, table: int, block: int) -> bytes:
    file.seek(table + 8 * block)
    start, end = struct.unpack("<2Q", file.read(16))
    file.seek(start)
    with zstandard.ZstdDecompressor().stream_reader(BytesIO(file.read(end - start))) as reader:
        return reader.read()


def _record(data: bytes, offset: int) -> str | None:
    begin = offset + _LENGTH.size
    if begin > len(data):
        return None
    (length,) = _LENGTH.unpack_from(data, offset)
    end = begin + length
    try:
        return data[begin:end].decode() if end <= len(data) else None
    except UnicodeDecodeError:
        return None
