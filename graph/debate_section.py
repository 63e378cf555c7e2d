"""The `debate` section: who debates, by which protocol, and what each is shown."""

from typing import Annotated, Any, Literal

from pydantic import Field

from agents.chat.settings import ModelSettings
from agents.messages import Retention, Rules, Seat
from agents.panel import Reviews
from agents.prompts import is_path, read_prompt
from agents.protocols import PROTOCOLS, Protocol
from graph.section import Name, Section


class SeatSection(Section):
    """An agent: a role with a model. `prompt` is a prompt's name, path or text; the rest is for chat models."""

    role: str
    model: str = "lexical"
    prompt: Name | None = None
    temperature: Annotated[float, Field(ge=0.0, le=2.0)] = 0.6
    top_p: Annotated[float, Field(gt=0.0, le=1.0)] = 0.95
    tools: bool = False


class BudgetSection(Section):
    """What the debates may spend on language models, tokens in and out together. The lexical panel spends nothing."""

    tokens: Annotated[int, Field(ge=0)] | None = None
    cost: Annotated[float, Field(ge=0.0)] | None = None


Shown = Literal["shown", "withheld"]


class EvidenceSection(Section):
    """Whether chat agents are shown what the corpus says. Lexical ones have nothing else to go by, and always are."""

    proposers: Shown = "withheld"
    critics: Shown = "shown"
    judges: Shown = "shown"
    guests: Shown = "shown"


class JudgingSection(Section):
    """`anonymous: false` tells judges each topic's model; with `twice` they judge again in reversed order."""

    anonymous: bool = True
    twice: bool = False


def _seats(role: str) -> Any:  # noqa: ANN401 - pydantic's Field is typed so
    return Field(default=(SeatSection(role=role),), min_length=1)


class DebateSection(Section):
    """Who debates, and how. `expansion_factor: auto` asks by the size of the category's subtree."""

    engine: Literal["langgraph", "autogen"] = "langgraph"
    protocol: Literal["litelong", "multi_round", "vote", "single", "reflect"] = "litelong"
    retention: Retention = "filter_reject"
    keep: Literal["auto"] | Annotated[int, Field(ge=1, le=10_000)] = "auto"
    expansion_factor: Literal["auto"] | Annotated[int, Field(ge=1, le=1000)] = "auto"
    reviews: Literal["others", "all"] = "others"
    rounds: Literal["auto"] | Annotated[int, Field(ge=1, le=20)] = "auto"
    patience: Annotated[int, Field(ge=1, le=20)] = 1
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    evidence: EvidenceSection = EvidenceSection()
    judging: JudgingSection = JudgingSection()
    concurrency: Annotated[int, Field(ge=1, le=10_000)] = 16
    proposers: tuple[SeatSection, ...] = _seats("proposer")
    critics: tuple[SeatSection, ...] = _seats("critic")
    judges: tuple[SeatSection, ...] = _seats("judge")
    guests: tuple[SeatSection, ...] = ()
    budget: BudgetSection = BudgetSection()
    models: dict[Name, ModelSettings] = Field(default_factory=dict)
    replies: Name | None = None

    @property
    def held_by(self) -> Protocol:
        """The protocol by its name."""
        return PROTOCOLS[self.protocol]

    @property
    def shown_to_critics(self) -> Reviews:
        """What critics are shown under this protocol."""
        return self.held_by.reviews(self.reviews)

    def seats(self) -> tuple[Seat, ...]:
        """The seats that speak under this protocol: `proposer-1`, `critic-1`, ..."""
        kinds = (
            ("proposer", self.proposers), ("guest", self.guests), ("critic", self.critics), ("judge", self.judges)
        )  # fmt: skip
        return self.held_by.seated(
            [
                Seat(f"{kind}-{n}", kind, s.role, s.model, s.prompt, s.temperature, s.top_p, s.tools)  # type: ignore[arg-type]
                for kind, seats in kinds
                for n, s in enumerate(seats, 1)
            ]
        )

    def rules(self, seed: int) -> Rules:
        """The rules that agents and protocols go by."""
        kinds = (("proposers", "proposer"), ("critics", "critic"), ("judges", "judge"), ("guests", "guest"))
        return Rules(
            retention=self.retention,
            keep=0 if self.keep == "auto" else self.keep,
            evidence=tuple(kind for key, kind in kinds if getattr(self.evidence, key) == "shown"),
            anonymous=self.judging.anonymous,
            twice=self.judging.twice,
            seed=seed,
            rounds=self.held_by.rounds if self.rounds == "auto" else self.rounds,
            patience=self.patience,
            max_tokens=self.max_tokens,
        )

    def with_prompts_read(self) -> "DebateSection":
        """The same with the text of each prompt in the place of its path, so that a run knows what it was asked by."""
        update = {
            key: tuple(_with_prompt(seat, f"debate.{key}.{n}.prompt") for n, seat in enumerate(getattr(self, key)))
            for key in ("proposers", "critics", "judges", "guests")
        }
        return self.model_copy(update=update)


def _with_prompt(seat: SeatSection, where: str) -> SeatSection:
    if seat.prompt is None or not is_path(seat.prompt):
        return seat
    return seat.model_copy(update={"prompt": read_prompt(seat.prompt, where)})


__all__ = ["BudgetSection", "DebateSection", "EvidenceSection", "JudgingSection", "SeatSection"]
