"""The critic on a chat model: accepts or rejects every topic it is shown, with a reason and four scores."""

from collections.abc import Sequence

from agents.chat_roles.proposer import one_line
from agents.chat_roles.replies import CRITERIA, Review, Reviews
from agents.chat_roles.rows import LONGEST_TEXT, lines, topic_rows
from agents.chat_roles.speaker import Speaker
from agents.library import Library
from agents.messages import Brief, Candidate, Critique, Figures, Seat
from agents.noting import notes
from agents.roles import role
from agents.sheet import match, shuffled


class ChatCritic:
    """Sees the topics by neutral ids in a shuffled order of its own. A topic that its reply leaves out has no critique."""

    def __init__(self, seat: Seat, library: Library, prompt: str) -> None:
        self.seat = seat
        self.speaker = Speaker(seat, library, prompt)

    async def criticise(self, brief: Brief, candidates: Sequence[Candidate]) -> list[Critique]:
        sheet = shuffled(candidates, brief, self.seat)
        notes().show(sheet.names)
        rows = topic_rows(sheet, evidence=self.seat.kind in brief.rules.evidence)
        reply = await self.speaker.ask(brief, "criticise", "criticise", Reviews, {"topics": lines(rows)})
        found = match(reply.reviews, sheet, notes())
        critiques = []
        for _, proposal_id in sheet.names:
            if proposal_id in found.entries:
                review = found.entries[proposal_id]
                figures = _scores(review)
                notes().scores[proposal_id] = figures
                reason = one_line(review.reason, LONGEST_TEXT) or "no reason given"
                critiques.append(Critique(proposal_id, self.seat.name, brief.round, review.accept, reason, figures))
        return critiques


def _scores(review: Review) -> Figures:
    """The criteria that were scored, 1 to 5."""
    return tuple((name, getattr(review, name)) for name in CRITERIA if getattr(review, name))


@role("critic", kind="critic", model="chat")
def critic(seat: Seat, library: Library) -> ChatCritic:
    """The critic on any chat model."""
    return ChatCritic(seat, library, "critic")


@role("reflect", kind="critic", model="chat")
def reflect(seat: Seat, library: Library) -> ChatCritic:
    """A critic that is told the topics are its own: the protocol `reflect` seats one beside each proposer."""
    return ChatCritic(seat, library, "reflect")
