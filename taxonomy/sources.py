"""Where taxonomies come from: the compact tree that is shipped, imported ones by name, and files.

The compact tree is YAML because people edit it.
"""

from __future__ import annotations

import logging
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from litelong import UsageError
from taxonomy.store import imported, load

if TYPE_CHECKING:
    from taxonomy.categories import Taxonomy

LOG = logging.getLogger("litelong")
SHIPPED = {"compact": "compact.yaml"}
BISAC = "bisac"
"""The one name that the compact tree stands in for while it is not imported: its sections are the same."""


def load_taxonomy(source: str) -> Taxonomy:
    """The taxonomy called `source` (shipped or imported) or in the file `source`, without topics; a new one at each call.

    `bisac` is the compact tree as long as it is not imported; its `requested` tells. Raises `UsageError` that says which
    sources there are for any other name.
    """
    from taxonomy.categories import Taxonomy

    if source in SHIPPED:
        return parse_taxonomy((files("taxonomy") / SHIPPED[source]).read_text("utf-8"), source)
    names = imported()
    if source in names:
        return Taxonomy.of(load(source))
    if source == BISAC:
        found = load_taxonomy("compact")
        found.requested = source
        return found
    file = as_file(source)
    if file is None:
        near = get_close_matches(source.casefold(), [*SHIPPED, *names, BISAC], n=1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        there = ", ".join([*SHIPPED, *names])
        raise UsageError(
            f"taxonomy.source {source!r} is unknown; {hint}there are: {there}, files, and what `litelong taxonomy import` reads"
        )
    from taxonomy.importing.reading import read_file

    gathered = read_file(file, file.name)[1]
    if gathered.warnings:
        first, more = gathered.warnings[0], len(gathered.warnings) - 1
        LOG.warning(
            "%r: %s%s", source, first, f" (and {more} more; `litelong taxonomy import` lists them)" if more else ""
        )
    return Taxonomy.of(gathered.listing)


def as_file(source: str) -> Path | None:
    """The file that `source` means: a path with a "/" in it, or the name of a file here that is no taxonomy's name."""
    if source in SHIPPED or source == BISAC or not source:
        return None
    path = Path(source).expanduser()
    return path if "/" in source or (path.is_file() and source not in imported()) else None


def parse_taxonomy(text: str, name: str) -> Taxonomy:
    """The taxonomy `name` of a YAML tree (`taxonomy.importing.nested`). Raises `UsageError` for anything else."""
    from taxonomy.categories import Category, Taxonomy
    from taxonomy.importing.found import UnreadableError
    from taxonomy.importing.nested import read_tree
    from taxonomy.importing.values import parse_yaml

    try:
        rows = read_tree(parse_yaml(text))
    except UnreadableError as error:
        raise UsageError(f"taxonomy '{name}': {error}; correct it there") from None
    return Taxonomy(name, [Category.of(row.names or (), row.code) for row in rows])
