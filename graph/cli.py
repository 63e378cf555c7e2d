"""The `litelong` command. Each command is a few lines: read arguments, call the work, show the result.

Faults of the user end in one line on stderr and exit status 2, internal errors in a traceback and 1; imports that take
time stand inside the commands.
"""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from graph.answering import Commands, answering, fail
from graph.export_commands import export, repack, report
from graph.taxonomy_commands import taxonomy_app
from litelong import UsageError, __version__

app = typer.Typer(
    cls=Commands,
    help="Token-exact long-context training samples from short documents: taxonomy, debate, BM25, packing.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(taxonomy_app, name="taxonomy")

ConfigFile = Annotated[Path, typer.Argument(metavar="CONFIG", help="A litelong.yaml; `litelong init` writes one.")]
Set = Annotated[list[str] | None, typer.Option("--set", metavar="a.b=c", help="Override a key of the configuration.")]
Out = Annotated[str | None, typer.Option("--out", metavar="DIR", help="The run directory (instead of run.out).")]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
RunPath = Annotated[Path, typer.Argument(metavar="RUN", help="A run directory.")]


@app.callback(invoke_without_command=True)
def _main(version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False) -> None:
    if version:
        sys.stdout.write(f"litelong {__version__}\n")
        raise typer.Exit


@app.command()
def demo(out: Annotated[str, typer.Option("--out", metavar="DIR", help="The run directory.")] = "runs/demo") -> None:
    """Run the whole pipeline on the demo corpus. No key, no network, about a minute."""
    with answering(f"; `litelong demo --out {out}` goes on where it stopped"):
        from graph.config import load_config
        from graph.demo import DEMO

        _run(load_config(DEMO, out=out), as_json=False)


@app.command()
def init(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")] = Path("litelong.yaml"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
) -> None:
    """Write a commented litelong.yaml."""
    with answering():
        from graph.template import write_template

        write_template(path, force=force)
        sys.stdout.write(f"wrote {path}; set corpus.path in it, then: litelong plan {path}\n")


@app.command()
def plan(config: ConfigFile, set_: Set = None, out: Out = None, as_json: Json = False) -> None:
    """Dry run: categories, model calls, tokens, cost, disk, time."""
    with answering():
        from graph import show
        from graph.config import load_config
        from graph.planning import estimate

        found = estimate(load_config(config, set_ or (), out))
        show.emit_json(found) if as_json else show.show_estimate(found)


@app.command()
def run(
    config: ConfigFile,
    set_: Set = None,
    out: Out = None,
    allow_failed: Annotated[
        bool, typer.Option("--allow-failed", help="Pack without the categories whose debate failed.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run a configuration, or go on with the run it began."""
    with answering(f"; `litelong run {config}` goes on where it stopped"):
        from graph.config import load_config

        _run(load_config(config, set_ or (), out), as_json=as_json, allow_failed=allow_failed)


def _run(config: Any, *, as_json: bool, allow_failed: bool = False) -> None:  # noqa: ANN401 - Config, imported late
    from graph import show
    from graph.progress import progress_for_terminal
    from graph.running import run as run_config
    from tools.report.text import safe

    result = run_config(config, progress=progress_for_terminal(), allow_failed=allow_failed)
    if as_json:
        show.emit_json(result)
        return
    length = config.packing.context_length
    show.emit(
        f"{result.samples:,} samples of exactly {length:,} ids ({result.tokens:,} tokens) in {result.path}/samples"
    )
    if result.topics:
        show.emit(
            f"{result.topics:,} topics accepted, {result.rejected:,} rejected; {result.short:,} accepted ones fill no sample"
        )
    if result.failed:
        show.emit(f"{result.failed:,} categories failed and were left out (--allow-failed)")
    if result.report_failed:
        show.emit(
            safe(
                f"the report page could not be made ({result.report_failed}); litelong report {result.path} tries again"
            )
        )
    if result.report:
        show.emit(f"all of it on one page, for a browser: {result.report}")
    show.emit("next:")
    for command, what in (
        (f"litelong inspect {result.path}", "the samples and their topics"),
        (f"litelong inspect {result.path} SAMPLE_ID --text", "what is in one, and why"),
        (f"litelong inspect {result.path} --similarity", "how much more alike its documents are than chance"),
        (f"litelong validate {result.path}", "prove every id from the corpus"),
    ):
        show.emit(f"  {command:<{44 + len(str(result.path))}}  {what}")


@app.command()
def index(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The index folder to make.")],
    corpus: Annotated[
        list[str] | None, typer.Argument(metavar="CORPUS", help="Files, folders, globs, hf:NAME, or demo.")
    ] = None,
    text_field: Annotated[str | None, typer.Option("--text-field", help="Column with the text.")] = None,
    id_field: Annotated[str | None, typer.Option("--id-field", help="Column with the id.")] = None,
    source_field: Annotated[
        str | None, typer.Option("--source-field", help="Column with the part of the corpus that a row is from.")
    ] = None,
    backend: Annotated[str | None, typer.Option("--backend", help="whoosh, tantivy, or auto (by size).")] = None,
    k1: Annotated[float | None, typer.Option("--k1", help="BM25's k1 (1.2).")] = None,
    b: Annotated[float | None, typer.Option("--b", help="BM25's b (0.75).")] = None,
    analysis: Annotated[str | None, typer.Option("--analysis", help="english, or none for other languages.")] = None,
    add: Annotated[
        bool, typer.Option("--add", help="Add to the index in DIR what its corpus has gained, and CORPUS if given.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Index a corpus once, or add to an index. Many runs (search.index) and `litelong search` can use it."""
    left = "; the index is as it was" if add else "; nothing was left behind"
    with answering(left):
        from graph import show
        from graph.config import load_config
        from graph.indexing import add_to_index, index_corpus
        from graph.progress import progress_for_terminal

        fields = {"text_field": text_field, "id_field": id_field, "source_field": source_field}
        search = {"backend": backend, "k1": k1, "b": b, "analysis": analysis}
        if add:
            added = add_to_index(out, corpus or [], fields, search, progress_for_terminal())
            show.emit_json(added.as_dict()) if as_json else show.show_added(added, out)
            return
        if not corpus:
            raise UsageError("CORPUS is missing: name files, folders, globs, hf:NAME, or demo")
        asked = {key: value for key, value in search.items() if value is not None}
        config = load_config({"corpus": {"path": corpus, **fields}, "search": asked})
        built = index_corpus(config, out, progress_for_terminal())
        show.emit_json(built.as_dict()) if as_json else show.show_indexed(built, out)


@app.command()
def search(
    index_path: Annotated[Path, typer.Argument(metavar="INDEX", help="An index folder, or a run directory.")],
    query: Annotated[str, typer.Argument(metavar="QUERY")],
    k: Annotated[int, typer.Option("-k", min=1, max=5000, help="Hits to show.")] = 10,
    as_json: Json = False,
) -> None:
    """Search an index with BM25: ranked titles with scores, and the piece of each text that has most of the query."""
    with answering():
        from graph import show
        from graph.indexing import search_index

        rows = search_index(index_path, query, k)
        show.emit_json(rows) if as_json else show.show_hits(rows)


@app.command()
def debate(
    config: ConfigFile,
    category: Annotated[str, typer.Option("--category", metavar="CODE_OR_PATH", help="The category to debate.")],
    set_: Set = None,
    out: Out = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line a turn.")] = False,
) -> None:
    """Debate one category, streamed turn by turn. The run directory's index is used, or made."""
    with answering():
        from graph.config import load_config
        from graph.live import stream_debate
        from graph.progress import progress_for_terminal

        stream_debate(load_config(config, set_ or (), out), category, progress_for_terminal(), as_json=as_json)


@app.command()
def inspect(
    run_path: RunPath,
    sample_id: Annotated[str | None, typer.Argument(metavar="SAMPLE_ID")] = None,
    text: Annotated[bool, typer.Option("--text", help="Print the sample's text.")] = False,
    similarity: Annotated[
        bool, typer.Option("--similarity", help="Compare how alike a sample's documents are with `standard` samples.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show a run's samples, or what is in one and why."""
    with answering():
        from graph import inspecting, show

        if similarity and (sample_id or text):
            raise UsageError("--similarity compares all samples of a run: leave SAMPLE_ID and --text out")
        if similarity:
            found = inspecting.coherence(run_path)
            show.emit_json({**found._asdict(), "ratio": found.ratio}) if as_json else show.show_similarity(found)
        elif sample_id:
            view = inspecting.view(run_path, sample_id, text=text)
            show.emit_json(view) if as_json else show.show_sample(view, text=text)
        elif text:
            raise UsageError("--text shows one sample: name its SAMPLE_ID (`litelong inspect RUN` lists them)")
        elif as_json:
            for row in inspecting.samples(run_path):
                show.emit_json(row, lines=True)
        else:
            columns = {"sample": "left", "topic": "left", "category": "left", "documents": "right", "first": "left"}
            show.table("", columns, (inspecting.overview(row) for row in inspecting.samples(run_path)))


@app.command()
def validate(run_path: RunPath, as_json: Json = False) -> None:
    """Recompute every sample of a run from the corpus. Exit status 1 when anything is wrong."""
    with answering():
        from graph import show
        from graph.progress import progress_for_terminal
        from graph.validating import validate as check
        from tools.report.text import safe

        found = check(run_path, progress_for_terminal())
        if as_json:
            show.emit_json({"valid": found.valid, **asdict(found)})
        elif found.valid:
            show.emit(
                f"valid: {found.samples:,} samples, {found.segments:,} segments and {found.tokens:,} ids are their "
                f"documents' own tokens ({found.documents:,} documents encoded again); the plan and the ledger agree"
            )
        else:
            for problem in found.problems[:20]:
                show.emit(safe(problem))
            more = len(found.problems) - 20
            fail(f"{run_path}: {len(found.problems):,} problems{f' ({more:,} not shown)' if more > 0 else ''}", 1)
        if not found.valid:
            raise typer.Exit(1)


app.command()(report)
app.command()(export)
app.command()(repack)
