"""Columns of ids and hashes: what a list of them would say, in a tenth of the room."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools import columns
from tools.columns import Column, Hashes, Names, mapped
from tools.lookup import GrowingLookup, HashLookup

names = st.lists(st.text(st.characters(exclude_categories=["Cs"])), unique=True)
# Hashes that begin alike, and that end in zeros: a numpy string would lose these.
hashes = st.lists(
    st.tuples(st.sampled_from([b"\0" * 8, b"\xff" * 8, b"abcdefgh"]), st.binary(min_size=8, max_size=8)).map(b"".join)
    | st.binary(min_size=16, max_size=16),
    unique=True,
    max_size=60,
)


@settings(deadline=None)
@given(names)
def test_names_are_a_sequence_that_knows_where_each_is(given_names: list[str]) -> None:
    column = Names(given_names)
    assert list(column) == given_names
    assert [column[row] for row in range(len(column))] == given_names
    assert column[1:3] == given_names[1:3]
    assert [column.row(name) for name in given_names] == list(range(len(given_names)))
    assert column.rows(pa.array(given_names[::-1], pa.string())).tolist() == list(range(len(given_names)))[::-1]


@given(names, st.text(st.characters(exclude_categories=["Cs"])))
def test_a_name_that_is_not_there_has_no_row(given_names: list[str], other: str) -> None:
    column = Names(name for name in given_names if name != other)
    assert column.row(other) is None
    assert column.rows(pa.array([other])).tolist() == [-1]


@given(hashes)
def test_hashes_are_a_sequence_of_bytes(given_hashes: list[bytes]) -> None:
    column = Hashes(given_hashes)
    assert list(column) == given_hashes
    assert [column[row] for row in range(len(column))] == given_hashes
    assert list(column[1:3]) == given_hashes[1:3]
    first, second = column.halves()
    assert np.lexsort((second, first)).tolist() == sorted(range(len(column)), key=given_hashes.__getitem__)


@given(hashes, st.integers(0, 60), st.integers(1, 5), st.integers(1, 30))
def test_every_hash_is_found_at_its_place_and_no_other(
    given_hashes: list[bytes], held: int, at_once: int, sorted_at_once: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tools.lookup._AT_ONCE", at_once)
        patch.setattr("tools.lookup._SORTED_AT_ONCE", sorted_at_once)
        parts = [Hashes(given_hashes[: held // 2]), Hashes(given_hashes[held // 2 : held])]
        lookup = HashLookup(parts, Path())
        expected = [place if place < held else -1 for place in range(len(given_hashes))]
        assert lookup.places(given_hashes).tolist() == expected
        assert lookup.places(Hashes(given_hashes)).tolist() == expected
        assert lookup.missing([*given_hashes, *given_hashes]) == given_hashes[held:]


@given(hashes, st.integers(1, 3), st.integers(0, 30))
def test_a_growing_lookup_holds_what_was_there_and_every_part_added(
    given_hashes: list[bytes], size: int, before: int
) -> None:
    parts = [given_hashes[begin : begin + size] for begin in range(before, len(given_hashes), size)]
    reads = Counter[int]()

    def hashes_of(part: int) -> Hashes:
        reads[part] += 1
        return Hashes(parts[part])

    lookup = GrowingLookup(HashLookup([Hashes(given_hashes[:before])], Path()), hashes_of, Path())
    for part in range(len(parts)):
        assert lookup.missing([*given_hashes, *given_hashes]) == given_hashes[before + size * part :]
        lookup.add(part)
    assert lookup.missing(given_hashes) == []
    # A part is read again when four times as many are joined: 60 parts, three times after the first.
    assert max(reads.values(), default=0) <= 4


@pytest.mark.parametrize("key", [b"", b"short", bytes(17)])
def test_a_content_hash_has_sixteen_bytes(key: bytes) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Hashes([bytes(16), key])


SIZES = st.sampled_from([1, 64, 1 << 20])


@given(blocks=st.lists(st.lists(st.integers(0, 2**32 - 1), max_size=20), max_size=8), worth_a_file=SIZES)
def test_a_column_is_its_blocks_one_after_the_other(blocks: list[list[int]], worth_a_file: int) -> None:
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(columns, "_WORTH_A_FILE", worth_a_file)
        column, nowhere = Column(np.uint32, Path(folder)), Column(np.uint32, Path(folder, "absent"))
        for block in blocks:
            column.append(np.array(block, np.int64))
            nowhere.append(np.array(block, np.int64))
        found = column.array()
        assert found.dtype == np.uint32 and not found.flags.writeable
        assert found.tolist() == nowhere.array().tolist() == [number for block in blocks for number in block]
        assert isinstance(found.base, np.memmap) == (found.nbytes >= worth_a_file)
        assert not any(Path(folder).iterdir())


@given(given_names=names, at_once=st.integers(1, 5), worth_a_file=SIZES)
def test_names_in_files_are_the_same_names(given_names: list[str], at_once: int, worth_a_file: int) -> None:
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(columns, "_WORTH_A_FILE", worth_a_file)
        patch.setattr(columns, "_AT_ONCE", at_once)
        column = Names.filed(given_names, Path(folder))
        assert column.array.validate(full=True) is None
        assert list(column) == given_names
        assert [column.row(name) for name in given_names] == list(range(len(given_names)))


def test_mapped_columns_say_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "_WORTH_A_FILE", 1)
    column = mapped(np.arange(10).reshape(5, 2), tmp_path)
    assert isinstance(column.base, np.memmap)
    assert column.tolist() == np.arange(10).reshape(5, 2).tolist()
    assert list(tmp_path.iterdir()) == []


def test_where_no_file_can_be_written_columns_stay_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "_WORTH_A_FILE", 1)
    array = np.arange(10)
    assert mapped(array, tmp_path / "absent") is array


def test_blocks_are_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "_AT_ONCE", 3)
    made: list[Any] = [Names(map(str, range(10))), Hashes(bytes([n]) * 16 for n in range(10))]
    assert list(made[0]) == [str(n) for n in range(10)]
    assert list(made[1]) == [bytes([n]) * 16 for n in range(10)]
