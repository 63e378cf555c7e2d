"""The turns of a debate: a seat is asked, its words are brought into the record, and the table grows by them.

Engines call these and nothing else of the agents, so that the same panel says the same whichever engine holds the debate.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from agents.chat.meter import Meter, metering
from agents.evidence import gather_evidence
from agents.library import Library
from agents.messages import (
    Answer,
    Brief,
    Candidate,
    Critique,
    Defence,
    Draft,
    Event,
    Figures,
    Kind,
    Proposal,
    Revision,
    Rules,
    Seat,
    Verdict,
    Withdrawal,
)
from agents.noting import Notes, UnreadableError, noting
from agents.outcome import conclude
from agents.panel import Panel
from agents.protocols import Protocol, Step
from agents.protocols.base import refuse_silence
from agents.table import Table, candidates, live

S = TypeVar("S", Critique, Verdict)
M = TypeVar("M")
Emit = Callable[[Event], None]

PHASES = ("propose", "criticise", "judge")
"""The order of a round's turns in the record. Guests stand where they spoke."""


@dataclass(slots=True)
class _Turn:
    """One turn being taken."""

    seat: Seat
    step: str
    round: int
    shown: Sequence[str]
    positions: list[tuple[str, str, str]] = field(default_factory=list)
    lineage: list[tuple[str, str]] = field(default_factory=list)
    notes: Notes = field(default_factory=Notes)
    meter: Meter = field(default_factory=Meter)
    began: float = field(default_factory=time.monotonic)
    problem: str | None = None

    async def take(self, call: Awaitable[Sequence[M]]) -> list[M]:
        """What the agent says; nothing, with the reason in `problem`, when it cannot be read."""
        with noting() as self.notes, metering() as self.meter:
            try:
                return list(await call)
            except UnreadableError as error:
                self.problem = str(error)
                return []


