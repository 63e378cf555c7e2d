"""Checks of a list before it becomes a tree: ancestors made up where they are missing, one spelling and one code each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from litelong import UsageError
from taxonomy.names import SEPARATOR, path_key

if TYPE_CHECKING:
    from taxonomy.categories import Category


def with_ancestors(name: str, categories: Iterable[Category]) -> dict[str, Category]:
    """Key to category, every ancestor before its descendants; ancestors that are not listed are made up without a code.

    Raises `UsageError` when there is none, or when two paths differ only in spelling.
    """
    from taxonomy.categories import Category

    listed: dict[str, Category] = {}
    for category in categories:
        twin = listed.setdefault(path_key(category.path), category)
        if twin is not category:
            raise _same(name, twin.path, category.path)
    if not listed:
        raise UsageError(f"taxonomy '{name}' has no categories; give a list with at least one section")
    whole: dict[str, Category] = {}
    for key, category in listed.items():
        keys, names = key.split("/"), category.path.split(SEPARATOR)
        for depth in range(1, len(names) + 1):
            above = "/".join(keys[:depth])
            if above not in whole:
                whole[above] = listed.get(above) or Category.of(names[:depth])
            if whole[above].path != SEPARATOR.join(names[:depth]):
                raise _same(name, whole[above].path, SEPARATOR.join(names[:depth]))
    return whole


def by_code(name: str, categories: Iterable[Category]) -> dict[str, Category]:
    """Category by its code without case. Raises `UsageError` when two have the same."""
    found: dict[str, Category] = {}
    for category in categories:
        if category.code:
            twin = found.setdefault(category.code.casefold(), category)
            if twin is not category:
                raise UsageError(
                    f"taxonomy '{name}': {twin.path!r} and {category.path!r} both have code {category.code}; correct one"
                )
    return found


def _same(name: str, one: str, other: str) -> UsageError:
    return UsageError(
        f"taxonomy '{name}': {one!r} and {other!r} are one category (case, spacing and '&' do not count); spell it one way, once"
    )
