"""The judge on a chat model: sees all candidates with the critiques as advice, and names those that go, stay, or are best."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from agents.chat_roles.proposer import one_line
from agents.chat_roles.replies import Keeps, Named, Ranked, Ranking, Removals
from agents.chat_roles.rows import LONGEST_TEXT, lines, topic_rows, with_critiques
from agents.chat_roles.speaker import Speaker
from agents.library import Library
from agents.messages import Brief, Candidate, Critique, Figures, Seat, Verdict
from agents.noting import UnreadableError, notes
from agents.roles import role
from agents.sheet import Matched, Sheet, match, shuffled

N = TypeVar("N", bound=Named)


@dataclass(frozen=True, slots=True)
class _Pass:
    """One reading of the candidates: which are kept, the reasons given, and scores (0 to 1 by place, then 1 to 5)."""

    kept: Mapping[str, bool]
    reasons: Mapping[str, str]
    figures: Mapping[str, Figures]


class ChatJudge:
    """With `rules.twice` it reads the list again in reversed order: what the retention does by default wins a contradiction.

    So under `filter_reject` a topic is removed only by both readings, and under the others kept only by both.
    """

    def __init__(self, seat: Seat, library: Library) -> None:
        self.seat = seat
        self.family = family(seat.model)
        self.speaker = Speaker(seat, library, "judge")

    async def judge(
        self, brief: Brief, candidates: Sequence[Candidate], critiques: Sequence[Critique]
    ) -> list[Verdict]:
        sheet = shuffled(candidates, brief, self.seat)
        notes().show(sheet.names)
        passes = [await self._read(brief, sheet, critiques, "judge")]
        if brief.rules.twice:
            passes += await self._read_again(brief, sheet.reversed(), critiques)
        verdicts = [self._verdict(candidate, passes, brief) for _, candidate in sheet.rows]
        for verdict in verdicts:
            notes().scores[verdict.proposal_id] = verdict.figures
        return verdicts

    async def _read_again(self, brief: Brief, sheet: Sheet, critiques: Sequence[Critique]) -> list[_Pass]:
        try:
            return [await self._read(brief, sheet, critiques, "judge-reversed")]
        except UnreadableError:
            # The first reading stands alone.
            notes().counts["unread second reading"] += 1
            return []

    async def _read(self, brief: Brief, sheet: Sheet, critiques: Sequence[Critique], step: str) -> _Pass:
        rules = brief.rules
        evidence = self.seat.kind in rules.evidence
        rows = topic_rows(sheet, evidence=evidence, sources=not rules.anonymous)
        values = {"topics": lines(with_critiques(rows, sheet, critiques, brief.round))}
        may_search = step == "judge"
        if rules.retention == "filter_reject":
            removals = await self.speaker.ask(brief, step, rules.retention, Removals, values, may_search=may_search)
            return _named(removals.removals, sheet, kept=False)
        if rules.retention == "keep_accept":
            keeps = await self.speaker.ask(brief, step, rules.retention, Keeps, values, may_search=may_search)
            return _named(keeps.keeps, sheet, kept=True)
        ranking = await self.speaker.ask(brief, step, rules.retention, Ranking, values, may_search=may_search)
        return _ranked(ranking.ranking, sheet, rules.keep)

    def _verdict(self, candidate: Candidate, passes: Sequence[_Pass], brief: Brief) -> Verdict:
        key = candidate.proposal.proposal_id
        keeps = [one.kept[key] for one in passes]
        keep = any(keeps) if brief.rules.retention == "filter_reject" else all(keeps)
        deciding = next((one for one in passes if one.kept[key] == keep), passes[0])
        figures = [*passes[0].figures.get(key, ())]
        if len(set(keeps)) > 1:
            figures.append(("order_flip", 1.0))
            notes().counts["order flips"] += 1
        if self.family == family(candidate.proposal.model):
            figures.append(("own_family", 1.0))
            notes().counts["of its own family"] += 1
        reason = deciding.reasons.get(key) or ("nothing said against it" if keep else "not among those it keeps")
        return Verdict(key, self.seat.name, keep=keep, reason=reason, figures=tuple(figures))


def _named(entries: Sequence[Named], sheet: Sheet, *, kept: bool) -> _Pass:
    """The named ones are kept (or removed); of a judge, what is left out is an answer too and counts as nothing missed."""
    found = _found(entries, sheet)
    ids = [proposal_id for _, proposal_id in sheet.names]
    reasons = {key: one_line(entry.reason, LONGEST_TEXT) or "no reason given" for key, entry in found.entries.items()}
    return _Pass({key: (key in found.entries) == kept for key in ids}, reasons, {})


def _ranked(entries: Sequence[Ranked], sheet: Sheet, keep: int) -> _Pass:
    found = _found(entries, sheet)
    order = list(found.entries)
    reasons = {key: one_line(entry.reason, LONGEST_TEXT) or "no reason given" for key, entry in found.entries.items()}
    figures: dict[str, Figures] = {}
    for place, key in enumerate(order, 1):
        score = found.entries[key].score
        figures[key] = (("place", float(place)), *((("score", score),) if score else ()))
    best = set(order[:keep])
    return _Pass({key: key in best for _, key in sheet.names}, reasons, figures)


def _found(entries: Sequence[N], sheet: Sheet) -> Matched[N]:
    found = match(entries, sheet, notes())
    notes().counts.pop("missed", None)
    return found


def family(model: str) -> str:
    """The family a model is of: the first letters of its name, past provider, server and owner (`qwen`, `gpt`, `lexical`)."""
    name = model.partition("@")[0].rpartition("/")[2].rpartition(":")[2].lower()
    letters = re.match(r"[a-z]+", name)
    return letters[0] if letters else name


@role("judge", kind="judge", model="chat")
def judge(seat: Seat, library: Library) -> ChatJudge:
    """The judge on any chat model."""
    return ChatJudge(seat, library)
