"""From verdicts to an outcome: every proposal is accepted or rejected once, and it is said by whom and why."""

from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.messages import Evidence, Outcome, Proposal, Retention, Rules, Verdict, Withdrawal
from agents.outcome import conclude
from taxonomy import topic_id

CATEGORY = "SCIENCE / Life Sciences / Marine Biology"


def proposal(number: int, title: str, by: str = "proposer-1") -> Proposal:
    return Proposal(f"{by}.1.{number}", by, 1, title, f"about {title}", (("support", 3.0),))


def evidence(proposals: Sequence[Proposal]) -> dict[str, Evidence]:
    return {p.proposal_id: Evidence(p.proposal_id, 9, 900, 0.5, 3.0, 0.1, 800) for p in proposals}


def verdict(p: Proposal, by: str, keep: bool) -> Verdict:
    return Verdict(
        p.proposal_id, by, keep=keep, reason=f"{by} says {'keep' if keep else 'remove'}", figures=(("x", 1.0),)
    )


def verdicts(p: Proposal, *keeps: bool) -> list[Verdict]:
    return [verdict(p, f"judge-{n}", keep) for n, keep in enumerate(keeps, 1)]


def concluded(
    proposals: Sequence[Proposal],
    said: Sequence[Verdict],
    withdrawals: Sequence[Withdrawal] = (),
    rules: Rules = Rules(),  # noqa: B008 - frozen
) -> Outcome:
    return conclude(CATEGORY, proposals, evidence(proposals), withdrawals, said, [], rules)


def test_a_kept_topic_carries_where_it_comes_from_and_what_it_stood_on() -> None:
    p = proposal(1, "Coral Bleaching")
    (accepted,) = concluded([p], verdicts(p, True)).accepted
    topic = accepted.topic
    assert (topic.topic_id, topic.category) == (topic_id(CATEGORY, "coral bleaching"), CATEGORY)
    assert (topic.title, topic.explanation) == ("Coral Bleaching", "about Coral Bleaching")
    assert topic.provenance.proposed_by == ("proposer-1",)
    assert (topic.provenance.round, topic.provenance.reason) == (1, "judge-1 says keep")
    assert accepted.evidence == evidence([p])[p.proposal_id]


def test_a_removed_topic_carries_who_removed_it_why_and_the_figures() -> None:
    p = proposal(1, "Coral Bleaching")
    outcome = concluded([p], verdicts(p, False))
    (rejected,) = outcome.rejected
    assert not outcome.accepted
    assert (rejected.rejected_by, rejected.reason) == ("judge-1", "judge-1 says remove")
    assert (rejected.proposed_by, rejected.category, rejected.figures) == ("proposer-1", CATEGORY, (("x", 1.0),))


def test_half_of_the_judges_are_enough_to_remove() -> None:
    for keeps, accepted in (
        ((True, False), False),
        ((True, True, False), True),
        ((True, False, False), False),
        ((True, True, False, False), False),
        ((False, True, True), True),
    ):
        p = proposal(1, "Coral Bleaching")
        assert bool(concluded([p], verdicts(p, *keeps)).accepted) == accepted, keeps


def test_the_reason_kept_is_never_that_of_the_judge_who_was_outvoted() -> None:
    p = proposal(1, "Coral Bleaching")
    (accepted,) = concluded([p], verdicts(p, False, True, True)).accepted
    assert accepted.topic.provenance.reason == "judge-2 says keep"


def test_a_withdrawn_proposal_is_rejected_by_its_proposer_whatever_the_judges_say() -> None:
    p = proposal(1, "Coral Bleaching")
    taken_back = Withdrawal(p.proposal_id, "proposer-1", 1, "off category")
    (rejected,) = concluded([p], verdicts(p, True), [taken_back]).rejected
    assert (rejected.rejected_by, rejected.reason) == ("proposer-1", "withdrawn: off category")


def test_a_proposal_that_no_judge_speaks_of_is_rejected_and_it_is_said() -> None:
    (rejected,) = concluded([proposal(1, "Coral Bleaching")], []).rejected
    assert (rejected.rejected_by, rejected.reason) == ("debate", "no judge gave a verdict on it")


def test_of_twins_the_first_that_is_kept_becomes_the_topic() -> None:
    one, two, three = (proposal(n, title) for n, title in enumerate(["Kelp", "KELP ", "kelp"], 1))
    outcome = concluded([one, two, three], [*verdicts(one, False), *verdicts(two, True), *verdicts(three, True)])
    assert [accepted.topic.title for accepted in outcome.accepted] == ["KELP "]
    assert [r.reason for r in outcome.rejected] == ["judge-1 says remove", f"the same title as {two.proposal_id}"]


def scored(p: Proposal, by: str, keep: bool, **figures: float) -> Verdict:
    return Verdict(p.proposal_id, by, keep, f"{by} thinks so", tuple(figures.items()))


