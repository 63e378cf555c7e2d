"""Which categories a run debates: `taxonomy.select`, `taxonomy.exclude` and `taxonomy.limit` of the configuration.

A misspelt pattern that quietly selected nothing would cost a night of LLM calls on the wrong categories, so every pattern
has to match something, in `exclude` too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from litelong import UsageError
from taxonomy.names import is_glob

if TYPE_CHECKING:
    from taxonomy.categories import Category, Taxonomy


def select_categories(
    taxonomy: Taxonomy, select: Sequence[str], exclude: Sequence[str], limit: int | None
) -> list[Category]:
    """The categories to debate, each once, in the taxonomy's order.

    An exact code or path selects that category, inner or not; a glob the debated ones among its matches; an empty `select`
    all debated ones. An exact name in `exclude` takes its whole subtree away, a glob what it matches and no more. Of what
    is left, `limit` keeps the first. Raises `UsageError` for a name or glob that matches nothing, for a `limit` below 1,
    and when nothing is left.
    """
    if limit is not None and limit < 1:
        raise UsageError(f"taxonomy.limit is {limit}: give a number from 1, or null for all categories")
    debated = taxonomy.debated()
    chosen = {c.path for pattern in select for c in _selected(taxonomy, pattern, debated)}
    if not select:
        chosen = {c.path for c in debated}
    dropped = {c.path for pattern in exclude for c in _excluded(taxonomy, pattern)}
    left = [c for c in taxonomy if c.path in chosen and c.path not in dropped]
    if not left:
        raise UsageError(
            f"taxonomy.exclude {list(exclude)} leaves none of the {len(chosen)} selected categories; exclude less or select more"
        )
    return left[:limit]


def _selected(taxonomy: Taxonomy, pattern: str, debated: Sequence[Category]) -> list[Category]:
    exact = taxonomy.find(pattern)
    if exact is not None:
        return [exact]
    matches = _glob(taxonomy, "select", pattern)
    paths = {c.path for c in matches}
    found = [c for c in debated if c.path in paths]
    if not found:
        raise UsageError(
            f"taxonomy.select {pattern!r} matches only categories that are not debated by themselves, such as "
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
