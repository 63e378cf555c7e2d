"""The table: everything that has been said in one debate so far. Engines carry it from turn to turn, protocols read it."""

import operator
from collections.abc import Callable
from typing import Annotated, Any, TypedDict, get_args, get_type_hints

from agents.messages import (
    Brief,
    Candidate,
    Critique,
    Defence,
    Event,
    Evidence,
    Outcome,
    Proposal,
    Verdict,
    Withdrawal,
)


class Table(TypedDict, total=False):
    """What a checkpoint holds. Only `category` is given; `round` counts from 1.

    What a turn adds is again a table; the annotations say how the two are joined, here and in LangGraph.
    """

    category: str
    brief: Brief
    round: int
    proposals: Annotated[list[Proposal], operator.add]
    evidence: Annotated[dict[str, Evidence], operator.or_]
    critiques: Annotated[list[Critique], operator.add]
    withdrawals: Annotated[list[Withdrawal], operator.add]
    defences: Annotated[list[Defence], operator.add]
    verdicts: Annotated[list[Verdict], operator.add]
    events: Annotated[list[Event], operator.add]
    stopped: str
    outcome: Outcome


_JOINS: dict[str, Callable[[Any, Any], Any]] = {
    name: get_args(hint)[1]
    for name, hint in get_type_hints(Table, include_extras=True).items()
    if get_args(hint)[1:2] and callable(get_args(hint)[1])
}


def joined(table: Table, update: Table) -> Table:
    """The table with what a turn added."""
    after: dict[str, Any] = dict(table)
    for name, value in update.items():
        join = _JOINS.get(name)
        after[name] = join(after[name], value) if join and name in after else value
    return after  # type: ignore[return-value]


def live(table: Table) -> list[Proposal]:
    """Proposals on the table that have not been withdrawn or revised."""
    gone = {w.proposal_id for w in table.get("withdrawals", [])}
    return [p for p in table.get("proposals", []) if p.proposal_id not in gone]


def candidates(table: Table) -> list[Candidate]:
    """Live proposals with their evidence, and what their proposers said for them last."""
    defences = {d.proposal_id: d.reason for d in table.get("defences", [])}
    return [
        Candidate(p, table["evidence"][p.proposal_id], defences.get(p.proposal_id, ""))
        for p in live(table)
        if p.proposal_id in table.get("evidence", {})
    ]


def critiques_of(table: Table, round_: int) -> list[Critique]:
    """What was said in one round."""
    return [c for c in table.get("critiques", []) if c.round == round_]


def accepted_in(table: Table, round_: int) -> frozenset[str]:
    """Proposals that more than half of a round's critiques of them accept."""
    votes: dict[str, list[bool]] = {}
    for critique in critiques_of(table, round_):
        if critique.by.startswith("guest-"):  # advice, not a vote
            continue
        votes.setdefault(critique.proposal_id, []).append(critique.accept)
    return frozenset(key for key, said in votes.items() if 2 * sum(said) > len(said))


def turns_of(table: Table, step: str) -> list[Event]:
    """The turns of one kind, in the order they were taken."""
    return [event for event in table.get("events", []) if event.step == step]


def tokens_spent(table: Table) -> int:
    """Prompt and reply tokens of the debate so far, replayed replies included: a second run must stop where the first did."""
    return sum(event.prompt_tokens + event.reply_tokens for event in table.get("events", []))