def test_the_fixed_best_are_kept_by_ballots_then_score_then_place_then_id() -> None:
    a, b, c, d, e = (proposal(n, title) for n, title in enumerate("ABCDE", 1))
    said = [
        *(scored(a, "judge-1", False, score=5.0), scored(b, "judge-1", True, score=3.0, place=1.0)),
        *(scored(c, "judge-1", True, score=3.0, place=2.0), scored(d, "judge-1", True, score=4.0, place=3.0)),
        scored(e, "judge-1", False),
    ]
    for keep, titles in ((1, "D"), (2, "BD"), (3, "BCD"), (4, "ABCD"), (9, "ABCDE")):
        outcome = concluded([a, b, c, d, e], said, rules=Rules("keep_fixed_k", keep))
        assert [accepted.topic.title for accepted in outcome.accepted] == list(titles)
    assert concluded([a, b], said, rules=Rules("keep_fixed_k", 1)).rejected[0].reason == (
        "place 2, and 1 are kept: judge-1 thinks so"
    )


def test_of_twins_only_the_best_takes_a_place_among_the_fixed_best() -> None:
    one, two, three = proposal(1, "Kelp"), proposal(2, "kelp"), proposal(3, "Reefs")
    said = [
        scored(one, "judge-1", True, score=1.0),
        scored(two, "judge-1", True, score=5.0),
        scored(three, "judge-1", True),
    ]
    outcome = concluded([one, two, three], said, rules=Rules("keep_fixed_k", 2))
    assert [accepted.topic.title for accepted in outcome.accepted] == ["kelp", "Reefs"]
    assert [r.reason for r in outcome.rejected] == [f"the same title as {two.proposal_id}"]


def test_a_revised_proposal_says_into_what() -> None:
    p = proposal(1, "Kelp")
    revised = Withdrawal(p.proposal_id, "proposer-1", 1, "too broad", "proposer-1.2.1")
    (rejected,) = concluded([p], [], [revised]).rejected
    assert rejected.reason == "revised into proposer-1.2.1: too broad"


class Debate(NamedTuple):
    """A debate's end, as it may come."""

    proposals: list[Proposal]
    verdicts: list[Verdict]
    withdrawals: list[Withdrawal]


@st.composite
def debates(draw: st.DrawFn) -> Debate:
    titles = draw(st.lists(st.sampled_from(["Kelp", "kelp", "Reefs", "Tides", "tides ", ""]) | st.text(), max_size=8))
    proposals = [proposal(n, title, f"proposer-{n % 2 + 1}") for n, title in enumerate(titles)]
    said = [v for p in proposals for v in verdicts(p, *draw(st.lists(st.booleans(), max_size=4)))]
    gone = [Withdrawal(p.proposal_id, p.by, 1, "why") for p in proposals if draw(st.integers(0, 4)) == 0]
    return Debate(proposals, draw(st.permutations(said)), gone)


@settings(deadline=None)
@given(debate=debates())
def test_every_proposal_is_accepted_or_rejected_exactly_once(debate: Debate) -> None:
    outcome = concluded(debate.proposals, debate.verdicts, debate.withdrawals)
    ends = [(a.topic.title, a.topic.explanation) for a in outcome.accepted]
    ends += [(r.title, r.explanation) for r in outcome.rejected]
    assert sorted(ends) == sorted((p.title, p.explanation) for p in debate.proposals)
    ids = [accepted.topic.topic_id for accepted in outcome.accepted]
    assert len(set(ids)) == len(ids)
    assert all(r.reason and r.rejected_by for r in outcome.rejected)
    assert all("keep" in a.topic.provenance.reason for a in outcome.accepted)


@settings(deadline=None)
@given(
    debate=debates(),
    retention=st.sampled_from(["filter_reject", "keep_accept", "keep_fixed_k"]),
    keep=st.integers(1, 6),
)
def test_under_every_retention_each_proposal_ends_once(debate: Debate, retention: Retention, keep: int) -> None:
    outcome = concluded(debate.proposals, debate.verdicts, debate.withdrawals, Rules(retention, keep))
    ends = [a.topic.title for a in outcome.accepted] + [r.title for r in outcome.rejected]
    assert sorted(ends) == sorted(p.title for p in debate.proposals)
    ids = [accepted.topic.topic_id for accepted in outcome.accepted]
    assert len(set(ids)) == len(ids)
    if retention == "keep_fixed_k":
        gone = {w.proposal_id for w in debate.withdrawals}
        judged = {v.proposal_id for v in debate.verdicts} - gone
        titles = {topic_id(CATEGORY, p.title) for p in debate.proposals if p.proposal_id in judged}
        assert len(ids) == min(keep, len(titles)), "as many as there are to keep, and no more"


@settings(deadline=None)
@given(debate=debates())
def test_what_is_accepted_has_a_majority_and_only_twins_lack_it_in_vain(debate: Debate) -> None:
    outcome = concluded(debate.proposals, debate.verdicts, debate.withdrawals)
    gone = {w.proposal_id for w in debate.withdrawals}
    expected = []
    for p in debate.proposals:
        keeps = [v.keep for v in debate.verdicts if v.proposal_id == p.proposal_id]
        wanted = 2 * keeps.count(True) > len(keeps) and p.proposal_id not in gone
        key = topic_id(CATEGORY, p.title)
        if wanted and key not in expected:
            expected.append(key)
    assert [accepted.topic.topic_id for accepted in outcome.accepted] == expected
