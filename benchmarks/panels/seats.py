"""The agents that the benchmark seats: one that puts plants on the table, and the critics and judges of its controls.

They are ordinary roles, registered for one benchmark run with what they must know, so the debates are the real ones.
A plant looks like any proposal: its id has the form of all others, and its explanation is empty whatever its kind.
"""

from collections.abc import Callable, Mapping, Sequence
from random import Random

from agents.library import Library
from agents.messages import Answer, Brief, Candidate, Critique, Draft, Kind, Seat, Verdict
from agents.roles import role
from benchmarks.panels.plants import Garden
from taxonomy import topic_id

PLANTED = "planted"
Fault = Callable[[str, str, str], str | None]
"""(seat, category, title) to the reason to remove the topic, or None to keep it."""


class PlantSeat:
    """Proposes its share of every category's plants in the first round, and never withdraws one."""

    def __init__(self, order: Mapping[str, Sequence[str]], place: int) -> None:
        self.order = order
        self.place = place

    async def propose(self, brief: Brief, taken: Sequence[str]) -> list[Draft]:
        if brief.round > 1:
            return []
        begin = self.place * brief.wanted
        return [Draft(title, "") for title in self.order[brief.category][begin : begin + brief.wanted]]

    async def answer(
        self, brief: Brief, own: Sequence[Candidate], critiques: Sequence[Critique], taken: Sequence[str]
    ) -> list[Answer]:
        return []


class Scripted:
    """A critic and judge that knows beforehand what it will say of every topic."""

    def __init__(self, name: str, fault: Fault) -> None:
        self.name = name
        self.fault = fault

    async def criticise(self, brief: Brief, candidates: Sequence[Candidate]) -> list[Critique]:
        return [
            Critique(key, self.name, brief.round, accept=reason is None, reason=reason or "nothing against it")
            for key, reason in self._said(brief, candidates)
        ]

    async def judge(
        self, brief: Brief, candidates: Sequence[Candidate], critiques: Sequence[Critique]
    ) -> list[Verdict]:
        return [
            Verdict(key, self.name, keep=reason is None, reason=reason or "nothing against it")
            for key, reason in self._said(brief, candidates)
        ]

    def _said(self, brief: Brief, candidates: Sequence[Candidate]) -> list[tuple[str, str | None]]:
        proposals = [candidate.proposal for candidate in candidates]
        return [(p.proposal_id, self.fault(self.name, brief.category, p.title)) for p in proposals]


def register_plants(garden: Garden, seed: int, before: int) -> None:
    """Register the role `planted`. `before` is the number of proposers that sit before the first seat with it.

    A seat proposes as many as the category's brief asks of each; the next seat has the rest.
    """
    order = {bed.category: _shuffled([p.title for p in bed.plants], f"{seed}/{bed.category}") for bed in garden.beds}

    @role(PLANTED, kind="proposer", model="lexical")
    def planted(seat: Seat, library: Library) -> PlantSeat:
        return PlantSeat(order, int(seat.name.rsplit("-", 1)[1]) - 1 - before)


def register_perfect(garden: Garden) -> None:
    """Register `perfect-critic` and `perfect-judge`, who know every plant's kind and accept what is not planted."""
    kinds = {topic_id(bed.category, plant.title): plant.kind for bed in garden.beds for plant in bed.plants}

    def fault(seat: str, category: str, title: str) -> str | None:
        kind = kinds.get(topic_id(category, title), "good")
        return None if kind == "good" else f"planted as {kind.replace('_', ' ')}"

    _register("perfect", fault)


def register_random(seed: int) -> None:
    """Register `random-critic` and `random-judge`: a coin of their own for every topic, the same for the same title."""

    def fault(seat: str, category: str, title: str) -> str | None:
        heads = Random(f"{seed}/{seat}/{topic_id(category, title)}").random() < 0.5
        return None if heads else "the coin fell so"

    _register("random", fault)


def _register(name: str, fault: Fault) -> None:
    kinds: tuple[Kind, ...] = ("critic", "judge")
    for kind in kinds:
        role(f"{name}-{kind}", kind=kind, model="lexical")(lambda seat, library: Scripted(seat.name, fault))


def _shuffled(titles: Sequence[str], seed: str) -> list[str]:
    mixed = list(titles)
    Random(seed).shuffle(mixed)
    return mixed
