"""Roles: what an agent does. A role is a factory, registered by name, kind and the family of models it runs on.

    @role("skeptic", kind="critic", model="lexical")
    def skeptic(seat: Seat, library: Library) -> Critic: ...

Installed packages add roles through the entry-point group `litelong.roles`; one that fails to load warns and does not
stop the others.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from agents.chat.names import parse_model
from agents.messages import Answer, Brief, Candidate, Critique, Draft, Kind, Seat, Verdict
from litelong import UsageError

if TYPE_CHECKING:
    from agents.library import Library


class Proposer(Protocol):
    """Puts topics forward, and answers the critiques of its own."""

    async def propose(self, brief: Brief, taken: Sequence[str]) -> Sequence[Draft]:
        """At most `brief.wanted` topics, none titled like one of `taken`."""
        ...

    async def answer(
        self, brief: Brief, own: Sequence[Candidate], critiques: Sequence[Critique], taken: Sequence[str]
    ) -> Sequence[Answer]:
        """Which of its `own` proposals it defends, revises (to a title not among `taken`) or withdraws after the round."""
        ...


class Critic(Protocol):
    """Accepts or rejects every candidate it is shown, with a reason."""

    async def criticise(self, brief: Brief, candidates: Sequence[Candidate]) -> Sequence[Critique]: ...


class Judge(Protocol):
    """Sees all candidates and the critiques as advice, and says which to keep."""

    async def judge(
        self, brief: Brief, candidates: Sequence[Candidate], critiques: Sequence[Critique]
    ) -> Sequence[Verdict]: ...


class Guest(Protocol):
    """Speaks at a place of its own in the flow: its drafts join the proposals, its critiques are advice to the judge."""

    async def visit(
        self, brief: Brief, candidates: Sequence[Candidate], critiques: Sequence[Critique]
    ) -> Sequence[Draft | Critique]:
        """What it has to say. `candidates` is empty at the place `propose`, where nothing has its evidence yet."""
        ...


Agent = Proposer | Critic | Judge | Guest
Place = Literal["propose", "evidence", "critique"]
"""The node that a guest speaks after: it may add drafts, advise before the critics, or advise after them."""
Factory = Callable[[Seat, "Library"], Agent]
F = TypeVar("F", bound=Factory)


@dataclass(frozen=True, slots=True)
class Role:
    """A registered role: the factory that seats an agent, for one kind of seat and one family of models.

    `after` is a guest's place in the flow.
    """

    name: str
    kind: Kind
    model: str | None
    factory: Factory
    after: Place = "evidence"


LEXICAL = ("lexical", "lexical+wordllama", "lexical+minilm")
"""Panels without a language model: by words alone, with static embeddings (extra `dense`), or with a sentence model for
titles beside them (extra `minilm`). Each knows more than the one before."""
_BUILT_IN = ("agents.lexical", "agents.chat_roles")
_roles: dict[tuple[str, str | None], Role] = {}
_loaded: list[bool] = []


def role(name: str, *, kind: Kind, model: str | None = None, after: Place = "evidence") -> Callable[[F], F]:
    """Register a role factory. `model` is the family it runs on: `lexical`, `chat` for any chat model; None: any.

    `after` is the place of a `guest`, and of no meaning for the others.
    """

    def register(factory: F) -> F:
        _roles[name, model] = Role(name, kind, model, factory, after)
        return factory

    return register


def find_role(name: str, kind: Kind, model: str, where: str) -> Role:
    """The role for a seat; `where` is the config key that names it. Raises `UsageError` saying which roles there are."""
    _load()
    family = model_family(model, where)
    found = _roles.get((name, family)) or _roles.get((name, None))
    if found is None:
        known = sorted({r.name for r in _roles.values() if r.kind == kind and r.model in (family, None)})
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise UsageError(
            f"{where}: unknown role {name[:80]!r} for model '{model}'; {hint}there are: {', '.join(known)}"
        )
    if found.kind != kind:
        raise UsageError(
            f"{where}: role '{name}' is a {found.kind}, and this seat is a {kind}'s; move it or change the role"
        )
    return found


def model_family(model: str, where: str) -> str:
    """`lexical` for panels that need no language model, `chat` for any chat model. Raises `UsageError` for others."""
    if model in LEXICAL:
        return "lexical"
    parse_model(model, where)
    return "chat"


def _load() -> None:
    if _loaded:
        return
    _loaded.append(True)
    for module in _BUILT_IN:
        import_module(module)
    for entry in entry_points(group="litelong.roles"):
        try:
            entry.load()
        except Exception as error:
            warnings.warn(f"litelong.roles: '{entry.name}' did not load: {error!r}", RuntimeWarning, stacklevel=2)


__all__ = ["Agent", "Critic", "Guest", "Judge", "Proposer", "Role", "find_role", "role"]
