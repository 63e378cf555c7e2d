"""`litelong taxonomy ...`: import a list, look at it, count it, write it for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from graph.answering import Commands, answering

taxonomy_app = typer.Typer(
    cls=Commands, help="Import a taxonomy, and look at it.", no_args_is_help=True, rich_markup_mode=None
)

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
Source = Annotated[str | None, typer.Option("--source", help="compact (default), an imported one's name, or a file.")]
Run = Annotated[Path | None, typer.Option("--run", metavar="RUN", help="Hang this run's topics in it.")]


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
        from graph.importing import import_taxonomy
        from tools.report.text import safe

        found = import_taxonomy(file, name, keep_general=keep_general)
        if as_json:
            show.emit_json(found)
            return
        for line in found.lines():
            show.emit(safe(line))


@taxonomy_app.command("show")
def show_(
    under: Annotated[str | None, typer.Argument(metavar="CATEGORY", help="Code or path; all when omitted.")] = None,
    source: Source = None,
    run: Run = None,
    depth: Annotated[int | None, typer.Option("--depth", min=0, help="Levels below it.")] = None,
    as_json: Json = False,
) -> None:
    """Print the tree; with a run, its topics in it."""
    with answering():
        from graph import show
        from graph.taxonomies import open_taxonomy
        from taxonomy.tree import to_json, tree_lines
        from tools.report.text import safe

        tree = open_taxonomy(source, run).taxonomy
        top = tree.category(under) if under else None
        if as_json:
            show.emit_json(to_json(tree, top))
            return
        show.show_tree(tree_lines(tree, top, depth, titles=run is not None))
        if top:
            for other, below in tree.links.see_also(top):
                show.emit(f"see also  {'what lies under ' if below else ''}{other.path}  {other.code or ''}".rstrip())
            for note in tree.links.notes(top):
                show.emit(f"note  {safe(note)}")


@taxonomy_app.command("stats")
def stats(source: Source = None, run: Run = None, as_json: Json = False) -> None:
    """Count categories, leaves, what is debated, topics and coverage, by section."""
    with answering():
        from graph import show
        from graph.taxonomies import open_taxonomy

        opened = open_taxonomy(source, run)
        found = opened.taxonomy.stats(opened.debated)
        show.emit_json(found) if as_json else show.show_taxonomy_stats(found, opened.taxonomy.links.edition)


@taxonomy_app.command("export")
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it: .graphml or .json.")],
    source: Source = None,
    run: Run = None,
) -> None:
    """Write the taxonomy as GraphML or JSON, with a run's topics if one is named."""
    with answering():
        from graph import show
        from graph.taxonomies import export_taxonomy, open_taxonomy

        tree = open_taxonomy(source, run).taxonomy
        export_taxonomy(tree, file)
        show.emit(f"wrote {len(tree):,} categories and {len(tree.topics()):,} topics to {file}")
        if tree.links.listing.terms:
            show.emit(f"terms: {tree.links.listing.terms}")
