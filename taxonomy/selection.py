"""Which categories a run debates, and how many topics it asks of each: the `taxonomy` section of the configuration.

A misspelt pattern that quietly selected nothing would cost a night of LLM calls on the wrong categories, so every pattern
has to match something, in `exclude` too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Literal

from litelong import UsageError
from taxonomy.names import glob_regex, is_glob, path_key

if TYPE_CHECKING:
    from taxonomy.categories import Category, Taxonomy


Kind = Literal["auto", "leaves", "inner", "all"]
"""Which categories stand for a glob: those debated by default, or all leaves, all inner ones, all."""

PRESETS = {
    "general-adult": (
        "NON000000", "BIB000000", "STU000000",  # no subjects of texts: not classifiable, editions of the Bible, study aids
        "JUV000000", "JNF000000", "YAF000000", "YAN000000",  # the adult sections again, for younger readers
    ),
}  # fmt: skip
"""Sections to leave out, by the code of their general subject. A section that a list lacks is left out already."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a configuration asks for; `taxonomy.*` of it. `depth` counts levels below the section, which has 0."""

    select: Sequence[str] = ()
    exclude: Sequence[str] = ()
    preset: str | None = None
    kind: Kind = "auto"
    depth: int | None = None
    sample: int | None = None
    limit: int | None = None
    seed: int = 0


def select_categories(taxonomy: Taxonomy, choice: Choice) -> list[Category]:
    """The categories to debate, each once, in the taxonomy's order.

    An exact code or path selects that category, whatever it is; a glob those of its matches that are of the `kind` and
    not below `depth`; an empty `select` all of these. An exact name in `exclude` takes its whole subtree away, a glob
    what it matches and no more, the preset its sections. `sample` draws so many of what is left, the same ones for a
    seed whatever their order, and a smaller sample is part of a larger one; `limit` keeps the first. Raises `UsageError`
    for a name or glob that matches nothing, for numbers below 1 (`depth`: 0), and when nothing is left.
    """
    _check_numbers(choice)
    among = _of_kind(taxonomy, choice)
    chosen = {c.path for pattern in choice.select for c in _selected(taxonomy, pattern, among, choice)}
    if not choice.select:
        chosen = {c.path for c in among}
    dropped = {c.path for pattern in choice.exclude for c in _excluded(taxonomy, pattern)}
    dropped |= {c.path for section in _preset(taxonomy, choice.preset) for c in taxonomy.subtree(section)}
    left = [c for c in taxonomy if c.path in chosen and c.path not in dropped]
    if not left and not chosen:
        raise UsageError(f"taxonomy.kind {choice.kind} and taxonomy.depth {choice.depth} leave no category; allow more")
    if not left:
        away = f"taxonomy.exclude {list(choice.exclude)}" + (f" and preset {choice.preset}" if choice.preset else "")
        raise UsageError(f"{away} leaves none of the {len(chosen)} selected categories; exclude less or select more")
    return _sampled(left, choice)[: choice.limit]


def _check_numbers(choice: Choice) -> None:
    for key, least, none in (
        ("limit", 1, "all categories"),
        ("sample", 1, "all categories"),
        ("depth", 0, "any depth"),
    ):
        value = getattr(choice, key)
        if value is not None and value < least:
            raise UsageError(f"taxonomy.{key} is {value}: give a number from {least}, or null for {none}")


def _of_kind(taxonomy: Taxonomy, choice: Choice) -> list[Category]:
    kinds: dict[Kind, Callable[[Category], bool]] = {
        "leaves": taxonomy.is_leaf,
        "inner": lambda category: not taxonomy.is_leaf(category),
        "all": lambda _: True,
    }
    found = taxonomy.debated() if choice.kind == "auto" else filter(kinds[choice.kind], taxonomy)
    return [c for c in found if choice.depth is None or c.depth <= choice.depth]


def _preset(taxonomy: Taxonomy, name: str | None) -> list[Category]:
    """The sections that a preset leaves out."""
    if name is None:
        return []
    if name not in PRESETS:
        raise UsageError(f"taxonomy.preset {name!r} is unknown; there are: {', '.join(PRESETS)}")
    general = filter(None, map(taxonomy.find, PRESETS[name]))
    found = [taxonomy.category(section) for section in dict.fromkeys(category.section for category in general)]
    if not found:
        raise UsageError(
            f"taxonomy.preset {name}: taxonomy '{taxonomy.name}' has none of its sections ({', '.join(PRESETS[name])}); it is "
            "for BISAC lists, leave it out"
        )
    return found


def _sampled(categories: list[Category], choice: Choice) -> list[Category]:
    if choice.sample is None or choice.sample >= len(categories):
        return categories

    def drawn(category: Category) -> bytes:
        return blake2b(f"{choice.seed}\0{category.path}".encode(), digest_size=8).digest()

    kept = {category.path for category in sorted(categories, key=drawn)[: choice.sample]}
    return [category for category in categories if category.path in kept]


def _selected(taxonomy: Taxonomy, pattern: str, among: Sequence[Category], choice: Choice) -> list[Category]:
    exact = taxonomy.find(pattern)
    if exact is not None:
        return [exact]
    matches = _glob(taxonomy, "select", pattern)
    paths = {c.path for c in matches}
    found = [c for c in among if c.path in paths]
    if not found:
        narrowed = choice.kind != "auto" or choice.depth is not None
        why = (
            f"of another kind or depth than {choice.kind}, {choice.depth}" if narrowed else "not debated by themselves"
        )
        raise UsageError(
            f"taxonomy.select {pattern!r} matches only categories that are {why}, such as "
            f"{matches[0].path!r}; name one exactly, or write '{pattern.rstrip('/ ')}/**' for what lies under them"
        )
    return found


def _excluded(taxonomy: Taxonomy, pattern: str) -> list[Category]:
    exact = taxonomy.find(pattern)
    return _glob(taxonomy, "exclude", pattern) if exact is None else taxonomy.subtree(exact)


def _glob(taxonomy: Taxonomy, key: str, pattern: str) -> list[Category]:
    if not is_glob(pattern):
        taxonomy.category(pattern)  # raises: it names the nearest category
    matches = taxonomy.glob(pattern)
    if not matches:
        raise UsageError(
            f"taxonomy.{key} {pattern!r} matches none of the {len(taxonomy)} categories of taxonomy '{taxonomy.name}'; "
            "'*' stays within one name and '**' crosses levels, as in 'SCIENCE/**'"
        )
    return matches


def expansion_factor(taxonomy: Taxonomy, category: Category, overrides: Mapping[str, int]) -> int:
    """How many topics to aim at for `category`: the last of `overrides` (exact names and globs) that fits, or by size.

    By size it is 6 for a leaf and one more each time the subtree doubles, up to 12: 8 for 4 categories, 12 for 64.
    """
    for pattern in reversed(list(overrides)):
        exact = taxonomy.find(pattern)
        if exact == category or (exact is None and glob_regex(pattern).fullmatch(path_key(category.path))):
            return overrides[pattern]
    return min(12, 5 + len(taxonomy.subtree(category)).bit_length())


def check_expansion(taxonomy: Taxonomy, overrides: Mapping[str, int]) -> None:
    """Raise `UsageError` for a pattern of `overrides` that fits no category."""
    for pattern in overrides:
        if taxonomy.find(pattern) is None:
            _glob(taxonomy, "expansion_factor", pattern)
