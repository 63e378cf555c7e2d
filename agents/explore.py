"""What the records of debates show: pure functions over finished debates, for notebooks and benchmarks.

    outcomes = list(Outcomes(run / "debates" / "outcomes.sqlite").read(categories))
    for row in agreement(outcomes): print(row)

Shares are 0 to 1. A share of nothing is left out rather than given as 0.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import pairwise
from math import log2
from typing import NamedTuple, TypeVar

from agents.chat_roles.judge import family
from agents.figures import shared_words
from agents.messages import Event, Outcome

K = TypeVar("K", bound=Hashable)


class Round(NamedTuple):
    """Critics in one round: proposals that more than one voted on, share on which all agree, mean entropy of votes in bits."""

    round: int
    proposals: int
    agree: float
    entropy: float


class Rate(NamedTuple):
    """How many of how many."""

    hits: int
    of: int

    @property
    def share(self) -> float:
        return self.hits / self.of


class Cost(NamedTuple):
    """Tokens of all turns (replayed ones too), topics accepted, and tokens for each of these (infinite without any)."""

    tokens: int
    accepted: int
    per_topic: float


def agreement(outcomes: Sequence[Outcome]) -> list[Round]:
    """Agreement of critics by round, over proposals that at least two of them voted on."""
    votes: dict[int, dict[tuple[str, str], list[bool]]] = defaultdict(lambda: defaultdict(list))
    for event in _turns(outcomes, "criticise"):
        for key, position, _ in event.positions:
            votes[event.round][event.category, key].append(position == "accept")
    rounds = []
    for number, by_proposal in sorted(votes.items()):
        several = [said for said in by_proposal.values() if len(said) > 1]
        if several:
            agree = sum(len(set(said)) == 1 for said in several) / len(several)
            rounds.append(Round(number, len(several), agree, sum(map(entropy, several)) / len(several)))
    return rounds


def entropy(votes: Sequence[bool]) -> float:
    """Of one proposal's votes, in bits: 0 when all agree, 1 when they are split in halves."""
    share = sum(votes) / len(votes)
    return -sum(p * log2(p) for p in (share, 1 - share) if p)


def given_up(outcomes: Sequence[Outcome]) -> Rate | None:
    """Position flips of proposers: of all topics put forward, those that their own side gave up afterwards.

    In a debate they are withdrawn or revised after others' critiques; under `reflect` they are rejected by the proposer's own
    model. Compare the two: what reflection alone changes is not the debate's doing.
    """
    proposed = flips = 0
    for event in _turns(outcomes):
        said = Counter(position for _, position, _ in event.positions)
        proposed += said["propose"] - len(event.lineage)
        flips += said["withdraw"] + said["revise"]
        flips += said["reject"] if event.step == "criticise" and event.role == "reflect" else 0
    return Rate(flips, proposed) if proposed else None


def critic_flips(outcomes: Sequence[Outcome]) -> dict[int, Rate]:
    """By round, from the second on: of the positions a critic takes again on a proposal, those it changed."""
    before: dict[tuple[str, str, str], tuple[int, str]] = {}
    rates: dict[int, list[bool]] = defaultdict(list)
    for event in _turns(outcomes, "criticise"):
        for key, position, _ in event.positions:
            place = (event.category, event.agent, key)
            if place in before and before[place][0] == event.round - 1:
                rates[event.round].append(before[place][1] != position)
            before[place] = (event.round, position)
    return {number: Rate(sum(changed), len(changed)) for number, changed in sorted(rates.items())}


def novelty(outcomes: Sequence[Outcome]) -> dict[int, float]:
    """By round: how new its topics are, 1 less the largest share of words in common with a topic of an earlier round."""
    found: dict[int, list[float]] = defaultdict(list)
    for outcome in outcomes:
        earlier: list[tuple[int, str]] = []
        for event in outcome.events:
            for _, position, title in event.positions:
                if position == "propose":
                    known = [shared_words(title, other) for number, other in earlier if number < event.round]
                    found[event.round].append(1.0 - max(known, default=0.0))
                    earlier.append((event.round, title))
    return {number: sum(values) / len(values) for number, values in sorted(found.items())}


def acceptance(outcomes: Sequence[Outcome]) -> dict[tuple[str, int], Rate]:
    """By critic's model and depth of the category (1 is a section): positions that accept."""
    return _rates(
        ((event.model, event.category.count(" / ") + 1), position == "accept")
        for event in _turns(outcomes, "criticise")
        for _, position, _ in event.positions
    )


def judge_by_proposer(outcomes: Sequence[Outcome]) -> dict[tuple[str, str], Rate]:
    """By family of the judge and family of the proposer: verdicts that keep. A judge that favours its own shows here."""
    proposers = {(e.category, e.agent): family(e.model) for e in _turns(outcomes, "propose")}
    return _rates(
        ((family(event.model), proposers[event.category, key.split(".")[0]]), position == "keep")
        for event in _turns(outcomes, "judge")
        for key, position, _ in event.positions
        if (event.category, key.split(".")[0]) in proposers
    )


def order_consistency(outcomes: Sequence[Outcome]) -> Rate | None:
    """Verdicts that were the same in both orders, of those that were read in both (`judging.twice`)."""
    same = read = 0
    for event in _turns(outcomes, "judge"):
        flips = sum(("order_flip", 1.0) in figures for _, figures in event.scores)
        if event.scores and not any(name == "unread second reading" for name, _ in event.counts):
            read += len(event.positions)
            same += len(event.positions) - flips
    return Rate(same, read) if read else None


def length_against_survival(outcomes: Sequence[Outcome], groups: int = 4) -> list[tuple[int, Rate]]:
    """Topics in `groups` of equal size by length of their explanation: the longest of each (characters), and those accepted.

    What was withdrawn or revised is left out: its proposer gave it up.
    """
    topics = [(len(a.topic.explanation), True) for o in outcomes for a in o.accepted]
    topics += [(len(r.explanation), False) for o in outcomes for r in o.rejected if r.rejected_by != r.proposed_by]
    topics.sort()
    bounds = [round(n * len(topics) / groups) for n in range(groups + 1)]
    parts = [topics[begin:end] for begin, end in pairwise(bounds) if end > begin]
    return [(part[-1][0], Rate(sum(accepted for _, accepted in part), len(part))) for part in parts]


def cost(outcomes: Sequence[Outcome]) -> Cost:
    """Tokens for each accepted topic: what `single` and `vote` are compared with a debate by."""
    # A turn that could not be read was paid for as well.
    turns = [event for outcome in outcomes for event in outcome.events]
    tokens = sum(event.prompt_tokens + event.reply_tokens for event in turns)
    accepted = sum(len(outcome.accepted) for outcome in outcomes)
    return Cost(tokens, accepted, tokens / accepted if accepted else float("inf"))


def endings(outcomes: Sequence[Outcome]) -> Counter[tuple[int, str]]:
    """How many debates ended after how many rounds, and why then."""
    return Counter((outcome.rounds, outcome.stopped) for outcome in outcomes)


def _turns(outcomes: Sequence[Outcome], step: str | None = None) -> Iterable[Event]:
    """The turns that could be read."""
    return (
        event
        for outcome in outcomes
        for event in outcome.events
        if event.problem is None and (step is None or event.step == step)
    )


def _rates(found: Iterable[tuple[K, bool]], order: Callable[[K], str] = str) -> dict[K, Rate]:
    counts: Mapping[K, list[int]] = defaultdict(lambda: [0, 0])
    for key, hit in found:
        counts[key][0] += hit
        counts[key][1] += 1
    return {key: Rate(*counts[key]) for key in sorted(counts, key=order)}
