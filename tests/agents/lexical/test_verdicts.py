"""What the lexical critic says of evidence: the gravest fault first, and only the weaker of two alike."""

import asyncio
from dataclasses import replace

import pytest

from agents.lexical.settling import settle, unfit
from agents.messages import Candidate, Evidence, Proposal
from agents.scoring import Thresholds

GOOD = Evidence(
    proposal_id="proposer-1.1.1",
    documents=40,
    tokens=20_000,
    on_category=0.5,
    lift=8.0,
    share_of_corpus=0.02,
    new_tokens=8_192,
    coverage=0.9,
    supported=15_000,
)


def fault(evidence: Evidence) -> str | None:
    reason = unfit(evidence, 8_192, Thresholds())
    return reason and reason.split(":", maxsplit=1)[0]


def test_good_evidence_has_no_fault() -> None:
    assert fault(GOOD) is None


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"documents": 2}, "too little evidence"),
        ({"belongs": 0.4}, "off category"),
        ({"broad": 0.9}, "too broad"),
        ({"share_of_corpus": 0.6}, "too broad"),
        ({"supported": 4_095}, "cannot be filled"),
        ({"held": 0.4}, "not in the corpus"),
        ({"documents": 2, "belongs": 0.0, "held": 0.0, "broad": 1.0}, "too little evidence"),
        ({"belongs": 0.0, "broad": 1.0, "supported": 0}, "off category"),
    ],
)
def test_each_fault_is_named_the_gravest_first(changed: dict[str, float], expected: str) -> None:
    assert fault(replace(GOOD, **changed)) == expected  # type: ignore[arg-type]


def test_the_critic_rejects_the_weaker_of_two_alike_and_keeps_the_stronger() -> None:
    from agents.lexical.critic import LexicalCritic
    from agents.messages import Brief

    class Shelfless:
        """All that the critic asks of a library."""

        target_tokens = 8_192

    critic = LexicalCritic("critic-1", Shelfless(), Thresholds())  # type: ignore[arg-type]
    pair = [
        candidate(1, "Reefs of Coral", (("proposer-1.1.2", 0.9),), coverage=0.7),
        candidate(2, "Coral Reefs", (("proposer-1.1.1", 0.9),)),
    ]
    said = asyncio.run(critic.criticise(Brief("SCIENCE", "SCIENCE", 12, (), 1), pair))
    assert [c.accept for c in said] == [False, True]
    assert "the weaker of two alike" in said[0].reason
    assert "'Coral Reefs'" in said[0].reason


def candidate(number: int, title: str, alike: tuple[tuple[str, float], ...] = (), **changed: float) -> Candidate:
    key = f"proposer-1.1.{number}"
    evidence = replace(GOOD, proposal_id=key, alike=alike, **changed)  # type: ignore[arg-type]
    return Candidate(Proposal(key, "proposer-1", 1, title, ""), evidence)


def test_what_says_the_same_as_a_topic_that_fell_does_not_fall_to_it() -> None:
    strong = candidate(1, "Reefs", (("proposer-1.1.2", 0.9),), belongs=0.1)
    weak = candidate(2, "Coral Reefs", (("proposer-1.1.1", 0.9),), coverage=0.7)
    said = settle([weak, strong], 8_192, Thresholds())
    assert said["proposer-1.1.1"]
    assert said["proposer-1.1.2"] is None


def test_a_topic_that_says_the_same_as_one_that_stays_is_called_so_whatever_else_it_lacks() -> None:
    strong = candidate(1, "Coral Reefs", (("proposer-1.1.2", 0.9),))
    weak = candidate(2, "Reefs of Corals", (("proposer-1.1.1", 0.9),), held=0.1, supported=0)
    assert "'Coral Reefs'" in (settle([weak, strong], 8_192, Thresholds())["proposer-1.1.2"] or "")
