"""Candidates as an agent sees them, and what it says about them brought back to the proposals: by id, never by text.

A sheet gives every candidate a neutral id (`T01`) in a seeded shuffled order, so that neither name nor place says who
proposed it. A reply that repeats, renames, truncates or invents topics is matched by these ids alone; what names nothing on
the sheet, or names it again, is noted with its reason.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Generic, Protocol, TypeVar

from agents.messages import Brief, Candidate, Seat
from agents.noting import Notes

_ID = re.compile(r"\W*T\W?0*(?P<t>\d{1,6})(?!\w).*|\W*0*(?P<n>\d{1,6})\W*", re.IGNORECASE | re.DOTALL | re.ASCII)


class Entry(Protocol):
    """A part of a reply that is about one candidate. `said_title` is the title it gives, when it gives one."""

    @property
    def id(self) -> str: ...

    @property
    def said_title(self) -> str: ...


E = TypeVar("E", bound=Entry)


@dataclass(frozen=True, slots=True)
class Sheet:
    """Candidates in the order shown, each with its neutral id."""

    rows: tuple[tuple[str, Candidate], ...]

    @property
    def names(self) -> list[tuple[str, str]]:
        """(neutral id, proposal id), in the order shown."""
        return [(name, candidate.proposal.proposal_id) for name, candidate in self.rows]

    def reversed(self) -> "Sheet":
        """The same ids in reversed order."""
        return Sheet(self.rows[::-1])


@dataclass(frozen=True, slots=True)
class Matched(Generic[E]):
    """The first entry about each candidate, by proposal id, and the ids of those that no entry is about."""

    entries: Mapping[str, E]
    missed: tuple[str, ...]


def shuffled(candidates: Sequence[Candidate], brief: Brief, seat: Seat) -> Sheet:
    """The seat's sheet for this round: the same one whatever the order in which the candidates came."""
    order = sorted(candidates, key=lambda c: c.proposal.proposal_id)
    # Who seeds by words gets the same order in every process; the seat is in it, so that no two judges share a first place.
    Random(f"{brief.rules.seed}/{brief.category}/{brief.round}/{seat.name}").shuffle(order)  # noqa: S311 - no secret
    return Sheet(tuple((f"T{number:02d}", candidate) for number, candidate in enumerate(order, 1)))


def match(entries: Sequence[E], sheet: Sheet, notes: Notes) -> Matched[E]:
    """Bring a reply's entries to the candidates. Of several about one candidate the first counts."""
    places = {number: candidate.proposal for number, candidate in ((_number(n), c) for n, c in sheet.rows)}
    found: dict[str, E] = {}
    for entry in entries:
        proposal = places.get(_number(entry.id))
        if proposal is None:
            notes.refuse("unknown id", entry.id)
            continue
        if proposal.proposal_id in found:
            notes.refuse("said twice", entry.id)
            continue
        found[proposal.proposal_id] = entry
        _note_title(entry.said_title, proposal.title, notes)
    missed = tuple(proposal_id for _, proposal_id in sheet.names if proposal_id not in found)
    if missed:
        notes.counts["missed"] += len(missed)
    return Matched(found, missed)


def _number(name: str) -> int:
    """The number in a neutral id, however it is dressed (`t1`, `"T01": Reefs`, `1`); -1 where there is none."""
    # Only the beginning is looked at: an id is short, whatever a reply makes of it.
    hit = _ID.fullmatch(name[:400])
    return int(hit["t"] or hit["n"]) if hit else -1


def _note_title(said: str, title: str, notes: Notes) -> None:
    """A title that was repeated differently is counted, and of no other consequence."""
    a, b = " ".join(said.lower().split()).rstrip(".… "), " ".join(title.lower().split())
    if not a or a == b:
        return
    notes.counts["truncated" if b.startswith(a) else "renamed"] += 1
