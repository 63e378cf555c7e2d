"""The proposer on a chat model: lists topics, and answers what critics say of them."""

from collections.abc import Sequence

from agents.chat_roles.replies import Answers, TopicAnswer, Topics
from agents.chat_roles.rows import LONGEST_TEXT, LONGEST_TITLE, json_text, lines, titles, topic_rows, with_critiques
from agents.chat_roles.speaker import Speaker
from agents.library import Library
from agents.messages import Answer, Brief, Candidate, Critique, Defence, Draft, Revision, Seat, Withdrawal
from agents.noting import notes
from agents.roles import role
from agents.sheet import Sheet, match
from taxonomy.names import normalised

CATEGORY_TITLES = 10
"""Titles of the category's best documents that a proposer is shown, where it is shown evidence."""


class ChatProposer:
    """Asks for as many topics as the brief wants, and answers critiques of its own by keep, revise or withdraw."""

    def __init__(self, seat: Seat, library: Library) -> None:
        self.seat = seat
        self.speaker = Speaker(seat, library, "proposer")

    async def propose(self, brief: Brief, taken: Sequence[str]) -> list[Draft]:
        values = {"wanted": str(brief.wanted), "taken": titles(taken), "corpus": await self._corpus(brief)}
        reply = await self.speaker.ask(brief, "propose", "propose", Topics, values)
        used = {normalised(title) for title in taken}
        drafts: list[Draft] = []
        for topic in reply.topics:
            draft = _draft(topic.title, topic.explanation)
            key = normalised(draft.title)
            if not key:
                notes().refuse("no title", topic.explanation)
            elif key in used:
                notes().refuse("said twice", draft.title)
            elif len(drafts) == brief.wanted:
                notes().refuse("more than asked", draft.title)
            else:
                used.add(key)
                drafts.append(draft)
        if len(drafts) < brief.wanted:
            notes().counts["missed"] += brief.wanted - len(drafts)
        return drafts

    async def answer(
        self, brief: Brief, own: Sequence[Candidate], critiques: Sequence[Critique], taken: Sequence[str]
    ) -> list[Answer]:
        sheet = Sheet(tuple((f"T{number:02d}", candidate) for number, candidate in enumerate(own, 1)))
        notes().show(sheet.names)
        evidence = self.seat.kind in brief.rules.evidence
        rows = with_critiques(topic_rows(sheet, evidence=evidence), sheet, critiques, brief.round)
        reply = await self.speaker.ask(
            brief, "answer", "answer", Answers, {"topics": lines(rows), "taken": titles(taken)}
        )
        used = {normalised(title) for title in taken}
        found = match(reply.answers, sheet, notes())
        return [self._answer(key, entry, brief, used) for key, entry in found.entries.items()]

    def _answer(self, proposal_id: str, entry: TopicAnswer, brief: Brief, used: set[str]) -> Answer:
        reason = one_line(entry.reason, LONGEST_TEXT)
        if entry.action == "withdraw":
            return Withdrawal(proposal_id, self.seat.name, brief.round, reason or "withdrawn without a reason")
        draft = _draft(entry.title, entry.explanation)
        key = normalised(draft.title)
        if entry.action == "revise" and key and key not in used:
            used.add(key)
            return Revision(proposal_id, self.seat.name, brief.round, draft, reason or "revised without a reason")
        if entry.action == "revise":
            # A revision into nothing, or into what is on the table already, changes nothing.
            notes().refuse("said twice" if key else "no title", draft.title or entry.id)
        return Defence(proposal_id, self.seat.name, brief.round, reason)

    async def _corpus(self, brief: Brief) -> str:
        if self.seat.kind not in brief.rules.evidence:
            return ""
        library = self.speaker.library
        doc_ids = await library.ask(library.category_documents, brief.category)
        found = await library.ask(library.titles, doc_ids[:CATEGORY_TITLES])
        row = {"documents": len(doc_ids), "titles_of_the_best": [title[:LONGEST_TITLE] for title in found]}
        return f"\nWhat the collection has for this category: {json_text(row)}\n"


def one_line(text: str, limit: int) -> str:
    """Words without line breaks and control characters, at most so long; a cut is counted and shows as an ellipsis."""
    # Only so much is looked at: a reply may be a megabyte.
    plain = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * limit]).split())
    if len(plain) > limit or len(text) > 4 * limit:
        notes().counts["cut"] += 1
        return plain[: limit - 1] + "…"
    return plain


def _draft(title: str, explanation: str) -> Draft:
    return Draft(one_line(title, LONGEST_TITLE), one_line(explanation, LONGEST_TEXT))


@role("proposer", kind="proposer", model="chat")
def proposer(seat: Seat, library: Library) -> ChatProposer:
    """The proposer on any chat model."""
    return ChatProposer(seat, library)
