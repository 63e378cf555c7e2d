"""Planning and writing samples. The names below load their module when they are first used."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.packing.check import check_sample
    from tools.packing.gather import Specials
    from tools.packing.plan_file import read_plan, write_plan
    from tools.packing.recipe import Recipe, Settings, get_recipe, recipe_names, register_recipe
    from tools.packing.tables import Layout, Plan, PlannedSample, Segment, SegmentRole, Tables, Unit, Usage
    from tools.packing.write import Shape, write_samples

__all__ = [
    "Layout",
    "Plan",
    "PlannedSample",
    "Recipe",
    "Segment",
    "SegmentRole",
    "Settings",
    "Shape",
    "Specials",
    "Tables",
    "Unit",
    "Usage",
    "check_sample",
    "get_recipe",
    "read_plan",
    "recipe_names",
    "register_recipe",
    "write_plan",
    "write_samples",
]

_MODULES = {
    "Layout": "tables",
    "Plan": "tables",
    "PlannedSample": "tables",
    "Recipe": "recipe",
    "Segment": "tables",
    "SegmentRole": "tables",
    "Settings": "recipe",
    "Shape": "write",
    "Specials": "gather",
    "Tables": "tables",
    "Unit": "tables",
    "Usage": "tables",
    "check_sample": "check",
    "get_recipe": "recipe",
    "read_plan": "plan_file",
    "recipe_names": "recipe",
    "register_recipe": "recipe",
    "write_plan": "plan_file",
    "write_samples": "write",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
