"""What a recipe is, and how one registers: a name, what it plans at a time, and a pure `plan`."""

from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Literal, NamedTuple, Protocol

import numpy as np

from litelong import UsageError
from tools.files import content_hash
from tools.packing.tables import Layout, Plan, Tables, Unit, Usage

UnitKind = Literal["topic", "corpus"]
Order = Literal["rank", "reverse", "shuffle"]


class Settings(NamedTuple):
    """What a recipe is asked for. `target_tokens` bounds the run's samples times their length (None: all that can be)."""

    layout: Layout
    samples_per_topic: int
    order: Order
    target_tokens: int | None
    seed: int

    def enough(self, plan: Plan) -> bool:
        """Whether the plan already holds `target_tokens`."""
        planned = len(plan.samples) * self.layout.context_length
        return self.target_tokens is not None and planned >= self.target_tokens

    def rng(self, *key: str) -> np.random.Generator:
        """A generator for one part of the plan, by name: independent of how many draws any other part has made."""
        # A digest of the whole key: NumPy would run a list of numbers together, and ("ab", "c") could meet ("a", "bc").
        return np.random.default_rng(int.from_bytes(content_hash(repr((self.seed, *key))), "little"))


class Recipe(Protocol):
    """A way to arrange documents in samples. `plan` appends to `plan` and is a pure function of its arguments."""

    name: str
    unit: UnitKind

    def plan(
        self, units: Sequence[Unit], tables: Tables, usage: Usage, settings: Settings, plan: Plan
    ) -> Iterator[Unit]:
        """Plan every unit in order, yielding each when it is done (for the progress bar)."""
        ...


_BUILT_IN = {"standard": "tools.packing.standard", "litelong": "tools.packing.litelong"}
_registered: dict[str, Recipe] = {}


def register_recipe(make: Callable[[], Recipe]) -> Callable[[], Recipe]:
    """Class decorator: the recipe becomes known by its `name`."""
    recipe = make()
    _registered[recipe.name] = recipe
    return make


def recipe_names() -> list[str]:
    """All names that `get_recipe` knows."""
    return sorted({*_BUILT_IN, *_registered})


def get_recipe(name: str) -> Recipe:
    """The recipe of that name; raises `UsageError` that says which there are."""
    if name not in _registered and name in _BUILT_IN:
        import_module(_BUILT_IN[name])
    if name not in _registered:
        near = get_close_matches(name, recipe_names(), n=1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise UsageError(f"packing.recipe: unknown recipe {name[:80]!r}; {hint}there are: {', '.join(recipe_names())}")
    return _registered[name]
