"""From verdicts to an outcome: which topics a debate accepts, and who rejected each of the others and why."""

from collections.abc import Mapping, Sequence

from agents.messages import Accepted, Event, Evidence, Outcome, Proposal, Rejection, Rules, Verdict, Withdrawal
from taxonomy import Provenance, Topic, topic_id


def conclude(
    category: str,
    proposals: Sequence[Proposal],
    evidence: Mapping[str, Evidence],
    withdrawals: Sequence[Withdrawal],
    verdicts: Sequence[Verdict],
    events: Sequence[Event],
    rules: Rules = Rules(),  # noqa: B008 - frozen
) -> Outcome:
    """Which proposals become topics. `verdicts` are the ballots of those who decide: judges, or critics that vote.

    `filter_reject`: a topic is accepted unless half of the ballots on it or more remove it. `keep_accept`: it is accepted
    only if more than half keep it. (They differ in what a ballot says of a topic that the agent did not name.)
    `keep_fixed_k`: the best `rules.keep` are accepted, by share of ballots that keep it, mean score, mean place, then id.
    Of proposals with one title only the first accepted becomes the topic; the others are rejected in its favour.
    """
    withdrawn = {w.proposal_id: w for w in withdrawals}
    said: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        said.setdefault(verdict.proposal_id, []).append(verdict)
    places, twins = _placed(proposals, said, withdrawn, category) if rules.retention == "keep_fixed_k" else ({}, {})
    accepted: list[Accepted] = []
    rejected: list[Rejection] = []
    seen: dict[str, str] = {}
    for proposal in proposals:
        key = proposal.proposal_id
        ballots = said.get(key, [])
        against = [v for v in ballots if not v.keep]
        twin = twins.get(key) or seen.get(topic_id(category, proposal.title))
        stays = places.get(key, 0) <= rules.keep if places else 2 * len(against) < len(ballots)
        if key in withdrawn:
            w = withdrawn[key]
            what = f"revised into {w.into}" if w.into else "withdrawn"
            rejected.append(_rejection(proposal, category, w.by, f"{what}: {w.reason}", ()))
        elif not ballots:
            rejected.append(_rejection(proposal, category, "debate", "no judge gave a verdict on it", ()))
        elif not stays:
            rejected.append(_fallen(proposal, category, ballots, against, places.get(key), rules))
        elif twin:
            rejected.append(_rejection(proposal, category, "debate", f"the same title as {twin}", ()))
        else:
            verdict = next((v for v in ballots if v.keep), ballots[0])
            accepted.append(_accepted(proposal, category, verdict, evidence[key]))
            seen[accepted[-1].topic.topic_id] = key
    return Outcome(category, tuple(accepted), tuple(rejected), tuple(events))


def _placed(
    proposals: Sequence[Proposal],
    said: Mapping[str, Sequence[Verdict]],
    withdrawn: Mapping[str, Withdrawal],
    category: str,
) -> tuple[dict[str, int], dict[str, str]]:
    """Places from 1 in the order of `keep_fixed_k`, and for each proposal whose title a better one has, that one."""

    def order(proposal: Proposal) -> tuple[float, float, float, str]:
        ballots = said[proposal.proposal_id]
        figures = [dict(verdict.figures) for verdict in ballots]
        scores = [f["score"] for f in figures if "score" in f]
        ranks = [f.get("place", float(len(proposals))) for f in figures]
        keeps = sum(verdict.keep for verdict in ballots) / len(ballots)
        score = sum(scores) / len(scores) if scores else 0.0
        return -keeps, -score, sum(ranks) / len(ranks), proposal.proposal_id

    standing = [p for p in proposals if p.proposal_id in said and p.proposal_id not in withdrawn]
    places: dict[str, int] = {}
    twins: dict[str, str] = {}
    best: dict[str, str] = {}
    for proposal in sorted(standing, key=order):
        title = topic_id(category, proposal.title)
        if title in best:
            twins[proposal.proposal_id] = best[title]
        else:
            best[title] = proposal.proposal_id
            places[proposal.proposal_id] = len(places) + 1
    return places, twins


def _fallen(
    proposal: Proposal,
    category: str,
    ballots: Sequence[Verdict],
    against: Sequence[Verdict],
    place: int | None,
    rules: Rules,
) -> Rejection:
    verdict = (against or ballots)[0]
    reason = verdict.reason
    if place is not None:
        reason = f"place {place}, and {rules.keep} are kept: {reason}"
    return _rejection(proposal, category, verdict.by, reason, verdict.figures)


def _accepted(proposal: Proposal, category: str, verdict: Verdict, evidence: Evidence) -> Accepted:
    topic = Topic(
        topic_id=topic_id(category, proposal.title),
        title=proposal.title,
        explanation=proposal.explanation,
        category=category,
        provenance=Provenance(proposed_by=(proposal.by,), round=proposal.round, reason=verdict.reason),
    )
    return Accepted(topic, evidence)


def _rejection(
    proposal: Proposal, category: str, by: str, reason: str, figures: tuple[tuple[str, float], ...]
) -> Rejection:
    return Rejection(
        title=proposal.title,
        explanation=proposal.explanation,
        category=category,
        proposed_by=proposal.by,
        rejected_by=by,
        reason=reason,
        figures=figures,
    )
