"""What became of every plant of a debate, read from the debate's final state."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from agents.messages import Critique, Evidence, Figures, Proposal
from benchmarks.panels.plants import Bed, Half, Kind
from graph.debate import DebateState
from taxonomy import topic_id

Whose = Literal["own", "planted"]


@dataclass(frozen=True, slots=True)
class Word:
    """One critic's last word on a plant."""

    by: str
    accept: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Rival:
    """The topic that stands and in whose favour a plant was rejected.

    `planted` when its title is a plant's, whoever proposed it; otherwise the panel's `own`.
    """

    title: str
    whose: Whose


@dataclass(frozen=True, slots=True)
class Fate:
    """One plant after its debate.

    `stands`: a topic of its title was accepted, be it the plant or the panel's own proposal of that title; `by` and
    `reason` say who decided on the plant itself, with the `figures` that were given.
    """

    category: str
    half: Half
    kind: Kind
    title: str
    of: str
    proposal_id: str
    stands: bool
    by: str
    reason: str
    figures: Figures
    rival: Rival | None
    critics: tuple[Word, ...]
    evidence: Evidence


def fates_of(bed: Bed, state: DebateState, plant_seats: Collection[str]) -> list[Fate]:
    """The fate of every plant of `bed`, in its order.

    Plants are known by seat and title: no two of a category share a title, and a panel's proposal of the same title has
    another seat. Raises `RuntimeError` for a plant that the debate never saw.
    """
    outcome = state["outcome"]
    proposals = state["proposals"]
    accepted = {a.evidence.proposal_id for a in outcome.accepted}
    standing = [p for p in proposals if p.proposal_id in accepted]
    titles = {topic_id(bed.category, p.title) for p in standing}
    planted = {p.title: p for p in proposals if p.by in plant_seats}
    rejected = {r.title: r for r in outcome.rejected if r.proposed_by in plant_seats}
    kept = {a.evidence.proposal_id: a for a in outcome.accepted}
    plant_titles = {topic_id(bed.category, plant.title) for plant in bed.plants}
    own = {p.proposal_id for p in standing if topic_id(bed.category, p.title) not in plant_titles}
    fates = []
    for plant in bed.plants:
        proposal = planted.get(plant.title)
        if proposal is None:
            raise RuntimeError(
                f"{bed.category}: a plant was not proposed: the debate asked for fewer topics than planned"
            )
        key = proposal.proposal_id
        rejection = rejected.get(plant.title)
        reason = rejection.reason if rejection else kept[key].topic.provenance.reason
        fates.append(
            Fate(
                category=bed.category,
                half=bed.half,
                kind=plant.kind,
                title=plant.title,
                of=plant.of,
                proposal_id=key,
                stands=topic_id(bed.category, plant.title) in titles,
                by=rejection.rejected_by if rejection else "",
                reason=reason,
                figures=rejection.figures if rejection else (),
                rival=rival_of(reason, standing, own) if rejection else None,
                critics=_words(key, state.get("critiques", [])),
                evidence=state["evidence"][key],
            )
        )
    return fates


def rival_of(reason: str, standing: Sequence[Proposal], own: Collection[str]) -> Rival | None:
    """The topic that a reason of likeness names, by title in quotes or by id, when it stands; otherwise None.

    `own` are the ids of proposals whose title is no plant's. Only what is said before the first colon decides whether
    likeness is the reason (`alike`, `the weaker of two alike`, `the same title as ...`).
    """
    head = head_of(reason)
    if "alike" not in head and "the same" not in head:
        return None
    named = [p for p in standing if f"'{p.title}'" in reason or reason.endswith(f" {p.proposal_id}")]
    if not named:
        return None
    other = max(named, key=lambda p: len(p.title))
    return Rival(other.title, "own" if other.proposal_id in own else "planted")


def head_of(reason: str) -> str:
    """The reason up to the colon: what counts together."""
    head = reason.removeprefix("withdrawn: ").partition(":")[0].strip()
    return "the same title as another" if head.startswith("the same title as ") else head


def _words(proposal_id: str, critiques: Sequence[Critique]) -> tuple[Word, ...]:
    said = [c for c in critiques if c.proposal_id == proposal_id]
    last = max((c.round for c in said), default=0)
    return tuple(Word(c.by, c.accept, c.reason) for c in said if c.round == last)
