"""What the lexical critic says of evidence: the gravest fault first, and only the weaker of two alike."""

import asyncio
from dataclasses import replace

import pytest

from agents.lexical.critic import Thresholds, unfit
from agents.messages import Evidence

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
        ({"coverage": 0.3}, "not in the corpus"),
        ({"held": 0.5}, "not in the corpus"),
        ({"documents": 2, "belongs": 0.0, "held": 0.0, "broad": 1.0}, "too little evidence"),
        ({"belongs": 0.0, "broad": 1.0, "supported": 0}, "off category"),
    ],
)
def test_each_fault_is_named_the_gravest_first(changed: dict[str, float], expected: str) -> None:
    assert fault(replace(GOOD, **changed)) == expected  # type: ignore[arg-type]


def test_the_critic_rejects_the_weaker_of_two_alike_and_keeps_the_stronger() -> None:
    from agents.lexical.critic import LexicalCritic
    from agents.messages import Brief, Candidate, Proposal

    class Shelfless:
        """All that the critic asks of a library."""

        target_tokens = 8_192

    def candidate(number: int, title: str, coverage: float, other: int) -> Candidate:
        key = f"proposer-1.1.{number}"
        evidence = replace(GOOD, proposal_id=key, coverage=coverage, alike=((f"proposer-1.1.{other}", 0.9),))
        return Candidate(Proposal(key, "proposer-1", 1, title, ""), evidence)

    critic = LexicalCritic("critic-1", Shelfless(), Thresholds())  # type: ignore[arg-type]
    pair = [candidate(1, "Reefs of Coral", 0.7, 2), candidate(2, "Coral Reefs", 0.9, 1)]
    said = asyncio.run(critic.criticise(Brief("SCIENCE", "SCIENCE", 12, (), 1), pair))
    assert [c.accept for c in said] == [False, True]
    assert "the weaker of two alike" in said[0].reason
    assert "'Coral Reefs'" in said[0].reason
