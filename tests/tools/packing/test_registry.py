"""Recipes by name, and the random numbers that each part of a plan gets."""

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litelong import UsageError
from tools.packing import recipe as registry
from tools.packing.recipe import Recipe, Settings, UnitKind, get_recipe, recipe_names, register_recipe
from tools.packing.tables import Layout, Plan, Tables, Unit, Usage


@pytest.fixture(autouse=True)
def _all_loaded() -> None:
    """A recipe that is first loaded while a test has a registry of its own would be lost with it."""
    for name in recipe_names():
        get_recipe(name)


def settings_of(seed: int = 0) -> Settings:
    return Settings(Layout(64, bos=False, separator=True), 1, "rank", None, seed)


@settings(deadline=None)
@given(
    keys=st.lists(st.lists(st.text(max_size=9), max_size=4).map(tuple), min_size=2, max_size=2, unique=True),
    seed=st.integers(0, 1 << 70),
)
def test_every_key_has_random_numbers_of_its_own(keys: list[tuple[str, ...]], seed: int) -> None:
    one, other = keys
    chosen = settings_of(seed=seed)
    draw: Callable[[Settings, tuple[str, ...]], list[int]] = lambda s, k: s.rng(*k).integers(1 << 62, size=3).tolist()  # noqa: E731
    assert draw(chosen, one) != draw(chosen, other)
    assert draw(chosen, one) != draw(chosen._replace(seed=seed + 1), one)
    before = draw(chosen, one)
    chosen.rng(*other).random(1_000)
    assert draw(chosen, one) == before


@pytest.mark.parametrize(
    ("one", "other"), [(("abcd", "efgh"), ("abcdefgh",)), (("a",), ("a\0",)), (("a",), ("a", "")), ((), ("",))]
)
def test_keys_that_numpy_would_run_together_are_told_apart(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    chosen = settings_of()
    assert chosen.rng(*one).integers(1 << 62) != chosen.rng(*other).integers(1 << 62)


def test_an_unknown_recipe_names_the_nearest_and_all() -> None:
    with pytest.raises(
        UsageError, match=r"unknown recipe 'lite-long'; did you mean 'litelong'\? there are: .*standard"
    ):
        get_recipe("lite-long")
    with pytest.raises(UsageError, match=r"^[^\n]{1,300}$") as caught:
        get_recipe("x\n" * 500)
    assert "did you mean" not in str(caught.value)
    assert all(name in str(caught.value) for name in recipe_names())


@pytest.mark.parametrize("name", ["knn", "iclm", "quest"])
def test_a_recipe_to_come_says_so(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert name not in recipe_names()
    with pytest.raises(
        UsageError, match=rf"^packing\.recipe: '{name}' is planned and not there yet; there are: .*litelong"
    ):
        get_recipe(name)
    theirs: Recipe = copy(get_recipe("standard"))
    theirs.name = name
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))
    register_recipe(lambda: theirs)
    assert get_recipe(name) is theirs, "whoever brings one first has the name"


def test_a_users_recipe_is_found_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))

    @register_recipe
    class Nothing:
        name = "nothing-at-all"
        unit: UnitKind = "corpus"
        interleaved = False
        mines = False

        def plan(
            self, units: Sequence[Unit], tables: Tables, usage: Usage, settings: Settings, plan: Plan
        ) -> Iterator[Unit]:
            yield from units

    assert get_recipe("nothing-at-all").unit == "corpus"
    assert "nothing-at-all" in recipe_names()
    assert get_recipe("litelong").name == "litelong"
    with pytest.raises(UsageError, match="did you mean 'nothing-at-all'"):
        get_recipe("nothing-at-al")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A package on the path that brings recipes through entry points (name: module text)."""
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))
    monkeypatch.setattr(registry, "_loaded", [])

    def install(**modules: str) -> None:
        info = tmp_path / "their_recipes-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-recipes\nVersion: 1.0\n")
        lines = [f"{name} = their_{name}" for name in modules]
        (info / "entry_points.txt").write_text("\n".join(["[litelong.recipes]", *lines]))
        for name, text in modules.items():
            (tmp_path / f"their_{name}.py").write_text(text)
        monkeypatch.syspath_prepend(str(tmp_path))

    return install


THEIRS = """
from tools.packing.recipe import get_recipe, register_recipe

@register_recipe
class Backwards:
    name, unit, interleaved, mines = "backwards", "corpus", False, False

    def plan(self, units, tables, usage, settings, plan):
        yield from get_recipe("standard").plan(units[::-1], tables, usage, settings, plan)
"""


def test_an_installed_package_brings_a_recipe_and_one_that_fails_stops_nobody(installed: Callable[..., None]) -> None:
    installed(broken="raise RuntimeError('no')", good=THEIRS)
    with pytest.warns(RuntimeWarning, match=r"litelong\.recipes: 'broken' did not load"):
        assert get_recipe("backwards").unit == "corpus"
    assert {"backwards", "nextlong", "litelong+nextlong", "utk", "litelong+utk"} <= set(recipe_names())
