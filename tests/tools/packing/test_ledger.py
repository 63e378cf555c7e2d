"""The ledger: token accounts close for any spans, and an account that does not close says where."""

from collections import Counter
from dataclasses import asdict, replace
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.packing import ledger as ledger_module
from tools.packing.ledger import (
    DocumentAccount,
    Spans,
    TokenAccount,
    added,
    first_uses,
    ledger,
    most_uses,
    token_accounts,
)
from tools.packing.tables import Plan, PlannedSample, RowSet, Segment, SegmentRole, Unit

TOKENS = TokenAccount(
    read=107,
    duplicate=7,
    encoded=100,
    packed=60,
    cut=10,
    passed_over=5,
    near_duplicate=4,
    unused=21,
    repeated=3,
    placed=63,
    special=1,
    padding=0,
    samples=4,
    context_length=16,
)
DOCUMENTS = DocumentAccount(
    read=10,
    rejected=1,
    duplicates=2,
    indexed=7,
    encoded=3,
    not_encoded=4,
    near_duplicates=1,
    characters=900,
    characters_not_encoded=500,
)


CONTEXT = 64


class Use(NamedTuple):
    """Tokens `[begin, end)` of a document, placed by a unit."""

    unit: int
    document: int
    begin: int
    end: int


class Placed(NamedTuple):
    """Documents, units that each could have some of them, and what a plan placed of them, one use a sample."""

    lengths: list[int]
    of_unit: list[list[int]]
    uses: list[Use]
    passed_over: set[int]
    near_copies: set[int]

    @property
    def units(self) -> list[Unit]:
        ranks = [np.arange(1, len(rows) + 1, dtype=np.int32) for rows in self.of_unit]
        return [
            Unit(
                f"u-{n}",
                np.array(rows, np.int64),
                ranks[n],
                np.ones(len(rows), np.float32),
                f"t-{n}",
                "",
                f"S{n // 2} / C",
            )
            for n, rows in enumerate(self.of_unit)
        ]

    @property
    def plan(self) -> Plan:
        units = self.units
        samples = [
            PlannedSample(
                f"s-{n}",
                "litelong",
                units[use.unit],
                (Segment(use.document, SegmentRole.DOCUMENT, 1, 1.0, -1, 0, use.end - use.begin, use.begin),),
                padding=n % 3,
            )
            for n, use in enumerate(self.uses)
        ]
        return Plan(samples, RowSet(self.passed_over), RowSet(self.near_copies))


@st.composite
def placements(draw: st.DrawFn) -> Placed:
    lengths = draw(st.lists(st.integers(1, 30), min_size=1, max_size=12))
    rows = st.integers(0, len(lengths) - 1)
    of_unit = draw(st.lists(st.lists(rows, unique=True, min_size=1), min_size=1, max_size=4))
    every = sorted({row for own in of_unit for row in own})
    lengths = [length if row in every else 0 for row, length in enumerate(lengths)]
    uses = []
    for unit in draw(st.lists(st.integers(0, len(of_unit) - 1), max_size=15)):
        row = draw(st.sampled_from(of_unit[unit]))
        begin = draw(st.integers(0, lengths[row] - 1))
        uses.append(Use(unit, row, begin, draw(st.integers(begin + 1, lengths[row]))))
    return Placed(lengths, of_unit, uses, draw(st.sets(rows)), draw(st.sets(rows)))


@settings(deadline=None)
@given(placed=placements(), documents=st.integers(1, 12), samples=st.integers(1, 15))
def test_every_token_is_counted_once_in_one_unit_and_units_add_up_to_the_run(
    placed: Placed, documents: int, samples: int
) -> None:
    lengths, copies = np.array(placed.lengths, np.int64), np.arange(len(placed.lengths))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger_module, "LEAST_AT_ONCE", documents)
        patch.setattr(ledger_module, "SAMPLES_AT_ONCE", samples)
        accounts = token_accounts(lengths, copies, placed.units, placed.plan, CONTEXT)
    assert [account.errors() for account in accounts] == [[] for _ in accounts]
    total = added(accounts, CONTEXT)
    assert total.errors() == []
    assert total.encoded == sum(placed.lengths)
    assert total.duplicate == int((lengths * copies).sum())
    first: dict[tuple[int, int], int] = {}
    for use in placed.uses:
        for at in range(use.begin, use.end):
            first.setdefault((use.document, at), use.unit)
    touched = {row for row, _ in first}
    near = placed.near_copies - touched
    over = placed.passed_over - touched - near
    assert total.cut == sum(placed.lengths[row] for row in touched) - len(first)
    assert total.near_duplicate == sum(placed.lengths[row] for row in near)
    assert total.passed_over == sum(placed.lengths[row] for row in over)
    for number, account in enumerate(accounts):
        own = [use for use in placed.uses if use.unit == number]
        assert account.packed == sum(unit == number for unit in first.values())
        assert account.placed == sum(use.end - use.begin for use in own)
        assert account.samples == len(own)
        assert account.padding == sum(n % 3 for n, use in enumerate(placed.uses) if use.unit == number)


