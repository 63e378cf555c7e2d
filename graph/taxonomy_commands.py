"""`litelong taxonomy ...`: import a list, look at it, count it."""

from pathlib import Path
from typing import Annotated

import typer

from graph.answering import answering

taxonomy_app = typer.Typer(help="Import a taxonomy, and look at it.", no_args_is_help=True, rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
Source = Annotated[str, typer.Option("--source", help="compact, an imported one's name, or a file.")]


@taxonomy_app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An archive, table, spreadsheet, JSON or YAML.")],
    name: Annotated[str | None, typer.Option("--name", help="What to call it (a BISAC list: bisac).")] = None,
    keep_general: Annotated[
        bool, typer.Option("--keep-general", help="Keep `X / General` as a category of its own.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Read a list of subjects once, and keep it under a name for `taxonomy: NAME`."""
    with answering("; nothing was imported"):
        from graph import show
        from graph.taxonomies import import_taxonomy

        found = import_taxonomy(file, name, keep_general=keep_general)
        if as_json:
            show.emit_json(found)
            return
        for line in found.lines():
            show.emit(show.safe(line))


@taxonomy_app.command("show")
def show_(
    under: Annotated[str | None, typer.Argument(metavar="[CATEGORY]", help="Code or path; all when omitted.")] = None,
    source: Source = "compact",
    depth: Annotated[int | None, typer.Option("--depth", min=0, help="Levels below it.")] = None,
    as_json: Json = False,
) -> None:
    """Print the tree."""
    with answering():
        from graph import show
        from taxonomy import load_taxonomy
        from taxonomy.tree import to_json, tree_lines

        tree = load_taxonomy(source)
        top = tree.category(under) if under else None
        if as_json:
            show.emit_json(to_json(tree, top))
        else:
            for line in tree_lines(tree, top, depth):
                show.emit(line)


@taxonomy_app.command("stats")
def stats(source: Source = "compact", as_json: Json = False) -> None:
    """Count categories, leaves and what is debated, by section."""
    with answering():
        from graph import show
        from taxonomy import load_taxonomy

        tree = load_taxonomy(source)
        found = tree.stats()
        if as_json:
            show.emit_json(found)
            return
        depths = ", ".join(f"{n:,} at depth {depth}" for depth, n in enumerate(found.by_depth))
        show.emit(f"{tree.name}: {found.categories:,} categories in {found.sections} sections ({depths})")
        show.emit(
            f"{found.leaves:,} leaves, {found.inner:,} inner, {found.coded:,} with a code; "
            f"{len(tree.debated()):,} debated by default"
        )
        columns = {"section": "left", "code": "left", "categories": "right", "debated": "right", "topics": "right"}
        show.table("", columns, ((s.name, s.code or "", s.categories, s.debated, s.topics) for s in found.per_section))
