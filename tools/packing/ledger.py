"""The account of every document and every token of a run. It closes exactly, or the run is wrong.

    documents   read = rejected + duplicates + indexed;  indexed = encoded + not encoded
    tokens      encoded = packed + cut + passed_over + unused       (each token of an encoded document, once)
    placed      placed = packed + repeated                          (uses beyond a token's first)
    samples     samples x context_length = placed + special + padding

`cut` is the rest of documents of which a part was packed; `passed_over` are documents that did not fit when their turn
came and were not packed later; `unused` were fetched and never placed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Span(NamedTuple):
    """A use: tokens `[begin, end)` of one document placed in a sample."""

    document: int
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class TokenAccount:
    """Counts of tokens over the encoded documents of a run."""

    encoded: int
    packed: int
    cut: int
    passed_over: int
    unused: int
    repeated: int
    placed: int
    special: int
    padding: int
    samples: int
    context_length: int

    def as_dict(self) -> dict[str, int]:
        return asdict(self)

    def errors(self) -> list[str]:
        """What does not add up, in words; empty when the account closes."""
        found = _negative(self.as_dict())
        if self.encoded != self.packed + self.cut + self.passed_over + self.unused:
            found.append(f"encoded {self.encoded} is not packed + cut + passed_over + unused")
        if self.placed != self.packed + self.repeated:
            found.append(f"placed {self.placed} is not packed {self.packed} + repeated {self.repeated}")
        if self.samples * self.context_length != self.placed + self.special + self.padding:
            found.append("samples x context_length is not placed + special + padding")
        return found


def token_account(
    lengths: NDArray[np.int64], spans: Iterable[Span], passed_over: set[int], samples: int, context_length: int
) -> TokenAccount:
    """Account for the tokens of documents with `lengths` [n] int64, given every span placed and the rows passed over."""
    placed = 0
    covered = np.zeros(len(lengths), dtype=np.int64)
    open_spans: dict[int, list[Span]] = {}
    for span in spans:
        placed += span.end - span.begin
        open_spans.setdefault(span.document, []).append(span)
    for document, uses in open_spans.items():
        covered[document] = _union(uses)
    touched = covered > 0
    over = np.zeros(len(lengths), dtype=np.bool_)
    over[sorted(passed_over)] = True
    packed = int(covered.sum())
    return TokenAccount(
        encoded=int(lengths.sum()),
        packed=packed,
        cut=int((lengths - covered)[touched].sum()),
        passed_over=int(lengths[over & ~touched].sum()),
        unused=int(lengths[~over & ~touched].sum()),
        repeated=placed - packed,
        placed=placed,
        special=samples * context_length - placed,
        padding=0,
        samples=samples,
        context_length=context_length,
    )


def _union(spans: Sequence[Span]) -> int:
    """Tokens covered by at least one of one document's spans."""
    total, reached = 0, 0
    for span in sorted(spans, key=lambda s: s.begin):
        total += max(0, span.end - max(span.begin, reached))
        reached = max(reached, span.end)
    return total


@dataclass(frozen=True, slots=True)
class DocumentAccount:
    """Counts of the corpus's documents (and characters of those indexed and of those that no hit named)."""

    read: int
    rejected: int
    duplicates: int
    indexed: int
    encoded: int
    not_encoded: int
    characters: int
    characters_not_encoded: int

    def as_dict(self) -> dict[str, int]:
        return asdict(self)

    def errors(self) -> list[str]:
        """What does not add up, in words; empty when the account closes."""
        found = _negative(self.as_dict())
        if self.read != self.rejected + self.duplicates + self.indexed:
            found.append(f"documents read {self.read} is not rejected + duplicates + indexed")
        if self.indexed != self.encoded + self.not_encoded:
            found.append(f"documents indexed {self.indexed} is not encoded + not_encoded")
        return found


def _negative(counts: Mapping[str, int]) -> list[str]:
    """A remainder closes whatever it is taken from; below zero it says that more was taken than there was."""
    return [f"{name} is {count}, below zero" for name, count in counts.items() if count < 0]


def ledger(
    documents: DocumentAccount, tokens: TokenAccount, topics: Sequence[Mapping[str, Any]], calls: Mapping[str, Any]
) -> dict[str, Any]:
    """The content of `ledger.json`: deterministic, keys in a fixed order."""
    return {
        "documents": documents.as_dict(),
        "tokens": tokens.as_dict(),
        "topics": list(topics),
        "model_calls": dict(calls),
    }
