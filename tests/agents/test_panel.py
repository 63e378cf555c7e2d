"""A panel: who sits where, and who reviews whom."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.messages import Candidate, Evidence, Proposal, Seat
from agents.panel import Panel, Reviews

MODELS = ["lexical", "small", "large"]


def panel(proposers: Sequence[str], critic: str, reviews: Reviews) -> Panel:
    """One proposer for each of the models, and one critic."""
    seats = [Seat(f"proposer-{n}", "proposer", "proposer", model) for n, model in enumerate(proposers, 1)]
    return Panel((*seats, Seat("critic-1", "critic", "critic", critic)), {}, reviews)


def candidate(by: str, number: int) -> Candidate:
    name = f"{by}.1.{number}"
    return Candidate(Proposal(name, by, 1, f"topic {number}", "why"), Evidence(name, 1, 1, 1.0, 1.0, 0.1, 1))


def names(candidates: Sequence[Candidate]) -> list[str]:
    return [c.proposal.proposal_id for c in candidates]


CANDIDATES = [candidate("proposer-1", 1), candidate("proposer-2", 1), candidate("proposer-1", 2)]


def test_seats_are_found_by_kind_and_name() -> None:
    seated = panel(["lexical", "small"], "large", "others")
    assert [seat.name for seat in seated.of_kind("proposer")] == ["proposer-1", "proposer-2"]
    assert seated.of_kind("judge") == []
    assert seated.seat("critic-1").model == "large"


def test_a_critic_passes_over_what_agents_of_its_own_model_proposed() -> None:
    shown = panel(["lexical", "small"], "lexical", "others").reviewed_by("critic-1", CANDIDATES)
    assert names(shown) == ["proposer-2.1.1"]


def test_a_critic_sees_all_where_the_panel_says_so() -> None:
    assert panel(["lexical", "small"], "lexical", "all").reviewed_by("critic-1", CANDIDATES) == CANDIDATES


def test_a_critic_whose_model_proposed_everything_sees_all() -> None:
    assert panel(["lexical", "lexical"], "lexical", "others").reviewed_by("critic-1", CANDIDATES) == CANDIDATES


@pytest.mark.parametrize("reviews", ["others", "all"])
def test_where_nothing_is_proposed_nothing_is_shown(reviews: Reviews) -> None:
    assert panel(["lexical"], "lexical", reviews).reviewed_by("critic-1", []) == []


@given(
    models=st.lists(st.sampled_from(MODELS), min_size=1, max_size=4),
    critic=st.sampled_from(MODELS),
    reviews=st.sampled_from(["others", "all"]),
    data=st.data(),
)
def test_a_critic_never_has_nothing_to_do_and_never_sees_its_own_beside_others(
    models: list[str], critic: str, reviews: Reviews, data: st.DataObject
) -> None:
    seated = panel(models, critic, reviews)
    by = data.draw(st.lists(st.integers(1, len(models)), min_size=1, max_size=8))
    candidates = [candidate(f"proposer-{seat}", number) for number, seat in enumerate(by)]
    shown = seated.reviewed_by("critic-1", candidates)
    assert shown
    assert shown == [c for c in candidates if c in shown], "in the order given"
    if reviews == "all":
        assert shown == candidates
        return
    own = [c for c in candidates if seated.seat(c.proposal.by).model == critic]
    assert shown == (candidates if len(own) == len(candidates) else [c for c in candidates if c not in own])
