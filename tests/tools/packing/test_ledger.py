"""The ledger: token accounts close for any spans, and an account that does not close says where."""

from dataclasses import asdict, replace
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.packing.ledger import DocumentAccount, Span, TokenAccount, ledger, token_account

TOKENS = TokenAccount(
    encoded=100,
    packed=60,
    cut=10,
    passed_over=5,
    unused=25,
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
    characters=900,
    characters_not_encoded=500,
)


class Placed(NamedTuple):
    """Documents, and spans of them that a plan placed."""

    lengths: list[int]
    spans: list[Span]
    passed_over: set[int]


@st.composite
def placements(draw: st.DrawFn) -> Placed:
    lengths = draw(st.lists(st.integers(0, 30), min_size=1, max_size=12))
    rows = st.integers(0, len(lengths) - 1)
    spans = []
    for row in draw(st.lists(rows, max_size=20)):
        begin = draw(st.integers(0, lengths[row]))
        spans.append(Span(row, begin, draw(st.integers(begin, lengths[row]))))
    return Placed(lengths, spans, draw(st.sets(rows)))


@settings(deadline=None)
@given(placed=placements())
def test_every_token_of_a_document_is_counted_once(placed: Placed) -> None:
    account = token_account(np.array(placed.lengths, np.int64), placed.spans, placed.passed_over, 50, 64)
    assert account.errors() == []
    tokens = {(span.document, at) for span in placed.spans for at in range(span.begin, span.end)}
    touched = {row for row, _ in tokens}
    over = placed.passed_over - touched
    assert account.packed == len(tokens)
    assert account.placed == sum(span.end - span.begin for span in placed.spans)
    assert account.repeated == account.placed - account.packed
    assert account.cut == sum(placed.lengths[row] for row in touched) - account.packed
    assert account.passed_over == sum(placed.lengths[row] for row in over)
    assert account.special == 50 * 64 - account.placed


def test_a_document_in_two_samples_is_packed_once_and_repeated_once() -> None:
    account = token_account(np.array([10, 6]), [Span(0, 0, 10), Span(0, 0, 4), Span(0, 8, 10)], {1}, 1, 16)
    assert (account.packed, account.repeated, account.cut) == (10, 6, 0)
    assert (account.passed_over, account.unused, account.special) == (6, 0, 0)


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        ("encoded", "encoded 101 is not packed"),
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
    account = token_account(np.array([100]), [Span(0, 0, 100)], set(), 1, 64)
    assert account.errors() == ["special is -36, below zero"]
    assert replace(DOCUMENTS, encoded=8, not_encoded=-1).errors() == ["not_encoded is -1, below zero"]


def test_the_ledger_has_its_parts_in_a_fixed_order() -> None:
    content = ledger(DOCUMENTS, TOKENS, [{"topic_id": "t-1"}], {"calls": 0})
    assert list(content) == ["documents", "tokens", "topics", "model_calls"]
    assert content["tokens"] == asdict(TOKENS)
    assert content["documents"] == asdict(DOCUMENTS)
