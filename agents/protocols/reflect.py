"""Every proposer's own model criticises its own list: the control without another voice."""

from collections.abc import Sequence
from dataclasses import replace

from agents.messages import Seat
from agents.panel import Reviews
from agents.protocols.vote import Vote
from agents.roles import LEXICAL


class Reflect(Vote):
    """A vote of one: beside `proposer-N` sits `critic-N` with the same model, and sees the list of `proposer-N` alone."""

    name = "reflect"

    def seated(self, seats: Sequence[Seat]) -> tuple[Seat, ...]:
        """The proposers, and a critic beside each; the panel's own critics and judges stay out."""
        proposers = [seat for seat in seats if seat.kind == "proposer"]
        return (*proposers, *map(_beside, proposers))

    def reviews(self, given: Reviews) -> Reviews:
        return "own"


def _beside(proposer: Seat) -> Seat:
    role = "critic" if proposer.model in LEXICAL else "reflect"
    name = proposer.name.replace("proposer", "critic")
    return replace(proposer, name=name, kind="critic", role=role, prompt=None)
