"""Opening files that may be compressed, and saying plainly when one is not what its suffix says.

python-zstandard's own stream reader ends quietly where a frame is cut off; a cut corpus must be an error, so zstd is
read through a small raw stream that checks that the last frame is complete.
"""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import zstandard

from litelong import UsageError

TEXT_SUFFIXES = {".txt": "text", ".md": "text", ".html": "html", ".htm": "html"}
ROW_SUFFIXES = {".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
PACKED_SUFFIXES = {".gz": "gzip", ".zst": "zstd"}
SUPPORTED = ", ".join([*TEXT_SUFFIXES, *ROW_SUFFIXES]) + ", each also as .gz or .zst"
_MAGIC = {"gzip": (b"\x1f\x8b",), "zstd": (b"\x28\xb5\x2f\xfd", *(bytes([b, 0x2A, 0x4D, 0x18]) for b in range(80, 96)))}
SNIFF = 8192
_MEASURED = 4 << 20
_FEED = 1 << 14


class Kind(NamedTuple):
    """What a file name promises: `form` is text, html, jsonl, parquet or other; `packing` gzip, zstd or nothing."""

    form: str
    packing: str
    suffix: str


def kind_of(name: str) -> Kind:
    """Kind of a file by its name alone, without regard to case."""
    suffixes = [suffix.lower() for suffix in Path(name).suffixes]
    packing = PACKED_SUFFIXES.get(suffixes[-1], "") if suffixes else ""
    inner = suffixes[-2] if packing and len(suffixes) > 1 else "" if packing or not suffixes else suffixes[-1]
    form = TEXT_SUFFIXES.get(inner) or ROW_SUFFIXES.get(inner) or "other"
    return Kind(form, packing, inner + (suffixes[-1] if packing else ""))


@contextmanager
def open_stream(path: Path, label: str) -> Iterator[BinaryIO]:
    """The bytes of a file, decompressed as its suffix says. Raises `UsageError` naming `label` when it cannot be read."""
    packing = kind_of(path.name).packing
    with readable(label, packing), path.open("rb") as file:
        if not packing:
            yield file
            return
        with _unpacked(file, packing, label) as stream:
            yield stream


def expansion(path: Path, label: str) -> float:
    """Bytes unpacked for each byte as stored, measured at the file's beginning; 1 where it is not packed."""
    packing = kind_of(path.name).packing
    if not packing:
        return 1.0
    with readable(label, packing), path.open("rb") as file, _unpacked(file, packing, label) as stream:
        return len(stream.read(_MEASURED)) / max(1, file.tell())


def _unpacked(file: io.BufferedReader, packing: str, label: str) -> BinaryIO:
    if not file.peek(4).startswith(_MAGIC[packing]):
        raise UsageError(f"{label}: not a {packing} file although its suffix says so: rename or remove it")
    if packing == "gzip":
        return gzip.GzipFile(fileobj=file)  # type: ignore[return-value]  # a BinaryIO in all but name
    return io.BufferedReader(_Zstd(file), 1 << 17)


@contextmanager
def readable(label: str, form: str) -> Iterator[None]:
    """Turn the faults of reading a file into one line that names it."""
    try:
        yield
    except (EOFError, zlib.error, zstandard.ZstdError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise UsageError(f"{label}: cannot be read ({error.strerror}): put it right or remove it") from error
        raise broken(label, form, error) from error


def broken(label: str, form: str, error: Exception) -> UsageError:
    """The error for a file whose content is not what its suffix says."""
    reason = (str(error).splitlines() or ["no reason given"])[0]
    return UsageError(f"{label}: broken or cut off {form} file ({reason}): fetch it again or remove it")


def is_binary(path: Path, label: str) -> bool:
    """Whether there is a NUL byte in the first 8 KiB of the (decompressed) content."""
    with open_stream(path, label) as stream:
        return b"\0" in stream.read(SNIFF)


class _Zstd(io.RawIOBase):
    """Decompressed bytes of consecutive zstd frames; raises EOFError where the last one is cut off."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._ready = memoryview(b"")
        self._restart()

    def _restart(self) -> None:
        # Corpora packed with `zstd --long=31` need a window of 2 GiB to be allowed.
        self._frame = zstandard.ZstdDecompressor(max_window_size=1 << 31).decompressobj()
        self._begun = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._ready:
            if not self._more():
                return 0
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def _more(self) -> bool:
        data = self._frame.unused_data if self._frame.eof else b""
        if self._frame.eof:
            self._restart()
        data = data or self._file.read(_FEED)
        if not data:
            if self._begun:
                raise EOFError("the last frame is not complete")
            return False
        self._begun = True
        self._ready = memoryview(self._frame.decompress(data))
        return True
