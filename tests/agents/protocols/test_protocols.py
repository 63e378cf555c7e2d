"""Every protocol under both engines and all retentions: the same scripted replies give the same topics."""

import json
from collections.abc import Callable
from typing import Any

import pytest

Ask = Any
Debated = Any
PROTOCOLS = ("litelong", "multi_round", "vote", "single", "reflect")
RETENTIONS = ("filter_reject", "keep_accept", "keep_fixed_k")


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("retention", RETENTIONS)
def test_the_engines_agree(debated: Callable[..., Debated], protocol: str, retention: str) -> None:
    one, other = (debated(protocol=protocol, retention=retention, engine=engine) for engine in ("langgraph", "autogen"))
    assert one.outcome.accepted == other.outcome.accepted
    assert one.outcome.rejected == other.outcome.rejected
    assert (one.outcome.rounds, one.outcome.stopped) == (other.outcome.rounds, other.outcome.stopped)
    assert [_timeless(event) for event in one.outcome.events] == [_timeless(event) for event in other.outcome.events]
    assert sorted(map(_question, one.asked)) == sorted(map(_question, other.asked)), "so recorded replies serve both"


def _timeless(event: Any) -> tuple[Any, ...]:
    return (event.agent, event.step, event.round, event.shown, event.positions, event.scores, event.prompt_tokens)


def _question(ask: Ask) -> tuple[str, ...]:
    return (ask.seat.name, str(ask.round), ask.step, ask.system, ask.user)


def test_rounds_end_when_all_is_accepted_and_revisions_have_a_lineage(debated: Callable[..., Debated]) -> None:
    held = debated(protocol="multi_round")
    assert (held.outcome.rounds, held.outcome.stopped) == (2, "every topic is accepted")
    assert "Rich Plankton 1" in held.titles
    fallen = {r.title: (r.rejected_by, r.reason) for r in held.outcome.rejected}
    assert fallen["Poor Plankton 1"] == ("proposer-1", "revised into proposer-1.2.1: as they said")
    _, answer = held.turns("proposer-1")
    assert (answer.step, answer.round, answer.lineage) == ("answer", 2, (("proposer-1.1.3", "proposer-1.2.1"),))
    assert [position for _, position, _ in answer.positions] == ["keep", "keep", "keep", "revise", "propose"]
    (revised,) = [p for p in held.state["proposals"] if p.proposal_id == "proposer-1.2.1"]
    assert revised.revises == "proposer-1.1.3"


def stubborn(plain: Callable[[Ask], str]) -> Callable[[Ask], str]:
    """Proposers who keep everything, so nothing that is accepted ever changes."""

    def reply(ask: Ask) -> str:
        if ask.step != "answer":
            return plain(ask)
        rows = [json.loads(line) for line in ask.user.splitlines() if line.startswith('{"id"')]
        return json.dumps({"answers": [{"id": row["id"], "action": "keep", "reason": "I insist"} for row in rows]})

    return reply


@pytest.mark.parametrize(
    ("section", "rounds", "stopped"),
    [
        ({}, 2, "nothing accepted changes"),
        ({"patience": 2}, 3, "nothing accepted changes"),
        ({"patience": 9, "rounds": 3}, 3, "the last round"),
        ({"patience": 9, "max_tokens": 1}, 1, "the cap on tokens"),
    ],
)
def test_rounds_end_by_convergence_a_round_cap_or_a_token_cap(
    plain: Any, debated: Callable[..., Debated], section: dict[str, int], rounds: int, stopped: str
) -> None:
    held = debated(stubborn(plain), protocol="multi_round", **section)
    assert (held.outcome.rounds, held.outcome.stopped) == (rounds, stopped)
    assert len(held.turns("critic-1")) == rounds
    assert len(held.turns("judge-1")) == 1


def test_critics_hear_what_a_proposer_says_for_its_topic(plain: Any, debated: Callable[..., Debated]) -> None:
    held = debated(stubborn(plain), protocol="multi_round")
    later = [ask for ask in held.asked if ask.step == "criticise" and ask.round == 2]
    assert later
    assert all('"its_proposer_says": "I insist"' in ask.user for ask in later)


def test_a_vote_needs_no_judge(debated: Callable[..., Debated]) -> None:
    held = debated(protocol="vote")
    assert not [ask for ask in held.asked if ask.step == "judge"]
    assert {r.title for r in held.outcome.rejected} == {"Poor Plankton 1", "Poor Plankton 2"}


def test_single_asks_one_model_once(debated: Callable[..., Debated]) -> None:
    held = debated(protocol="single")
    assert [(ask.seat.name, ask.step) for ask in held.asked] == [("proposer-1", "propose")]
    assert len(held.titles) == 4


def test_reflect_shows_each_list_to_its_own_model_alone(debated: Callable[..., Debated]) -> None:
    held = debated(protocol="reflect")
    reviews = [ask for ask in held.asked if ask.step == "criticise"]
    assert [(ask.seat.name, ask.seat.role) for ask in reviews] == [("critic-1", "reflect"), ("critic-2", "reflect")]
    for ask, n in zip(reviews, (1, 2), strict=True):
        proposer = next(one.seat for one in held.asked if one.seat.name == f"proposer-{n}")
        assert ask.seat.model == proposer.model
        assert all(key.startswith(f"proposer-{n}") for event in held.turns(ask.seat.name) for key in event.shown)
    assert {r.title for r in held.outcome.rejected} == {"Poor Plankton 1", "Poor Plankton 2"}


def silent(plain: Callable[[Ask], str]) -> Callable[[Ask], str]:
    """Critics and judges that name nothing."""

    def reply(ask: Ask) -> str:
        return plain(ask) if ask.step == "propose" else '{"reviews": [], "removals": [], "keeps": [], "ranking": []}'

    return reply


@pytest.mark.parametrize("protocol", ["litelong", "vote"])
@pytest.mark.parametrize(("retention", "kept"), [("filter_reject", 8), ("keep_accept", 0), ("keep_fixed_k", 3)])
def test_what_is_not_named_stays_falls_or_is_ranked(
    plain: Any, debated: Callable[..., Debated], protocol: str, retention: str, kept: int
) -> None:
    held = debated(silent(plain), protocol=protocol, retention=retention, keep=3)
    assert len(held.titles) == kept
    assert len(held.titles) + len(held.outcome.rejected) == 8


def test_keep_fixed_k_keeps_the_best_by_rank(debated: Callable[..., Debated]) -> None:
    held = debated(retention="keep_fixed_k", keep=6)
    assert len(held.titles) == 6
    assert not any("Weak" in title for title in held.titles)
    (rejection, _) = held.outcome.rejected
    assert rejection.reason.startswith("place 7, and 6 are kept")


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("engine", ["langgraph", "autogen"])
def test_the_lexical_panel_holds_every_protocol(debated: Callable[..., Debated], protocol: str, engine: str) -> None:
    seats = {f"{kind}s": [{"role": kind}] for kind in ("proposer", "critic", "judge")}
    held = debated(protocol=protocol, engine=engine, **seats)
    assert held.outcome.stopped
    assert not held.asked
    assert all(event.prompt_tokens == 0 and event.problem is None for event in held.outcome.events)
