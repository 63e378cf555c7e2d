"""Hits read as the list that they stand for, whatever is looked at first, and nothing is made before it is looked at."""

import copy
import pickle
from collections.abc import Callable, Sequence
from operator import add

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.search import Hit
from tools.search.doc_table import DocTable, DocTableWriter, Numbers
from tools.search.hits import Hits, Ranked

COUNT = 12
EXPECTED = [Hit(f"doc-{number}", rank, 20 / rank) for rank, number in enumerate(reversed(range(COUNT)), 1)]


@pytest.fixture(scope="module")
def ranked(tmp_path_factory: pytest.TempPathFactory) -> Ranked:
    folder = tmp_path_factory.mktemp("table")
    with DocTableWriter(folder) as writer:
        for number in range(COUNT):
            writer.append(f"doc-{number}", bytes([number] * 16))
    return Ranked(DocTable(folder), np.arange(COUNT)[::-1], np.array([hit.score for hit in EXPECTED]))


def every(ranked: Ranked, count: int = COUNT) -> Hits:
    return Hits(range(1, count + 1), lambda: ranked)


def outcome(act: Callable[[Sequence[Hit]], object], of: Sequence[Hit]) -> object:
    try:
        return act(of)
    except (IndexError, ValueError) as error:
        return type(error)


other = Hit("elsewhere", 1, 1.0)
looks = st.one_of(
    st.integers(-COUNT - 2, COUNT + 1).map(lambda at: lambda hits: hits[at]),
    st.sampled_from([*EXPECTED, other]).map(lambda hit: lambda hits: (hit in hits, hits.count(hit))),
    st.sampled_from([*EXPECTED, other]).map(lambda hit: lambda hits: hits.index(hit)),
    st.sampled_from(
        [
            len, bool, list, repr, sorted, lambda hits: list(reversed(hits)), lambda hits: [hit.rank for hit in hits],
            lambda hits: add(hits, [other]), lambda hits: add([other], hits), lambda hits: (hits == EXPECTED, hits != EXPECTED),
            lambda hits: pickle.loads(pickle.dumps(hits)), lambda hits: list(copy.copy(hits)),
        ]
    ),
)  # fmt: skip


@given(st.integers(0, COUNT), st.lists(st.slices(COUNT), max_size=3), st.lists(looks, max_size=5))
def test_hits_read_as_the_list_that_they_stand_for(
    ranked: Ranked, count: int, slices: list[slice], acts: list[Callable[[Sequence[Hit]], object]]
) -> None:
    hits: Sequence[Hit] = every(ranked, count)
    expected: Sequence[Hit] = EXPECTED[:count]
    for part in slices:
        hits, expected = hits[part], expected[part]
    for act in acts:
        assert outcome(act, hits) == outcome(act, expected)
    assert hits == expected
    assert expected == hits
    assert hits == every(ranked, count) or slices


def test_hits_are_equal_to_lists_alone_and_cannot_be_keys(ranked: Ranked) -> None:
    assert every(ranked) != tuple(EXPECTED)
    assert every(ranked) == every(ranked)
    with pytest.raises(TypeError, match="unhashable"):
        hash(every(ranked))


def test_nothing_is_made_before_it_is_looked_at(ranked: Ranked, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many there are is known without ordering them; a slice names what is in it; what was made is not made again."""
    named: list[int] = []
    asked: list[int] = []

    def ordered() -> Ranked:
        asked.append(COUNT)
        return ranked

    look_up = DocTable.doc_ids

    def doc_ids(table: DocTable, numbers: Numbers) -> list[str]:
        named.append(len(numbers))
        return look_up(table, numbers)

    monkeypatch.setattr(DocTable, "doc_ids", doc_ids)
    hits = Hits(range(1, COUNT + 1), ordered)
    assert (len(hits), asked, named) == (COUNT, [], [])
    assert hits[:3][1:] == EXPECTED[1:3]
    assert (asked, named) == ([COUNT], [2])
    assert [*hits, *hits, hits[0], *hits[:2]] == [*EXPECTED, *EXPECTED, EXPECTED[0], *EXPECTED[:2]]
    assert (asked, named) == ([COUNT], [2, COUNT, 2])
