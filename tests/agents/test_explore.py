"""What the records of debates show, on debates small enough to count by hand and on real ones."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from agents.explore import (
    Rate,
    acceptance,
    agreement,
    cost,
    critic_flips,
    endings,
    entropy,
    given_up,
    judge_by_proposer,
    length_against_survival,
    novelty,
    order_consistency,
)
from agents.messages import Event, Outcome

QWEN, LLAMA = "openai:Qwen2.5-7B@http://a/v1", "openai:meta/Llama-3@http://b/v1"


def turn(
    agent: str, step: str, round_: int, *positions: tuple[str, str, str], model: str = QWEN, **fields: Any
) -> Event:
    kind: Any = agent.split("-")[0]
    return Event(
        "run", "A / B / C", round_, agent, fields.pop("role", kind), kind, model, (), positions, 10, 5, 0.1, False, 0,
        step=step, **fields,
    )  # fmt: skip


def votes(agent: str, round_: int, said: str, **fields: Any) -> Event:
    """`"+-"` accepts the first proposal and rejects the second."""
    words = {"+": "accept", "-": "reject"}
    positions = [(f"p-1.1.{n}", words[one], "why") for n, one in enumerate(said, 1) if one in words]
    return turn(agent, "criticise", round_, *positions, **fields)


def outcome(*events: Event, **fields: Any) -> list[Outcome]:
    return [Outcome("A / B / C", events=events, **fields)]


@pytest.mark.parametrize(
    ("said", "bits"), [((True, True), 0.0), ((True, False), 1.0), ((True, False, False, False), 0.811)]
)
def test_entropy_is_in_bits(said: Sequence[bool], bits: float) -> None:
    assert entropy(said) == pytest.approx(bits, abs=0.001)


def test_agreement_by_round_leaves_out_what_only_one_critic_saw() -> None:
    held = outcome(
        votes("critic-1", 1, "++-"), votes("critic-2", 1, "+- "), votes("critic-1", 2, "++"), votes("critic-2", 2, "++")
    )
    first, second = agreement(held)
    assert first == (1, 2, 0.5, 0.5)
    assert second == (2, 2, 1.0, 0.0)


def test_a_critic_flips_only_on_the_same_proposal_from_one_round_to_the_next() -> None:
    held = outcome(
        votes("critic-1", 1, "++-"), votes("critic-1", 2, "+-"), votes("critic-2", 2, "-"), votes("critic-1", 3, "++")
    )
    assert critic_flips(held) == {2: Rate(1, 2), 3: Rate(1, 2)}


def test_proposers_give_up_after_critiques_or_after_reflection() -> None:
    lists = turn("proposer-1", "propose", 1, ("p-1.1.1", "propose", "A"), ("p-1.1.2", "propose", "B"))
    answers = turn(
        "proposer-1", "answer", 2, ("p-1.1.1", "keep", ""), ("p-1.1.2", "revise", ""), ("p-1.2.1", "propose", "C"),
        lineage=(("p-1.1.2", "p-1.2.1"),),
    )  # fmt: skip
    assert given_up(outcome(lists, answers)) == Rate(1, 2), "a revision is no new topic"
    assert given_up(outcome(lists, votes("critic-1", 1, "--", role="reflect"))) == Rate(2, 2)
    assert given_up(outcome(lists, votes("critic-1", 1, "--"))) == Rate(0, 2), "another's rejection is no flip"
    assert given_up([]) is None


def test_novelty_is_measured_against_earlier_rounds() -> None:
    first = turn("proposer-1", "propose", 1, ("a", "propose", "Coral Reefs"), ("b", "propose", "Coral Reefs"))
    later = turn("proposer-1", "answer", 2, ("c", "propose", "Coral Bleaching"), ("d", "propose", "Tides"))
    assert novelty(outcome(first, later)) == {1: 1.0, 2: pytest.approx((2 / 3 + 1) / 2)}


def test_acceptance_by_critic_and_depth() -> None:
    held = outcome(votes("critic-1", 1, "++-"), votes("critic-2", 1, "-", model=LLAMA))
    assert acceptance(held) == {(LLAMA, 3): Rate(0, 1), (QWEN, 3): Rate(2, 3)}


def test_judge_by_proposer_goes_by_family() -> None:
    held = outcome(
        turn("proposer-1", "propose", 1, model=QWEN),
        turn("proposer-2", "propose", 1, model=LLAMA),
        turn(
            "judge-1",
            "judge",
            1,
            ("proposer-1.1.1", "keep", ""),
            ("proposer-2.1.1", "remove", ""),
            model="openai:Qwen3",
        ),
    )
    assert judge_by_proposer(held) == {("qwen", "llama"): Rate(0, 1), ("qwen", "qwen"): Rate(1, 1)}


def test_a_turn_that_could_not_be_read_counts_for_nothing_but_its_debate() -> None:
    held = outcome(votes("critic-1", 1, "", problem="empty"), rounds=2, stopped="the last round")
    assert agreement(held) == []
    assert acceptance(held) == {}
    assert endings(held) == {(2, "the last round"): 1}
    assert cost(held).per_topic == float("inf")


def test_real_debates_are_explored(plain: Any, debated: Callable[..., Any]) -> None:
    def reply(ask: Any) -> str:
        """As the plain panel, but a judge that always removes the first it sees."""
        if not ask.step.startswith("judge"):
            return str(plain(ask))
        first = next(json.loads(line) for line in ask.user.splitlines() if line.startswith('{"id"'))
        return json.dumps({"removals": [{"id": first["id"], "reason": "the first"}]})

    debate = [debated(reply, protocol="multi_round", judging={"twice": True}).outcome]
    single, reflect = ([debated(plain, protocol=name).outcome] for name in ("single", "reflect"))
    assert endings(debate) == {(2, "every topic is accepted"): 1}
    assert given_up(debate) == given_up(reflect) == Rate(2, 8)
    assert order_consistency(debate) == Rate(6, 8)
    assert order_consistency(reflect) is None
    assert cost(debate).per_topic > cost(single).per_topic > 0
    assert sum(rate.of for _, rate in length_against_survival(debate)) == 8
    assert judge_by_proposer(debate).keys() == {("qwen", "llama"), ("qwen", "qwen")}
