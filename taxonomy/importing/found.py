"""What a reader finds in a file, whatever its form: rows, notes and counts of what was left out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

MAX_BYTES = 32 << 20
"""A list of subjects has a few megabytes at most; more is another kind of file, or an attack."""
MAX_CATEGORIES = 200_000
MAX_LEVELS = 32


class Row(NamedTuple):
    """A line of a list. `literal` is a whole path, or a label under `heading`; a tree's node has `names` instead."""

    where: str
    code: str | None
    literal: str
    heading: str | None = None
    names: tuple[str, ...] | None = None
    also: tuple[tuple[str, bool], ...] = ()
    """Cross-references that are paths already, each with whether only what lies under it is meant."""


@dataclass(slots=True)
class Found:
    """The content of a file. `form` says how it was read; `notes` are a heading's usage notes, `aliases` lead to paths."""

    form: str
    rows: list[Row]
    notes: dict[str, list[str]] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    edition: str | None = None
    origin: str | None = None
    skipped: Counter[str] = field(default_factory=Counter)


CORRECT = "correct it there"
AGAIN = "get the file again"
FORMS = (
    "give one of: the npm tarball of isbn-bisac-tools, its JSON or CSV, a spreadsheet (.xlsx), a CSV or TSV with columns "
    "code and literal (or code, heading, label; or parent and child), a JSON of code to literal, a nested tree (YAML, JSON)"
)


class UnreadableError(ValueError):
    """What is wrong with a file and where in it, and what to do; whoever knows the file's name puts it in front."""

    def __init__(self, what: str, advice: str = CORRECT) -> None:
        super().__init__(what)
        self.advice = advice
