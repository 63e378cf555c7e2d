"""A panel: the agents of one debate, and who reviews whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast

from agents.messages import Candidate, Seat
from agents.roles import Agent, Critic, Guest, Judge, Place, Proposer, find_role

if TYPE_CHECKING:
    from agents.library import Library

Reviews = Literal["others", "all", "own"]
"""What a critic is shown: not what its own model proposed, everything, or only the list of the proposer of its number."""


@dataclass(frozen=True, slots=True)
class Panel:
    """Seats in order, the agent in each (by seat name), and the places of the guests."""

    seats: tuple[Seat, ...]
    agents: Mapping[str, Agent]
    reviews: Reviews
    places: Mapping[str, Place] = field(default_factory=dict)

    def of_kind(self, kind: str) -> list[Seat]:
        return [seat for seat in self.seats if seat.kind == kind]

    def seat(self, name: str) -> Seat:
        return next(seat for seat in self.seats if seat.name == name)

    def proposer(self, name: str) -> Proposer:
        return cast(Proposer, self.agents[name])

    def critic(self, name: str) -> Critic:
        return cast(Critic, self.agents[name])

    def judge(self, name: str) -> Judge:
        return cast(Judge, self.agents[name])

    def guest(self, name: str) -> Guest:
        return cast(Guest, self.agents[name])

    def guests_after(self, place: Place) -> list[Seat]:
        """The guests that speak after a node, in the order of their seats."""
        return [seat for seat in self.of_kind("guest") if self.places[seat.name] == place]

    def reviewed_by(self, critic: str, candidates: Sequence[Candidate]) -> list[Candidate]:
        """The candidates a critic is shown: not those by agents of its own model, unless none would remain."""
        if self.reviews == "all":
            return list(candidates)
        if self.reviews == "own":
            own = f"proposer-{critic.rsplit('-', 1)[-1]}"
            return [c for c in candidates if c.proposal.by == own]
        model = self.seat(critic).model
        others = [c for c in candidates if self.seat(c.proposal.by).model != model]
        return others or list(candidates)


def seat_panel(seats: Sequence[Seat], library: "Library", reviews: Reviews) -> Panel:
    """Call every seat's role factory. Raises `UsageError` for a role or model that there is not."""
    roles = {seat.name: find_role(seat.role, seat.kind, seat.model, seat.name) for seat in seats}
    agents = {seat.name: roles[seat.name].factory(seat, library) for seat in seats}
    places = {seat.name: roles[seat.name].after for seat in seats if seat.kind == "guest"}
    return Panel(tuple(seats), agents, reviews, places)
