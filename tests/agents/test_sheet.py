"""Replies are matched to candidates by their neutral id, whatever else they say."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.messages import Brief, Candidate, Evidence, Proposal, Rules, Seat
from agents.noting import Notes
from agents.sheet import Sheet, match, shuffled

JUDGE = Seat("judge-1", "judge", "judge", "openai:x")


@dataclass(frozen=True)
class Said:
    """A part of a reply."""

    id: str
    said_title: str = ""


def candidates(count: int) -> list[Candidate]:
    keys = [f"proposer-{n % 3 + 1}.1.{n}" for n in range(count)]
    return [
        Candidate(Proposal(key, key[:10], 1, f"Topic {key}", "why"), Evidence(key, 1, 1, 1.0, 1.0, 0.1, 1))
        for key in keys
    ]


def brief(seed: int = 0) -> Brief:
    return Brief("SCIENCE / Sea", "Sea", 4, (), 1, Rules(seed=seed))


def sheet(count: int) -> Sheet:
    return shuffled(candidates(count), brief(), JUDGE)


@pytest.mark.parametrize(
    "said", ["T03", "t3", " T03 ", '"T03"', "T03: Coral Reefs", "[T03]", "T-3", "3", "**T03**", "T 03"]
)
def test_an_id_is_known_however_it_is_dressed(said: str) -> None:
    found = match([Said(said)], sheet(5), Notes())
    assert list(found.entries) == [dict(sheet(5).names)["T03"]]


@pytest.mark.parametrize(
    "said", ["T99", "Coral Reefs", "", "T", "T03x", "3D Printing", "proposer-1.1.3", "T0303030303", "³"]
)
def test_an_id_that_names_nothing_is_noted_and_nothing_else(said: str) -> None:
    notes = Notes()
    assert match([Said(said)], sheet(5), notes).entries == {}
    assert notes.unused == [("unknown id", said)]


def test_of_several_entries_about_one_topic_the_first_counts() -> None:
    notes = Notes()
    first, second = Said("T01"), Said("t1")
    found = match([first, second], sheet(2), notes)
    assert list(found.entries.values()) == [first]
    assert notes.unused == [("said twice", "t1")]
    assert notes.counts["missed"] == 1


def test_renamed_and_truncated_titles_are_matched_by_id_and_counted() -> None:
    notes, shown = Notes(), sheet(3)
    titles = {name: candidate.proposal.title for name, candidate in shown.rows}
    entries = [
        Said("T01", "Something Else"),
        Said("T02", titles["T02"][:7] + "..."),
        Said("T03", titles["T03"].upper()),
    ]
    assert len(match(entries, shown, notes).entries) == 3
    assert (notes.counts["renamed"], notes.counts["truncated"]) == (1, 1)


@given(count=st.integers(1, 30), data=st.data())
def test_every_entry_is_used_once_or_noted_and_every_candidate_is_found_or_missed(
    count: int, data: st.DataObject
) -> None:
    shown, notes = sheet(count), Notes()
    known = [name for name, _ in shown.rows]
    said = data.draw(st.lists(st.sampled_from(known) | st.text(max_size=8), max_size=40))
    found = match([Said(one) for one in said], shown, notes)
    assert len(found.entries) + len(notes.unused) == len(said)
    assert {*found.entries, *found.missed} == {key for _, key in shown.names}
    assert not set(found.entries) & set(found.missed)
    assert found.entries.keys() >= {dict(shown.names)[one] for one in said if one in known}


@given(count=st.integers(1, 30), seed=st.integers(0, 99), data=st.data())
def test_the_order_shown_depends_on_the_seed_and_not_on_the_order_of_arrival(
    count: int, seed: int, data: st.DataObject
) -> None:
    arrived: Sequence[Candidate] = data.draw(st.permutations(candidates(count)))
    one = shuffled(arrived, brief(seed), JUDGE)
    assert one == shuffled(candidates(count), brief(seed), JUDGE)
    assert one.reversed().names == one.names[::-1]
    assert sorted(key for _, key in one.names) == sorted(c.proposal.proposal_id for c in arrived)


def test_two_judges_and_two_seeds_see_orders_of_their_own() -> None:
    many = candidates(20)
    orders = [
        [key for _, key in shuffled(many, brief(seed), Seat(name, "judge", "judge", "m")).names]
        for seed, name in ((0, "judge-1"), (0, "judge-2"), (1, "judge-1"))
    ]
    assert len({tuple(order) for order in orders}) == 3


def test_a_megabyte_of_an_id_is_looked_at_briefly() -> None:
    notes = Notes()
    match([Said("T" * 1_000_000), Said("(" * 1_000_000)], sheet(2), notes)
    assert all(len(what) <= 200 for _, what in notes.unused)
