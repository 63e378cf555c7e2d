"""The account of every document and every token of a run. It closes exactly, or the run is wrong.

    documents   read = rejected + duplicates + indexed;  indexed = encoded + not_encoded
    tokens      read = encoded + duplicate                  (duplicate: exact copies of encoded documents, dropped when indexed)
                encoded = packed + cut + passed_over + near_duplicate + unused       (each token of an encoded document, once)
    placed      placed = packed + repeated                  (uses beyond a token's first)
    samples     samples x context_length = placed + special + padding

`cut` is the rest of documents of which a part was packed. Documents that no sample has are `near_duplicate` when a
near-duplicate stood in the sample that they were considered for, `passed_over` when they did not fit, else `unused`.

Every token belongs to one unit, so that the accounts of units add up to the run's: a packed token to the unit that packed it
first, the rest of a document to the unit that used the document first, an unused document to the first unit that could have it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tools.packing.tables import Plan, RowArray, Unit, joined

LEAST_AT_ONCE = 1 << 17
PASSES = 64
"""The plan is read once for each `LEAST_AT_ONCE` documents, and so often at most: memory holds the uses of one part of them."""
SAMPLES_AT_ONCE = 1 << 9
"""Samples whose segments are copied at a time."""
ALL = slice(None)


class Spans(NamedTuple):
    """Uses in plan order: tokens `[begin, end)` of `document` (a row), placed by the unit of that number; int64 [m] each."""

    document: RowArray
    begin: RowArray
    end: RowArray
    unit: RowArray


@dataclass(frozen=True, slots=True)
class TokenAccount:
    """Counts of tokens, of a run or of one unit's part of it."""

    read: int
    duplicate: int
    encoded: int
    packed: int
    cut: int
    passed_over: int
    near_duplicate: int
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
        if self.read != self.encoded + self.duplicate:
            found.append(f"read {self.read} is not encoded + duplicate")
        if self.encoded != self.packed + self.cut + self.passed_over + self.near_duplicate + self.unused:
            found.append(f"encoded {self.encoded} is not packed + cut + passed_over + near_duplicate + unused")
        if self.placed != self.packed + self.repeated:
            found.append(f"placed {self.placed} is not packed {self.packed} + repeated {self.repeated}")
        if self.samples * self.context_length != self.placed + self.special + self.padding:
            found.append("samples x context_length is not placed + special + padding")
        return found


def added(accounts: Iterable[TokenAccount], context_length: int) -> TokenAccount:
    """The sum of accounts (all of samples of `context_length`)."""
    rows = [list(account.as_dict().values()) for account in accounts]
    sums = [sum(column) for column in zip(*rows, strict=True)] or [0] * len(fields(TokenAccount))
    return _account([*sums[:-1], context_length])


