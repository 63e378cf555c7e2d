"""From verdicts to an outcome: which topics a debate accepts, and who rejected each of the others and why."""

from collections.abc import Mapping, Sequence

from agents.messages import Accepted, Event, Evidence, Outcome, Proposal, Rejection, Verdict, Withdrawal
from taxonomy import Provenance, Topic, topic_id


def conclude(
    category: str,
    proposals: Sequence[Proposal],
    evidence: Mapping[str, Evidence],
    withdrawals: Sequence[Withdrawal],
    verdicts: Sequence[Verdict],
    events: Sequence[Event],
) -> Outcome:
    """Retention `filter_reject`: a topic is accepted unless a majority of the judges (half is enough) removes it.

    Of proposals with one title only the first accepted becomes the topic; the others are rejected in its favour.
    """
    withdrawn = {w.proposal_id: w for w in withdrawals}
    accepted: list[Accepted] = []
    rejected: list[Rejection] = []
    seen: dict[str, str] = {}
    for proposal in proposals:
        key = proposal.proposal_id
        said = [v for v in verdicts if v.proposal_id == key]
        against = [v for v in said if not v.keep]
        twin = seen.get(topic_id(category, proposal.title))
        if key in withdrawn:
            w = withdrawn[key]
            rejected.append(_rejection(proposal, category, w.by, f"withdrawn: {w.reason}", ()))
        elif not said:
            rejected.append(_rejection(proposal, category, "debate", "no judge gave a verdict on it", ()))
        elif 2 * len(against) >= len(said):
            verdict = against[0]
            rejected.append(_rejection(proposal, category, verdict.by, verdict.reason, verdict.figures))
        elif twin:
            rejected.append(_rejection(proposal, category, "debate", f"the same title as {twin}", ()))
        else:
            accepted.append(_accepted(proposal, category, next(v for v in said if v.keep), evidence[key]))
            seen[accepted[-1].topic.topic_id] = key
    return Outcome(category, tuple(accepted), tuple(rejected), tuple(events))


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
