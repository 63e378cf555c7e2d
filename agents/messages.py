"""What agents say to each other. Short words and figures only: a checkpointer stores them at every step of a debate."""

from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Literal

from taxonomy import Topic

Kind = Literal["proposer", "critic", "judge", "guest"]
"""What a seat does in every debate; a guest speaks at a place of its own (docs/roles.md)."""


Figures = tuple[tuple[str, float], ...]
"""Numbers behind a reason, by name: (("on_category", 0.82), ...)."""


class Message:
    """What all messages are: the same after a checkpoint as before.

    LangGraph packs a tuple as a list and gives the list back, which has no hash and equals no tuple.
    """

    __slots__ = ()

    def __post_init__(self) -> None:
        for one in fields(self):  # type: ignore[arg-type]  # every message is a dataclass
            object.__setattr__(self, one.name, _with_tuples(getattr(self, one.name)))

    def _asdict(self) -> dict[str, Any]:
        """Fields by name. LangGraph's serializer asks for this (of named tuples) before it tries slow checks on the way to
        dataclasses, which took a third of the time of a debate.
        """
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]


def _with_tuples(value: Any) -> Any:  # noqa: ANN401 - any field's value
    if isinstance(value, list | tuple):
        return tuple(_with_tuples(item) for item in value)
    if is_dataclass(value) and not isinstance(value, Message | type):
        return replace(value, **{one.name: _with_tuples(getattr(value, one.name)) for one in fields(value)})
    return value


@dataclass(frozen=True, slots=True)
class Seat(Message):
    """An agent's place in a panel: `name` (`critic-1`) is unique in it and stands in every record.

    For agents with a language model: `prompt` is a template's name, path or text (None: the role's own), `temperature`
    and `top_p` as published (arXiv 2509.15568), `tools` whether it may search the corpus.
    """

    name: str
    kind: Kind
    role: str
    model: str
    prompt: str | None = None
    temperature: float = 0.6
    top_p: float = 0.95
    tools: bool = False


Retention = Literal["filter_reject", "keep_accept", "keep_fixed_k"]


@dataclass(frozen=True, slots=True)
class Rules(Message):
    """How a debate is held.

    `retention` decides what becomes of a topic (agents/outcome.py), `keep` how many `keep_fixed_k` keeps. `evidence` names
    the kinds of seats that are shown what the corpus says. Judges see candidates by neutral ids (`anonymous`) or with
    their source, and a second time in reversed order (`twice`). `seed` makes the shuffled orders. `rounds` and
    `max_tokens` (prompts and replies of one debate) are caps, `patience` the rounds without a change in what is accepted
    after which a debate stops.
    """

    retention: Retention = "filter_reject"
    keep: int = 0
    evidence: tuple[str, ...] = ("critic", "judge", "guest")
    anonymous: bool = True
    twice: bool = False
    seed: int = 0
    rounds: int = 1
    patience: int = 1
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Brief(Message):
    """What a debate is about, as every agent gets it.

    `wanted` topics are asked of each proposer; `avoid` names the categories that topics of this one must leave alone.
    `rules` say how the debate is held, as far as an agent must know it.
    """

    category: str
    name: str
    wanted: int
    avoid: tuple[str, ...]
    round: int
    rules: Rules = Rules()


@dataclass(frozen=True, slots=True)
class Draft(Message):
    """A topic as a proposer puts it forward, before it has an id."""

    title: str
    explanation: str
    figures: Figures = ()


@dataclass(frozen=True, slots=True)
class Proposal(Message):
    """A draft on the table. `proposal_id` (`proposer-1.1.3`: seat, round, number) is how all others refer to it.

    `revises` is the id of the proposal it took the place of, or empty; `model` is the proposer's.
    """

    proposal_id: str
    by: str
    round: int
    title: str
    explanation: str
    figures: Figures = ()
    revises: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Evidence(Message):
    """What the corpus says about one proposal.

    `documents` stand above the relevance floor and hold about `tokens` tokens. Some of them are read: `coverage` is
    how much of the title stands close together in the best ones (0 to 1), `supported` about how many tokens stand in
    documents that really speak of it. Of the documents that the bare title
    finds, the share `on_category` belongs to the category's own, `lift` times what chance would give. `share_of_corpus` of
    all documents are above the floor. `new_tokens` are left for it when the stronger proposals have taken theirs.
    Scores, 0 to 1 (agents/scoring.py): how likely the topic `belongs` to the category, the corpus has it (`held`), and it
    is too `broad`; `alike` lists proposals that say the same, with how likely.
    """

    proposal_id: str
    documents: int
    tokens: int
    on_category: float
    lift: float
    share_of_corpus: float
    new_tokens: int
    alike: tuple[tuple[str, float], ...] = ()
    coverage: float = 0.0
    supported: int = 0
    belongs: float = 1.0
    held: float = 1.0
    broad: float = 0.0


