"""What a recipe is, and how one registers: a name, what it plans at a time, and a pure `plan`.

    @register_recipe
    class Alphabetical:
        name, unit, interleaved, mines = "alphabetical", "corpus", False, False
        def plan(self, units, tables, usage, settings, plan): ...

Installed packages add recipes through the entry-point group `litelong.recipes`; one that fails to load warns and does not stop
the others.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import entry_points
from typing import Literal, NamedTuple, Protocol

import numpy as np

from litelong import UsageError
from tools.packing.draws import seeded
from tools.packing.tables import Layout, Plan, Tables, Unit, Usage

UnitKind = Literal["topic", "corpus"]
Order = Literal["rank", "reverse", "shuffle"]
Remainder = Literal["unused", "pool"]
Tails = Literal["carry", "cut"]


class Interleave(NamedTuple):
    """How chunks and their negatives are arranged, for recipes that mine.

    `granularity` in characters; `characters_per_token` measured on the corpus; `expansion` is how many times the sample's
    characters are asked for (w).
    """

    position: Literal["head", "tail", "random"] = "head"
    truncate: Literal["even", "tail"] = "even"
    granularity: float = 2048
    characters_per_token: float = 4.0
    expansion: float = 1.5


class Settings(NamedTuple):
    """What a recipe is asked for. `target_tokens` bounds the run's samples times their length (None: all that can be).

    `padding`: a unit's documents that do not fill its next sample are packed all the same, and the sample is padded.
    `remainder: pool`: what the units left is packed together at the end (`tools.packing.remainder`), and padded there if at all.
    `tails: carry`: the rest of a document that a sample cuts begins the unit's next sample.
    """

    layout: Layout
    samples_per_topic: int
    order: Order
    target_tokens: int | None
    seed: int
    interleave: Interleave = Interleave()
    remainder: Remainder = "unused"
    padding: bool = False
    tails: Tails = "carry"

    def enough(self, plan: Plan) -> bool:
        """Whether the plan already holds `target_tokens`."""
        planned = len(plan.samples) * self.layout.context_length
        return self.target_tokens is not None and planned >= self.target_tokens

    def rng(self, *key: str) -> np.random.Generator:
        """A generator for one part of the plan, by name (`tools.packing.draws`)."""
        return seeded(self.seed, *key)


class Recipe(Protocol):
    """A way to arrange documents in samples. `plan` appends to `plan` and is a pure function of its arguments."""

    name: str
    unit: UnitKind
    interleaved: bool
    """Whether a document's parts may stand apart in a sample: then no separator stands in it, and it is one attention span."""
    mines: bool
    """Whether it plans with meta-chunks and hard negatives (`Tables.chunks`, `Tables.negatives`)."""

    def plan(
        self, units: Sequence[Unit], tables: Tables, usage: Usage, settings: Settings, plan: Plan
    ) -> Iterator[Unit]:
        """Plan every unit in order, yielding each when it is done (for the progress bar)."""
        ...


PLANNED = ("knn", "iclm", "quest")
"""Names that are kept for recipes to come: a file each in this folder, which registers itself, and a line below."""
_BUILT_IN = {
    "standard": "tools.packing.standard",
    "litelong": "tools.packing.litelong",
    "nextlong": "tools.packing.nextlong",
    "litelong+nextlong": "tools.packing.nextlong",
    "utk": "tools.packing.utk",
    "litelong+utk": "tools.packing.utk",
}
_registered: dict[str, Recipe] = {}
_loaded: list[bool] = []


def register_recipe(make: Callable[[], Recipe]) -> Callable[[], Recipe]:
    """Class decorator: the recipe becomes known by its `name`."""
    recipe = make()
    _registered[recipe.name] = recipe
    return make


def recipe_names() -> list[str]:
    """All names that `get_recipe` knows."""
    _load_installed()
    return sorted({*_BUILT_IN, *_registered})


def get_recipe(name: str) -> Recipe:
    """The recipe of that name; raises `UsageError` that says which there are."""
    if name not in _registered and name in _BUILT_IN:
        import_module(_BUILT_IN[name])
    if name not in _registered:
        _load_installed()
    if name not in _registered:
        near = get_close_matches(name, recipe_names(), n=1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        what = (
            f"'{name}' is planned and not there yet; " if name in PLANNED else f"unknown recipe {name[:80]!r}; {hint}"
        )
        there = f"{', '.join(recipe_names())}, and those of packages that you install (docs/recipes.md)"
        raise UsageError(f"packing.recipe: {what}there are: {there}")
    return _registered[name]


def _load_installed() -> None:
    """Let installed packages register their recipes, once."""
    if _loaded:
        return
    _loaded.append(True)
    for entry in entry_points(group="litelong.recipes"):
        try:
            entry.load()
        except Exception as error:
            warnings.warn(f"litelong.recipes: '{entry.name}' did not load: {error!r}", RuntimeWarning, stacklevel=2)
