"""What every reader offers, and the corpus made of them.

A source says where a document lies in terms that only it understands (`position`), so that a byte offset, a row and a
block address are one thing to everybody else.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Protocol

from litelong import UsageError
from tools.corpus.document import Document, Reject

READERS = 2
"""Counts changes of what a reader makes of a file (HTML cleaning, the demo's layout); part of every fingerprint."""


class Source(Protocol):
    """One origin of documents: a file of rows, the text files of one path entry, a dataset, the demo corpus."""

    @property
    def label(self) -> str:
        """The path as the user knows it, for messages and fingerprints."""

    @property
    def size_bytes(self) -> int:
        """About how many bytes of text it holds, as far as that is known without reading it: unpacked, markup included."""

    def read(self) -> Iterator[Document | Reject]:
        """Every document and every reject, in the source's own order. Raises `UsageError` for an unreadable file."""

    def fetch(self, positions: Iterable[int]) -> Iterator[str]:
        """The texts at strictly ascending `positions`, exactly as `read` yielded them. Raises `UsageError`."""

    def stamp(self) -> str:
        """A cheap fingerprint: label, size and modification time, or a package version."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """The sources of one configuration, in order; `Document.source` indexes `sources`."""

    sources: Sequence[Source]
    name: str

    @property
    def size_bytes(self) -> int:
        """About how many bytes of text all sources hold: see `Source.size_bytes`."""
        return sum(source.size_bytes for source in self.sources)

    def read(self, numbers: Collection[int] | None = None) -> Iterator[Document | Reject]:
        """Every document and every reject of every source (or of those with these numbers), in order."""
        for number, source in enumerate(self.sources):
            if numbers is None or number in numbers:
                for item in source.read():
                    yield replace(item, source=number) if isinstance(item, Reject) else item

    def stamps(self) -> list[str]:
        """A line for each source, which changes when a file of it is added, removed, renamed, resized or touched."""
        return [source.stamp().encode("utf-8", "backslashreplace").decode() for source in self.sources]

    def fingerprint(self) -> str:
        """See `fingerprint_of`."""
        return fingerprint_of(self.stamps())


def fingerprint_of(stamps: Iterable[str]) -> str:
    """32 hex digits for the stamps of a corpus, and for how its files are read."""
    digest = blake2b(f"readers {READERS}".encode(), digest_size=16)
    for stamp in stamps:
        digest.update(b"\0" + stamp.encode())
    return digest.hexdigest()


def changed(label: str) -> UsageError:
    """The error for a source that no longer holds what the index says it holds."""
    return UsageError(f"{label} changed since it was indexed: build the index again")
