"""What a reader yields: a document, or the reject that stands in its place."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Document:
    """One text of the corpus.

    `doc_id` is stable (a file's is its path relative to the folder given); `title` is for people and never searched, so
    that ranking is a function of texts alone; `source` counts the corpus's sources from 0 and `position` says where the
    document lies inside it (a byte offset, a row, a block address: the source's own business). `origin` names the part of
    the corpus that it is from, for quotas: the value of `corpus.source_field`, or else its file or top folder.
    """

    doc_id: str
    title: str
    text: str
    source: int
    position: int
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Reject:
    """A row or file that is no document, kept with its reason.

    `where` is the file, `position` its line or row from 1 (0: the file itself); `source` is set by the corpus.
    """

    where: str
    position: int
    reason: str
    source: int = field(default=0, compare=False)