def token_accounts(
    lengths: RowArray, copies: RowArray, units: Sequence[Unit], plan: Plan, context_length: int
) -> list[TokenAccount]:
    """The account of each unit, in order.

    `lengths` [n] int64 are the encoded documents' tokens, `copies` [n] int64 how many exact duplicates of each were dropped.
    `units` must be all that the plan was made of, and list every document between them (`with_rest`).
    """
    listed = _listed_by(len(lengths), units)
    at_once = max(LEAST_AT_ONCE, -(-len(lengths) // PASSES))
    sums = np.zeros((7, len(units)), np.int64)
    for begin in range(0, len(lengths), at_once):
        rows = slice(begin, min(begin + at_once, len(lengths)))
        spans = spans_of(plan, units, rows)
        near, over = (found.marks(rows.stop)[rows] for found in (plan.near_copies, plan.passed_over))
        sums += _sums_of(lengths[rows], copies[rows], spans, _owners(listed[rows], spans), near, over, len(units))
    duplicate, packed, cut, passed_over, near_duplicate, not_used, placed = sums
    encoded = packed + cut + passed_over + near_duplicate + not_used
    home = _home(plan, units)
    samples = _sums(home, np.ones(len(home), np.int64), len(units))
    padding = _sums(home, np.array([sample.padding for sample in plan.samples], np.int64), len(units))
    columns = (
        *(encoded + duplicate, duplicate, encoded, packed, cut, passed_over, near_duplicate, not_used, placed - packed),
        *(placed, samples * context_length - placed - padding, padding, samples),
    )
    return [_account([*row, context_length]) for row in zip(*(column.tolist() for column in columns), strict=True)]


def _sums_of(
    lengths: RowArray,
    copies: RowArray,
    spans: Spans,
    owner: RowArray,
    near: NDArray[np.bool_],
    over: NDArray[np.bool_],
    units: int,
) -> RowArray:
    """int64 [7, units]: each unit's tokens duplicate, packed, cut, passed over, near-duplicate, unused and placed."""
    fresh = first_uses(spans)
    covered = np.zeros(len(lengths), np.int64)
    np.add.at(covered, spans.document, fresh)
    touched = np.zeros(len(lengths), np.bool_)
    touched[spans.document] = True
    fates = touched, over & ~touched & ~near, near & ~touched, ~(touched | near | over)
    cut, passed_over, near_duplicate, unused = (
        _sums(owner[which], (lengths - covered)[which], units) for which in fates
    )
    duplicate = _sums(owner, copies * lengths, units)
    packed, placed = _sums(spans.unit, fresh, units), _sums(spans.unit, spans.end - spans.begin, units)
    return np.stack((duplicate, packed, cut, passed_over, near_duplicate, unused, placed))


def _account(figures: Sequence[int]) -> TokenAccount:
    return TokenAccount(**dict(zip((field.name for field in fields(TokenAccount)), figures, strict=True)))


def with_rest(units: Sequence[Unit], documents: int) -> list[Unit]:
    """The units and, where they do not list every document (row), one more for the others: it is never planned."""
    others = np.ones(documents, np.bool_)
    for unit in units:
        others[unit.documents] = False
    rows = others.nonzero()[0]
    if not len(rows):
        return list(units)
    return [*units, Unit("others", rows, np.zeros(len(rows), np.int32), np.zeros(len(rows), np.float32))]


def spans_of(plan: Plan, units: Sequence[Unit], rows: slice = ALL) -> Spans:
    """Every use of the plan, in its order; of some documents alone, who are then counted from the first of `rows`."""
    home, first = _home(plan, units), rows.start or 0
    found = [np.empty((4, 0), np.int64)]
    for begin in range(0, len(plan.samples), SAMPLES_AT_ONCE):
        some = plan.samples[begin : begin + SAMPLES_AT_ONCE]
        table = joined(some)
        unit = np.repeat(home[begin : begin + len(some)], [len(sample.segments) for sample in some])
        if rows is not ALL:
            inside = ((table["document"] >= first) & (table["document"] < rows.stop)).nonzero()[0]
            table, unit = table[inside], unit[inside]
        found.append(
            np.stack((table["document"] - first, table["doc_start"], table["doc_start"] + table["length"], unit))
        )
    return Spans(*np.concatenate(found, axis=1))


def _home(plan: Plan, units: Sequence[Unit]) -> RowArray:
    """int64 [samples]: the number of each sample's unit."""
    number = {unit.unit_id: n for n, unit in enumerate(units)}
    return np.array([number[sample.unit.unit_id] for sample in plan.samples], np.int64)


def first_uses(spans: Spans) -> RowArray:
    """int64 [m]: how many of each span's tokens no span before it has."""
    fresh = spans.end - spans.begin
    order = np.lexsort((spans.begin, spans.document))
    document, begin, end = spans.document[order], spans.begin[order], spans.end[order]
    overlapping = np.unique(document[1:][(document[1:] == document[:-1]) & (begin[1:] < end[:-1])])
    borders = np.searchsorted(document, [overlapping, overlapping + 1])
    for first, last in borders.T.tolist():
        own = np.sort(order[first:last])
        seen = np.zeros(int(spans.end[own].max()), np.bool_)
        for place in own.tolist():
            part = seen[int(spans.begin[place]) : int(spans.end[place])]
            fresh[place] = len(part) - int(part.sum())
            part[:] = True
    return fresh


def most_uses(spans: Spans, documents: int) -> RowArray:
    """int64 [documents]: how often the most used token of each document is placed."""
    most = np.zeros(documents, np.int64)
    places = np.concatenate((spans.begin, spans.end))
    steps = np.repeat(np.array([1, -1]), len(spans.begin))
    rows = np.concatenate((spans.document, spans.document))
    # By document, then place; at one place uses that end come before uses that begin.
    order = np.lexsort((steps, places, rows))
    np.maximum.at(most, rows[order], np.cumsum(steps[order]))
    return most


def _listed_by(documents: int, units: Sequence[Unit]) -> NDArray[np.uint32]:
    """uint32 [documents]: the first unit that lists each."""
    listed = np.zeros(documents, np.uint32)
    for number in range(len(units) - 1, -1, -1):
        listed[units[number].documents] = number
    return listed


def _owners(listed: NDArray[np.uint32], spans: Spans) -> RowArray:
    """int64 [documents]: the unit that used each first, or else the first unit that could."""
    owner = listed.astype(np.int64)
    rows, first = np.unique(spans.document, return_index=True)
    owner[rows] = spans.unit[first]
    return owner


def _sums(groups: RowArray, values: RowArray, n: int) -> RowArray:
    sums = np.zeros(n, np.int64)
    np.add.at(sums, groups, values)
    return sums


@dataclass(frozen=True, slots=True)
class DocumentAccount:
    """Counts of the corpus's documents (and characters of those indexed and of those that no hit named).

    `near_duplicates` are encoded documents that have a near-duplicate before them (counted among `encoded`).
    """

    read: int
    rejected: int
    duplicates: int
    indexed: int
    encoded: int
    not_encoded: int
    near_duplicates: int
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
        if self.near_duplicates > self.encoded:
            found.append(f"near_duplicates {self.near_duplicates} are more than the documents encoded")
        return found


def _negative(counts: Mapping[str, int]) -> list[str]:
    """A remainder closes whatever it is taken from; below zero it says that more was taken than there was."""
    return [f"{name} is {count}, below zero" for name, count in counts.items() if count < 0]


def section_of(category: str) -> str:
    """The section of a category's path: its first name (empty: none)."""
    return category.partition(" / ")[0]


def ledger(
    documents: DocumentAccount,
    tokens: TokenAccount,
    units: Sequence[tuple[Unit, TokenAccount]],
    facts: Sequence[Mapping[str, Any]],
    calls: Mapping[str, Any],
) -> dict[str, Any]:
    """The content of `ledger.json`: deterministic, keys in a fixed order. `facts` [units] are added to each unit's row."""
    sections: dict[str, list[TokenAccount]] = {}
    for unit, account in units:
        sections.setdefault(section_of(unit.category), []).append(account)
    return {
        "documents": documents.as_dict(),
        "tokens": tokens.as_dict(),
        "sections": [
            {"section": section, **added(accounts, tokens.context_length).as_dict()}
            for section, accounts in sections.items()
        ],
        "topics": [
            {"topic_id": unit.topic_id, "topic": unit.topic, "category": unit.category, **more, **account.as_dict()}
            for (unit, account), more in zip(units, facts, strict=True)
        ],
        "model_calls": dict(calls),
    }
