"""Where taxonomies come from: the compact tree that is shipped, imported ones by name, and files.

The compact tree is YAML because people edit it; libyaml reads it in 3 ms, the pure Python loader in 30.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from litelong import UsageError
from taxonomy.store import imported, load

if TYPE_CHECKING:
    from taxonomy.categories import Category, Taxonomy

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

    return Taxonomy.of(read_file(file, file.name)[1].listing)


def as_file(source: str) -> Path | None:
    """The file that `source` means: a path with a "/" in it, or the name of a file here that is no taxonomy's name."""
    if source in SHIPPED or source == BISAC or not source:
        return None
    path = Path(source).expanduser()
    return path if "/" in source or (path.is_file() and source not in imported()) else None


def parse_taxonomy(text: str, name: str) -> Taxonomy:
    """The taxonomy `name` of a YAML text: `sections`, each with `name`, `code` (optional) and `subjects` (optional).

    A subject is a name, or a mapping of one name to the subjects under it. Raises `UsageError` for anything else.
    """
    import yaml

    from taxonomy.categories import Taxonomy

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        data = yaml.load(text, loader)  # noqa: S506 - both are safe loaders
    except yaml.YAMLError as error:
        raise UsageError(f"taxonomy '{name}' is not YAML: {' '.join(str(error).split())}; correct it there") from error
    sections = data.get("sections") if isinstance(data, dict) else None
    if not isinstance(sections, list):
        raise _malformed(name, data, "a mapping with a list 'sections'")
    return Taxonomy(name, [category for section in sections for category in _section(name, section)])


def _section(where: str, section: object) -> Iterator[Category]:
    from taxonomy.categories import Category

    if not isinstance(section, dict) or not section.keys() <= {"name", "code", "subjects"}:
        raise _malformed(where, section, "a mapping with 'name', 'code' and 'subjects'")
    name, code = section.get("name"), section.get("code")
    if not isinstance(name, str) or not isinstance(code, str | None):
        raise _malformed(where, section, "a section with a name and a code that are text (quote numbers)")
    yield Category.of([name], code)
    yield from _subjects(where, section.get("subjects", []), [name])


def _subjects(where: str, subjects: object, above: list[str]) -> Iterator[Category]:
    from taxonomy.categories import Category

    if not isinstance(subjects, list):
        raise _malformed(where, subjects, f"a list of the subjects under {' / '.join(above)}")
    for subject in subjects:
        name, below = next(iter(subject.items())) if isinstance(subject, dict) and len(subject) == 1 else (subject, [])
        if not isinstance(name, str):
            raise _malformed(where, subject, "a subject: a name (quote numbers), or one name with a list under it")
        names = [*above, name]
        yield Category.of(names)
        yield from _subjects(where, below, names)


def _malformed(where: str, found: object, wanted: str) -> UsageError:
    shown = repr(found)
    return UsageError(f"taxonomy '{where}' has {shown[:80]}{'...' if len(shown) > 80 else ''} in place of {wanted}")
