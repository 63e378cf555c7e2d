"""Rows as a plan keeps them: a set of numbers to who reads it, a byte a row in memory."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tools.columns import Hashes, Names
from tools.packing.tables import RowSet, Tables, Usage

ROWS = st.lists(st.integers(0, 300), max_size=20)


@given(first=ROWS, updates=st.lists(ROWS, max_size=6), n=st.integers(0, 400))
def test_rows_are_a_set(first: list[int], updates: list[list[int]], n: int) -> None:
    found, expected = RowSet(first), set(first)
    for rows in updates:
        found.update(np.array(rows, np.int64))
        expected.update(rows)
    assert list(found) == sorted(expected) and len(found) == len(expected)
    assert [row in found for row in range(-1, 402)] == [row in expected for row in range(-1, 402)]
    assert found.marks(n).tolist() == [row in expected for row in range(n)]


@given(cap=st.integers(1, 300))
def test_uses_are_counted_up_to_any_cap(cap: int) -> None:
    usage = Usage.of(Tables(Names(["a", "b"]), Hashes([bytes(16), bytes([1] * 16)]), np.array([1, 1])), cap)
    one = np.array([1])
    for _ in range(cap):
        assert usage.free(one).all()
        usage.place(one, np.zeros(1, np.int64))
    assert usage.free(np.arange(2)).tolist() == [True, False]
