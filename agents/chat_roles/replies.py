"""The shapes that chat agents' replies must have.

The JSON schema asks for every field, so that servers which hold models to it get complete replies; reading is lenient where
the meaning is plain ("yes", "4/5"), because a repair turn costs as much as the reply.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

ACCEPTS = frozenset(["accept", "accepted", "keep", "kept", "yes", "true", "1"])
REJECTS = frozenset(["reject", "rejected", "remove", "removed", "no", "false", "0"])
WORST, BEST = 1.0, 5.0
"""The scale of scores. 0 stands for none given."""


def _all_required(schema: dict[str, Any]) -> None:
    schema["required"] = list(schema.get("properties", {}))
    schema["additionalProperties"] = False


class Shape(BaseModel):
    """A reply, or a part of one."""

    model_config = ConfigDict(extra="allow", json_schema_extra=_all_required)


def _text(value: Any) -> Any:  # noqa: ANN401 - whatever a model wrote
    """Numbers and nothing are words too; anything else is left for pydantic to refuse."""
    if value is None:
        return ""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _choice(value: Any) -> Any:  # noqa: ANN401 - whatever a model wrote
    if not isinstance(value, str):
        return value
    word = value.strip().lower()
    if word in ACCEPTS:
        return True
    return False if word in REJECTS else value


def _score(value: Any) -> float:  # noqa: ANN401 - whatever a model wrote
    if isinstance(value, str):
        number = re.match(r"\s*(\d+(?:\.\d+)?)", value[:40])
        value = float(number[1]) if number else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        return 0.0
    return float(min(BEST, max(WORST, value)))


def _action(value: Any) -> Any:  # noqa: ANN401 - whatever a model wrote
    return value.strip().lower() if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_text)]
Choice = Annotated[bool, BeforeValidator(_choice)]
Score = Annotated[float, BeforeValidator(_score)]


class Entry(Shape):
    """A part that is about one candidate, by its neutral id."""

    id: Text

    @property
    def said_title(self) -> str:
        """The title it repeats, where the model wrote one though none was asked for."""
        said = (self.model_extra or {}).get("title", "")
        return said if isinstance(said, str) else ""


class ProposedTopic(Shape):
    """A topic put forward."""

    title: Text
    explanation: Text = ""


class Topics(Shape):
    """A proposer's list."""

    topics: list[ProposedTopic]


class TopicAnswer(Entry):
    """What a proposer does about the critiques of one of its topics; `title` and `explanation` are those of a revision."""

    action: Annotated[Literal["keep", "revise", "withdraw"], BeforeValidator(_action)]
    title: Text = ""
    explanation: Text = ""
    reason: Text = ""

    @property
    def said_title(self) -> str:
        """A revision's title is meant to differ."""
        return ""


class Answers(Shape):
    """A proposer's answers."""

    answers: list[TopicAnswer]


class Review(Entry):
    """A critic's word on one topic, with a score from 1 to 5 for each criterion."""

    accept: Choice
    reason: Text = ""
    relevance: Score = 0.0
    distinctiveness: Score = 0.0
    complementarity: Score = 0.0
    anchor_value: Score = 0.0


CRITERIA = ("relevance", "distinctiveness", "complementarity", "anchor_value")


class Reviews(Shape):
    """A critic's reviews."""

    reviews: list[Review]


class Named(Entry):
    """A topic that a judge removes, or keeps, and why."""

    reason: Text = ""


class Removals(Shape):
    """What the judge removes; all else stays (retention `filter_reject`)."""

    removals: list[Named]


class Keeps(Shape):
    """What the judge keeps; all else falls (retention `keep_accept`)."""

    keeps: list[Named]


class Ranked(Named):
    """A topic with the judge's score of it, 1 to 5."""

    score: Score = 0.0


class Ranking(Shape):
    """The judge's best topics first (retention `keep_fixed_k`)."""

    ranking: list[Ranked]


class Queries(Shape):
    """What an agent wants to look up in the corpus; empty when it has seen enough."""

    queries: list[Text]
