"""The turns hold roles to what they were shown, whoever wrote them."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from agents import roles
from agents.messages import Brief, Candidate, Critique, Verdict
from agents.roles import find_role, role


class Careless:
    """Speaks in another's name, twice, of another round, and of what it was not shown."""

    async def criticise(self, brief: Brief, candidates: Sequence[Candidate]) -> list[Critique]:
        key = candidates[0].proposal.proposal_id
        return [Critique(k, "judge-1", 9, True, "well") for k in (key, key, "proposer-9.1.1")]

    async def judge(
        self, brief: Brief, candidates: Sequence[Candidate], critiques: Sequence[Critique]
    ) -> list[Verdict]:
        keys = [candidate.proposal.proposal_id for candidate in candidates]
        said = [Verdict(key, "critic-1", True, "fine") for key in keys]
        return [*said, Verdict(keys[0], "critic-1", False, "changed my mind"), Verdict("x", "critic-1", True, "")]


@pytest.fixture(autouse=True)
def careless(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    find_role("judge", "judge", "lexical", "test")
    monkeypatch.setattr(roles, "_roles", dict(roles._roles))
    role("careless-critic", kind="critic")(lambda seat, library: Careless())
    role("careless-judge", kind="judge")(lambda seat, library: Careless())
    yield


def test_words_count_once_in_the_seats_name_and_only_on_what_was_shown(debated: Callable[..., Any]) -> None:
    held = debated(critics=[{"role": "careless-critic"}], judges=[{"role": "careless-judge"}])
    (critic,), (judge,) = held.turns("critic-1"), held.turns("judge-1")
    assert [(c.by, c.round) for c in held.state["critiques"]] == [("critic-1", 1)]
    assert critic.unused == (("said twice", critic.shown[0]), ("unknown id", "proposer-9.1.1"))
    assert {verdict.by for verdict in held.state["verdicts"]} == {"judge-1"}
    assert judge.unused == (("said twice", judge.shown[0]), ("unknown id", "x"))
    assert len(held.titles) == len(held.state["proposals"])
