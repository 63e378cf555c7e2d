"""Guests: a role with a node of its own in the flow, under both engines."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, get_args

import pytest

from agents import roles
from agents.library import Library
from agents.messages import Brief, Candidate, Critique, Draft
from agents.panel import seat_panel
from agents.roles import Place, find_role, role
from graph.debate import build_debate_graph
from graph.debate_section import DebateSection

PLACES = get_args(Place)


class Visitor:
    """Puts one draft forward, and advises against everything it is shown (and something that it is not)."""

    async def visit(
        self, brief: Brief, candidates: Sequence[Candidate], critiques: Sequence[Critique]
    ) -> list[Draft | Critique]:
        keys = [candidate.proposal.proposal_id for candidate in candidates]
        said = [Critique(key, "whoever", 7, False, "a guest says no") for key in [*keys, "nothing"]]
        return [Draft("Harbour Seals", "a guest's idea"), *said]


@pytest.fixture(autouse=True)
def visitors(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    find_role("judge", "judge", "lexical", "test")
    monkeypatch.setattr(roles, "_roles", dict(roles._roles))
    for place in PLACES:
        role(f"after-{place}", kind="guest", after=place)(lambda seat, library: Visitor())
    yield


def section(place: str, engine: str = "langgraph") -> dict[str, Any]:
    return {"guests": [{"role": f"after-{place}"}], "engine": engine}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("engine", ["langgraph", "autogen"])
def test_a_guest_speaks_in_its_place(debated: Callable[..., Any], place: str, engine: str) -> None:
    held = debated(**section(place, engine))
    steps = list(dict.fromkeys(event.step for event in held.outcome.events))
    places = {"propose": 1, "evidence": 1, "critique": 2}
    assert steps.index("visit") == places[place]
    (turn,) = held.turns("guest-1")
    assert ("unknown id", "nothing") in turn.unused
    if place == "propose":
        assert "Harbour Seals" in held.titles
        assert turn.positions == (("guest-1.1.1", "propose", "Harbour Seals"),)
    else:
        assert ("a draft after the evidence", "Harbour Seals") in turn.unused
        assert [position for _, position, _ in turn.positions] == ["reject"] * 8
        advice = [c for c in held.state["critiques"] if c.by == "guest-1"]
        assert {c.round for c in advice} == {1}, "in the seat's name and the round's number, whatever it said"
        (ask,) = [ask for ask in held.asked if ask.step == "judge"]
        assert ask.user.count("a guest says no") == 8


@pytest.mark.parametrize("protocol", ["vote", "multi_round"])
def test_a_guests_advice_is_no_vote(debated: Callable[..., Any], protocol: str) -> None:
    alone, visited = debated(protocol=protocol), debated(protocol=protocol, **section("evidence"))
    assert visited.titles == alone.titles
    assert visited.outcome.rounds == alone.outcome.rounds


def test_the_drawn_graph_shows_it(library: Library) -> None:
    debate = DebateSection.model_validate({"guests": [{"role": f"after-{place}"} for place in PLACES]})
    panel = seat_panel(debate.seats(), library, "others")
    drawn = build_debate_graph(panel, library, lambda _: Brief("c", "c", 1, (), 1)).get_graph()
    edges = {(edge.source, edge.target) for edge in drawn.edges}
    assert edges >= {
        *(("propose", "after-propose-1"), ("after-propose-1", "evidence"), ("evidence", "after-evidence-1")),
        *(("after-evidence-1", "critique"), ("critique", "after-critique-1"), ("after-critique-1", "weigh")),
    }
    assert ("propose", "evidence") not in edges


def test_a_critic_is_no_guest() -> None:
    with pytest.raises(Exception, match="role 'critic' is a critic, and this seat is a guest's"):
        find_role("critic", "guest", "lexical", "debate.guests.0")