@dataclass(frozen=True, slots=True)
class Candidate(Message):
    """A proposal together with its evidence: what critics and judges are shown. `defence`: its proposer's last word."""

    proposal: Proposal
    evidence: Evidence
    defence: str = ""


@dataclass(frozen=True, slots=True)
class Critique(Message):
    """One critic's word on one proposal."""

    proposal_id: str
    by: str
    round: int
    accept: bool
    reason: str
    figures: Figures = ()


@dataclass(frozen=True, slots=True)
class Verdict(Message):
    """One judge's word on one proposal: kept, or removed with the reason."""

    proposal_id: str
    by: str
    keep: bool
    reason: str
    figures: Figures = ()


@dataclass(frozen=True, slots=True)
class Withdrawal(Message):
    """A proposer takes a proposal back after the critiques of `round`; `into` is the id of what it proposes instead."""

    proposal_id: str
    by: str
    round: int
    reason: str
    into: str = ""


@dataclass(frozen=True, slots=True)
class Revision(Message):
    """A proposer's answer: another topic in the place of one of its own."""

    proposal_id: str
    by: str
    round: int
    draft: Draft
    reason: str


@dataclass(frozen=True, slots=True)
class Defence(Message):
    """A proposer's answer: the topic stays, and why."""

    proposal_id: str
    by: str
    round: int
    reason: str


Answer = Withdrawal | Revision | Defence


@dataclass(frozen=True, slots=True)
class Rejection(Message):
    """A topic that a debate (or the curation after it) did not accept: who, why, and the figures."""

    title: str
    explanation: str
    category: str
    proposed_by: str
    rejected_by: str
    reason: str
    figures: Figures = ()


@dataclass(frozen=True, slots=True)
class Event(Message):
    """One turn, a line of `debates/events-*.jsonl`.

    `step` is `propose`, `answer`, `criticise`, `judge` or `visit` (a guest). `shown` are the ids in the order the agent saw
    them, `names` the neutral ids under which it saw them; `positions` what it said of each (`propose`, `accept`, `reject`,
    `keep`, `remove`, `withdraw`, `revise`) with its words; `lineage` pairs a proposal with what it was revised into;
    `scores` are its figures by proposal, `unused` the parts of its reply that name nothing it was shown or say it again, with
    why, `counts` how often that and other oddities came, `lookups` its queries to the corpus with how many documents came
    back. `prompt_tokens` and `reply_tokens` are 0 for agents without a language model; `latency_s` is the seconds of its
    model calls, or of wall time without any; `cached`: every reply was replayed; `problem` says why nothing in the reply
    could be used.
    """

    run: str
    category: str
    round: int
    agent: str
    role: str
    kind: Kind
    model: str
    shown: tuple[str, ...]
    positions: tuple[tuple[str, str, str], ...]
    prompt_tokens: int
    reply_tokens: int
    latency_s: float
    cached: bool
    repairs: int
    step: str = ""
    names: tuple[tuple[str, str], ...] = ()
    lineage: tuple[tuple[str, str], ...] = ()
    scores: tuple[tuple[str, Figures], ...] = ()
    unused: tuple[tuple[str, str], ...] = ()
    counts: Figures = ()
    lookups: tuple[tuple[str, int], ...] = ()
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted(Message):
    """A topic that a debate accepted, with the evidence it stood on."""

    topic: Topic
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Outcome(Message):
    """What a finished debate leaves behind. `stopped` says after how many rounds it ended, and why then."""

    category: str
    accepted: tuple[Accepted, ...] = ()
    rejected: tuple[Rejection, ...] = ()
    events: tuple[Event, ...] = ()
    rounds: int = 1
    stopped: str = ""