class Turns:
    """A panel at work on one category after another. `brief` makes a category's brief from its path or code."""

    def __init__(
        self,
        panel: Panel,
        library: Library,
        brief: Callable[[str], Brief],
        *,
        protocol: Protocol,
        rules: Rules,
        run: str,
    ) -> None:
        self.panel, self.library, self.brief = panel, library, brief
        self.protocol, self.rules, self.run = protocol, rules, run

    def open(self, category: str) -> Table:
        """The empty table. `keep_fixed_k` keeps half of all that is asked for, unless the rules say how many."""
        brief = self.brief(category)
        keep = self.rules.keep or max(1, brief.wanted * len(self.panel.of_kind("proposer")) // 2)
        return {"category": brief.category, "brief": replace(brief, rules=replace(self.rules, keep=keep))}

    async def propose(self, table: Table, name: str, emit: Emit) -> Table:
        """A proposer's list."""
        seat, brief = self.panel.seat(name), replace(table["brief"], round=1)
        turn = _Turn(seat, "propose", 1, ())
        taken = [proposal.title for proposal in table.get("proposals", [])]
        drafts = await turn.take(self.panel.proposer(name).propose(brief, taken))
        return self._closed(turn, table, emit, {"proposals": self._tabled(turn, drafts[: brief.wanted])})

    async def answer(self, table: Table, name: str, emit: Emit) -> Table:
        """A proposer's answer to the round's critiques: what it defends, revises and withdraws."""
        round_ = table["round"]
        own = [candidate for candidate in candidates(table) if candidate.proposal.by == name]
        if not own:
            return {}
        turn = _Turn(self.panel.seat(name), "answer", round_ + 1, _ids(own))
        brief = replace(table["brief"], round=round_)
        taken = [proposal.title for proposal in table.get("proposals", [])]
        answers = await turn.take(self.panel.proposer(name).answer(brief, own, table.get("critiques", []), taken))
        return self._closed(turn, table, emit, self._answered(turn, own, answers))

    async def evidence(self, table: Table) -> Table:
        """What the corpus says of the live proposals; a round begins. Raises `DebateError` when nobody proposed readably."""
        refuse_silence(table, "propose", "proposer")
        found = await self.library.ask(gather_evidence, self.library, table["brief"], live(table))
        return {"evidence": {one.proposal_id: one for one in found}, "round": table.get("round", 0) + 1}

    async def criticise(self, table: Table, name: str, emit: Emit) -> Table:
        """A critic's word on every candidate that it is shown."""
        shown = self.panel.reviewed_by(name, candidates(table))
        if not shown:
            return {}
        turn = _Turn(self.panel.seat(name), "criticise", table["round"], _ids(shown))
        brief = replace(table["brief"], round=table["round"])
        said = _about(turn, await turn.take(self.panel.critic(name).criticise(brief, shown)))
        said = [replace(critique, round=turn.round) for critique in said]
        turn.positions = [(c.proposal_id, "accept" if c.accept else "reject", c.reason) for c in said]
        return self._closed(turn, table, emit, {"critiques": said})

    async def visit(self, table: Table, name: str, emit: Emit) -> Table:
        """A guest's word: drafts where it speaks before there is evidence, advice elsewhere."""
        place = self.panel.places[name]
        shown = [] if place == "propose" else candidates(table)
        round_ = table.get("round", 0) or 1
        turn = _Turn(self.panel.seat(name), "visit", round_, _ids(shown))
        brief = replace(table["brief"], round=round_)
        said = await turn.take(self.panel.guest(name).visit(brief, shown, table.get("critiques", [])))
        drafts = [one for one in said if isinstance(one, Draft)]
        if place != "propose":
            for draft in drafts:
                turn.notes.refuse("a draft after the evidence", draft.title)
            drafts = []
        critiques = _about(turn, [replace(one, round=round_) for one in said if isinstance(one, Critique)])
        proposals = self._tabled(turn, drafts)
        turn.positions += [(c.proposal_id, "accept" if c.accept else "reject", c.reason) for c in critiques]
        return self._closed(turn, table, emit, {"proposals": proposals, "critiques": critiques})

    async def judge(self, table: Table, name: str, emit: Emit) -> Table:
        """A judge's verdicts on all candidates."""
        shown = candidates(table)
        turn = _Turn(self.panel.seat(name), "judge", table["round"], _ids(shown))
        brief = replace(table["brief"], round=table["round"])
        judge = self.panel.judge(name)
        said = _about(turn, await turn.take(judge.judge(brief, shown, table.get("critiques", []))))
        turn.positions = [(v.proposal_id, "keep" if v.keep else "remove", v.reason) for v in said]
        return self._closed(turn, table, emit, {"verdicts": said})

    def after_evidence(self, table: Table) -> Step:
        """Who speaks once the evidence is there."""
        if not live(table):
            return Step("conclude", "nothing was proposed")
        return self.protocol.after_evidence(table, self.rules)

    def after_critique(self, table: Table) -> Step:
        """Who speaks once the critics have."""
        return self.protocol.after_critique(table, self.rules)

    def conclude(self, table: Table) -> Table:
        """The outcome. Raises `DebateError` when none of those who decide could be read."""
        self.protocol.refuse_silence(table)
        outcome = conclude(
            table["category"],
            table.get("proposals", []),
            table.get("evidence", {}),
            table.get("withdrawals", []),
            self.protocol.ballots(table, self.rules),
            sorted(table.get("events", []), key=self._place),
            table["brief"].rules,
        )
        stopped = table.get("stopped") or self.after_evidence(table).why
        return {"outcome": replace(outcome, rounds=max(1, table.get("round", 0)), stopped=stopped)}

    def _place(self, event: Event) -> tuple[int, int, int]:
        seats = [seat.name for seat in self.panel.seats]
        steps = {"propose": 0, "answer": 0, "criticise": 2, "judge": 4}
        guests = {"propose": 1, "evidence": 1, "critique": 3}
        step = steps[event.step] if event.step in steps else guests[self.panel.places[event.agent]]
        return event.round, step, seats.index(event.agent)

    def _tabled(self, turn: _Turn, drafts: Sequence[Draft]) -> list[Proposal]:
        seat = turn.seat
        tabled = [
            Proposal(
                f"{seat.name}.{turn.round}.{n}",
                seat.name,
                turn.round,
                d.title,
                d.explanation,
                d.figures,
                "",
                seat.model,
            )
            for n, d in enumerate(drafts, 1)
        ]
        turn.positions += [(p.proposal_id, "propose", p.title) for p in tabled]
        return tabled

    def _answered(self, turn: _Turn, own: Sequence[Candidate], answers: Sequence[Answer]) -> Table:
        """Answers as withdrawals, new proposals and defences. Only a seat's own are its to answer for, once each."""
        mine, seen = {candidate.proposal.proposal_id for candidate in own}, set[str]()
        revisions: list[Revision] = []
        withdrawals: list[Withdrawal] = []
        defences: list[Defence] = []
        for answer in answers:
            if answer.proposal_id not in mine or answer.proposal_id in seen:
                turn.notes.refuse("said twice" if answer.proposal_id in seen else "unknown id", answer.proposal_id)
                continue
            seen.add(answer.proposal_id)
            if isinstance(answer, Revision):
                revisions.append(answer)
            elif isinstance(answer, Withdrawal):
                withdrawals.append(replace(answer, into=""))
                turn.positions.append((answer.proposal_id, "withdraw", answer.reason))
            else:
                defences.append(answer)
                turn.positions.append((answer.proposal_id, "keep", answer.reason))
        turn.positions += [(revision.proposal_id, "revise", revision.reason) for revision in revisions]
        tabled = self._tabled(turn, [revision.draft for revision in revisions])
        for revision, proposal in zip(revisions, tabled, strict=True):
            turn.lineage.append((revision.proposal_id, proposal.proposal_id))
            withdrawals.append(
                Withdrawal(revision.proposal_id, revision.by, revision.round, revision.reason, proposal.proposal_id)
            )
        into = {new: old for old, new in turn.lineage}
        proposals = [replace(proposal, revises=into[proposal.proposal_id]) for proposal in tabled]
        return {"withdrawals": withdrawals, "proposals": proposals, "defences": defences}

    def _closed(self, turn: _Turn, table: Table, emit: Emit, said: Table) -> Table:
        """What the turn adds to the table, with its event."""
        meter, notes = turn.meter, turn.notes
        latency = meter.latency_s if meter.calls else time.monotonic() - turn.began
        names: Mapping[str, str] = {proposal_id: name for name, proposal_id in notes.names}
        event = Event(
            run=self.run,
            category=table["category"],
            round=turn.round,
            agent=turn.seat.name,
            role=turn.seat.role,
            kind=turn.seat.kind,
            model=turn.seat.model,
            # In the order the agent saw them, where it had an order of its own.
            shown=tuple(names) or tuple(turn.shown),
            positions=tuple(turn.positions),
            prompt_tokens=meter.prompt_tokens,
            reply_tokens=meter.reply_tokens,
            latency_s=round(latency, 4),
            cached=meter.cached,
            repairs=meter.repairs,
            step=turn.step,
            names=tuple(notes.names),
            lineage=tuple(turn.lineage),
            scores=tuple(notes.scores.items()),
            unused=tuple(notes.unused),
            counts=_figures(notes),
            lookups=tuple(notes.lookups),
            problem=turn.problem,
        )
        emit(event)
        return {**said, "events": [event]}


def _about(turn: _Turn, said: Sequence[S]) -> list[S]:
    """Words on what was shown, once each and in the seat's name; others are noted as of no use."""
    shown, seen = set(turn.shown), set[str]()
    found: list[S] = []
    for one in said:
        if one.proposal_id not in shown or one.proposal_id in seen:
            turn.notes.refuse("said twice" if one.proposal_id in seen else "unknown id", one.proposal_id)
            continue
        seen.add(one.proposal_id)
        found.append(replace(one, by=turn.seat.name))
    return found


def _figures(notes: Notes) -> Figures:
    return tuple(sorted((name, float(count)) for name, count in notes.counts.items() if count))


def _ids(shown: Sequence[Candidate]) -> list[str]:
    return [candidate.proposal.proposal_id for candidate in shown]


__all__ = ["Emit", "Kind", "Turns"]
