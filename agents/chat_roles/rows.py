"""What a prompt's slots are filled with: JSON, in which all that others wrote is quoted and cut to a length."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from agents.chat import quoted
from agents.messages import Critique, Evidence
from agents.sheet import Sheet

LONGEST_TITLE, LONGEST_TEXT = 200, 600
"""Characters of a title, and of an explanation or reason, in a prompt and in the record."""

ALIKE = 3
"""Of the topics that say the same, the most alike are named: in a list on one subject every pair is a little alike."""

Value = str | int | float | bool | Sequence["Value"] | Mapping[str, "Value"]


def json_text(value: Any, limit: int = LONGEST_TEXT) -> str:  # noqa: ANN401 - a `Value`; mypy cannot narrow the recursion
    """A value as JSON on one line, every string in it quoted."""
    if isinstance(value, str):
        return quoted(value, limit)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{quoted(key)}: {json_text(item, limit)}" for key, item in value.items()) + "}"
    return "[" + ", ".join(json_text(item, limit) for item in value) + "]"


def lines(rows: Iterable[Mapping[str, Value]]) -> str:
    """A JSON object a line."""
    return "\n".join(json_text(row) for row in rows)


def titles(names: Sequence[str]) -> str:
    """A list of titles or category names; `none` where there is none, which reads better than empty brackets."""
    return json_text([name[:LONGEST_TITLE] for name in names]) if names else "none"


def topic_rows(sheet: Sheet, *, evidence: bool, sources: bool = False) -> list[dict[str, Value]]:
    """A row a candidate, in the sheet's order: what it is, what its proposer says for it, and what the corpus says."""
    neutral = {proposal_id: name for name, proposal_id in sheet.names}
    rows: list[dict[str, Value]] = []
    for name, candidate in sheet.rows:
        proposal = candidate.proposal
        row: dict[str, Value] = {"id": name, "title": proposal.title, "explanation": proposal.explanation}
        if sources:
            row["proposed_by"] = proposal.model
        if candidate.defence:
            row["its_proposer_says"] = candidate.defence
        if evidence:
            row["corpus"] = _corpus(candidate.evidence, neutral)
        rows.append(row)
    return rows


def with_critiques(
    rows: list[dict[str, Value]], sheet: Sheet, critiques: Sequence[Critique], round_: int
) -> list[dict[str, Value]]:
    """The rows with what each critic said in this round; critics are lettered, so that no seat or model is named."""
    said = [critique for critique in critiques if critique.round == round_]
    letters = {by: chr(ord("A") + n % 26) for n, by in enumerate(sorted({critique.by for critique in said}))}
    for row, (_, candidate) in zip(rows, sheet.rows, strict=True):
        row["critics"] = [
            {"critic": letters[c.by], "accepts": c.accept, "reason": c.reason}
            for c in said
            if c.proposal_id == candidate.proposal.proposal_id
        ]
    return rows


def _corpus(evidence: Evidence, neutral: Mapping[str, str]) -> dict[str, Value]:
    """Evidence for a model: hits, fillable tokens, overlap with the others by their neutral ids."""
    return {
        "documents": evidence.documents,
        "tokens_that_speak_of_it": evidence.supported,
        "share_of_its_documents_in_category": evidence.on_category,
        "tokens_left_beside_stronger_topics": evidence.new_tokens,
        "alike": {neutral[key]: share for key, share in evidence.alike[:ALIKE] if key in neutral},
    }
