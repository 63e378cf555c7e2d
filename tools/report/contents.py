"""What a report page says, as plain records: gathered by `graph.reporting`, drawn by `tools.report.page`.

Strings are as the corpus, the models and the file system have them (untrusted); the page makes them harmless.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shown(Generic[T]):
    """The first rows of a list, and how many more there are."""

    rows: tuple[T, ...]
    left_out: int = 0


def bounded(rows: Iterable[T], words: Callable[[T], Iterable[str]], most_bytes: int, more: int = 0) -> Shown[T]:
    """The first rows whose words take at most `most_bytes` as escaped UTF-8; `more` rows are left out beside those here."""
    kept: list[T] = []
    left_out = more
    for row in rows:
        most_bytes -= sum(len(escape(word).encode("utf-8", "replace")) for word in words(row))
        if most_bytes < 0:
            left_out += 1
        else:
            kept.append(row)
    return Shown(tuple(kept), left_out)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something about the run in a word or two."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Part:
    """A share of a total: `figure` is its key in `ledger.json`, `meaning` what it counts."""

    figure: str
    count: int
    meaning: str


@dataclass(frozen=True, slots=True)
class Sum:
    """A total and what it consists of; `figure` and `name` as in `Part`."""

    figure: str
    name: str
    total: int
    parts: tuple[Part, ...]

    @property
    def missing(self) -> int:
        """What the parts lack (0: it adds up)."""
        return self.total - sum(part.count for part in self.parts)


@dataclass(frozen=True, slots=True)
class Counted:
    """A name and its count."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class SectionRow:
    """A section of the taxonomy: what became of its tokens, and its samples."""

    section: str
    encoded: int
    fates: tuple[Part, ...]
    samples: int


@dataclass(frozen=True, slots=True)
class TopicLine:
    """A proposal and what became of it. The figures are the corpus's evidence; None where there is none."""

    title: str
    accepted: bool
    outcome: str
    proposed_by: str
    reason: str
    documents: int | None
    tokens: int | None
    belongs: float | None
    held: float | None
    broad: float | None


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """A category (or a section of them): topics accepted and rejected, and samples of its topics."""

    category: str
    accepted: int
    rejected: int
    samples: int
    lines: Shown[TopicLine] = Shown(())

    @property
    def section(self) -> str:
        """The first name of its path."""
        return self.category.partition(" / ")[0]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why topics were rejected, by whom, and how many."""

    rejected_by: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class Topics:
    """What the debates came to."""

    accepted: int
    rejected: int
    filled: int
    sections: Shown[CategoryRow]
    reasons: Shown[Reason]
    categories: Shown[CategoryRow]


@dataclass(frozen=True, slots=True)
class Bin:
    """A bar of a histogram."""

    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Histogram:
    """How a figure is distributed: bars in order, and its smallest, mean and largest value."""

    title: str
    what: str
    bins: tuple[Bin, ...]
    least: int
    mean: float
    most: int


@dataclass(frozen=True, slots=True)
class SampleRow:
    """A sample: its topic, tokens that are not padding, documents, segments, attention spans, and tokens by source."""

    sample_id: str
    recipe: str
    topic: str
    category: str
    n_tokens: int
    documents: int
    segments: int
    spans: int
    sources: tuple[Counted, ...]


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """A segment of a sample as a person sees it; positions in tokens."""

    doc_id: str
    title: str
    role: str
    rank: int
    score: float
    start: int
    length: int
    doc_start: int


@dataclass(frozen=True, slots=True)
class SegmentText(SegmentRow):
    """The beginning of a segment, and the part of the corpus that it is from."""

    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Stripe:
    """A stretch of a sample (shares of its length) that is one document's, by the number of the document in the sample."""

    begin: float
    width: float
    document: int


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A sample to look into: all of it as a strip, and its first segments."""

    sample: SampleRow
    stripes: tuple[Stripe, ...]
    segments: Shown[SegmentText]


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A seat with a language model: calls paid for (repairs included), tokens, cost and seconds waited for."""

    seat: str
    model: str
    calls: int
    prompt_tokens: int
    reply_tokens: int
    repairs: int
    unreadable: int
    failed: int
    replayed: int
    latency_s: float
    cost: float


@dataclass(frozen=True, slots=True)
class StageRow:
    """Where the time went, in seconds."""

    stage: str
    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Account:
    """What the ledger, the manifest and `usage.json` say."""

    tokenizer: str
    facts: tuple[Fact, ...]
    warnings: tuple[str, ...]
    documents: tuple[Sum, ...]
    tokens: tuple[Sum, ...]
    sections: Shown[SectionRow]
    removed: tuple[Part, ...]
    models: tuple[ModelRow, ...]
    stages: tuple[StageRow, ...]


@dataclass(frozen=True, slots=True)
class Samples:
    """What plan, samples and index say; `refused` counts why rows and files of the corpus were rejected."""

    warnings: tuple[str, ...]
    histograms: tuple[Histogram, ...]
    sources: Shown[Counted]
    refused: Shown[Counted]
    table: Shown[SampleRow]
    excerpts: tuple[Excerpt, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All of the page. `ids` are samples x context_length, `placed` those of documents; `indexed` counts documents."""

    name: str
    recipe: str
    context_length: int
    count: int
    placed: int
    indexed: int
    account: Account
    topics: Topics | None
    samples: Samples

    @property
    def ids(self) -> int:
        """Ids in all samples."""
        return self.count * self.context_length

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader should know first."""
        return self.account.warnings + self.samples.warnings

    @property
    def seconds(self) -> float:
        """Wall seconds of all stages."""
        return sum(stage.wall_s for stage in self.account.stages)