@settings(deadline=None)
@given(placed=placements())
def test_first_uses_and_most_uses_count_tokens(placed: Placed) -> None:
    columns = [np.array([use[i] for use in placed.uses], np.int64) for i in (1, 2, 3, 0)]
    seen: set[tuple[int, int]] = set()
    fresh = []
    for use in placed.uses:
        tokens = {(use.document, at) for at in range(use.begin, use.end)}
        fresh.append(len(tokens - seen))
        seen |= tokens
    assert first_uses(Spans(*columns)).tolist() == fresh
    counts = Counter((use.document, at) for use in placed.uses for at in range(use.begin, use.end))
    most = [max((n for (row, _), n in counts.items() if row == document), default=0) for document in range(12)]
    assert most_uses(Spans(*columns), 12).tolist() == most


def test_a_token_packed_twice_belongs_to_the_unit_that_was_first() -> None:
    uses = [Use(1, 0, 0, 4), Use(0, 0, 0, 10), Use(0, 1, 2, 6)]
    one, other = (
        account.as_dict()
        for account in token_accounts(
            np.array([10, 6, 8]), np.zeros(3, np.int64), Placed([], [[0, 1, 2], [0]], uses, {2}, set()).units,
            Placed([], [[0, 1, 2], [0]], uses, {2}, set()).plan, 16,
        )
    )  # fmt: skip
    assert (other["packed"], other["placed"], other["repeated"], other["cut"]) == (4, 4, 0, 0)
    assert (one["packed"], one["placed"], one["repeated"], one["cut"]) == (10, 14, 4, 2)
    assert (one["passed_over"], one["encoded"], other["encoded"]) == (8, 20, 4)


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        ("read", "read 108 is not encoded"),
        ("duplicate", "read 107 is not encoded"),
        ("encoded", "encoded 101 is not packed"),
        ("near_duplicate", "encoded 100 is not packed"),
        ("packed", "placed 63 is not packed 61"),
        ("cut", "encoded 100 is not packed"),
        ("passed_over", "encoded 100 is not packed"),
        ("unused", "encoded 100 is not packed"),
        ("repeated", "placed 63 is not packed 60 + repeated 4"),
        ("placed", "samples x context_length"),
        ("special", "samples x context_length"),
        ("padding", "samples x context_length"),
        ("samples", "samples x context_length"),
        ("context_length", "samples x context_length"),
    ],
)
def test_a_token_too_many_anywhere_is_an_error_in_words(figure: str, said: str) -> None:
    assert TOKENS.errors() == []
    wrong = replace(TOKENS, **{figure: asdict(TOKENS)[figure] + 1})
    assert any(error.startswith(said) for error in wrong.errors())


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        ("read", "documents read 11"),
        ("rejected", "documents read 10"),
        ("duplicates", "documents read 10"),
        ("indexed", "documents indexed 8"),
        ("encoded", "documents indexed 7"),
        ("not_encoded", "documents indexed 7"),
    ],
)
def test_a_document_too_many_anywhere_is_an_error_in_words(figure: str, said: str) -> None:
    assert DOCUMENTS.errors() == []
    wrong = replace(DOCUMENTS, **{figure: asdict(DOCUMENTS)[figure] + 1})
    assert any(error.startswith(said) for error in wrong.errors())


def test_more_placed_than_the_samples_hold_is_an_error_though_the_remainder_closes() -> None:
    placed = Placed([100], [[0]], [Use(0, 0, 0, 100)], set(), set())
    (account,) = token_accounts(np.array([100]), np.zeros(1, np.int64), placed.units, placed.plan, 64)
    assert account.errors() == ["special is -36, below zero"]
    assert replace(DOCUMENTS, encoded=8, not_encoded=-1).errors() == ["not_encoded is -1, below zero"]
    assert replace(DOCUMENTS, near_duplicates=4).errors() != []


def test_the_ledger_adds_units_up_by_section_and_has_its_parts_in_a_fixed_order() -> None:
    placed = Placed([10, 10, 10], [[0], [1], [2]], [Use(n, n, 0, 5 + n) for n in range(3)], set(), set())
    accounts = token_accounts(np.array([10, 10, 10]), np.zeros(3, np.int64), placed.units, placed.plan, CONTEXT)
    rows = list(zip(placed.units, accounts, strict=True))
    content = ledger(DOCUMENTS, added(accounts, CONTEXT), rows, [{"hits": 1}] * 3, {"calls": 0})
    assert list(content) == ["documents", "tokens", "sections", "topics", "model_calls"]
    assert content["documents"] == asdict(DOCUMENTS)
    assert [(row["section"], row["packed"], row["cut"], row["samples"]) for row in content["sections"]] == [
        ("S0", 11, 9, 2),
        ("S1", 7, 3, 1),
    ]
    assert [row["topic_id"] for row in content["topics"]] == ["t-0", "t-1", "t-2"]
    for figure, total in content["tokens"].items():
        if figure != "context_length":
            assert (
                total
                == sum(row[figure] for row in content["sections"])
                == sum(row[figure] for row in content["topics"])
            )
