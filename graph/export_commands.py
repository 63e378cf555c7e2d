"""`litelong report`, `export` and `repack`: what is made of a finished run."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from graph.answering import answering

_Run = Annotated[Path, typer.Argument(metavar="RUN", help="A run directory.")]
_Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


def report(
    run_path: _Run,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to write it (default: RUN/report/index.html).")
    ] = None,
) -> None:
    """Write a finished run on one page for a browser. It works offline: figures, ledger, topics, samples to read."""
    with answering():
        from graph import show
        from graph.progress import progress_for_terminal
        from graph.reporting import write_report

        made = write_report(run_path, out, progress_for_terminal())
        show.emit(f"{made} ({show.size(made.stat().st_size)}); open it in a browser")


def export(
    run_path: _Run,
    format_name: Annotated[str, typer.Option("--format", metavar="F", help="jsonl, hf, megatron, mds or npy.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where to write it (default: RUN/export/F).")
    ] = None,
    shard_size: Annotated[
        str, typer.Option("--shard-size", metavar="SIZE", help="Most bytes a shard holds before compression.")
    ] = "256MB",
    extra_token: Annotated[
        bool, typer.Option("--extra-token", help="One id more a sample: the one that comes next in its last document.")
    ] = False,
    licence: Annotated[
        str | None, typer.Option("--license", metavar="NAME", help="The licence that the dataset card states.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """Export a run's samples for a trainer, with a dataset card. An export that stopped goes on when it is called again."""
    with answering("; the same command goes on where it stopped"):
        from graph import show
        from graph.exporting import export_run
        from graph.progress import progress_for_terminal

        done = export_run(
            run_path,
            format_name,
            out,
            shard_size=shard_size,
            extra_token=extra_token,
            licence=licence,
            progress=progress_for_terminal(),
        )
        if as_json:
            show.emit_json({**done._asdict(), "path": str(done.path)})
        else:
            shards = "1 shard" if done.shards == 1 else f"{done.shards:,} shards"
            show.emit(f"{done.samples:,} samples in {shards} ({done.bytes:,} bytes) in {done.path}")


def repack(
    run_path: _Run,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The new run directory.")],
    tokenizer: Annotated[
        str | None, typer.Option("--tokenizer", metavar="T", help="An encoding's name, or a tokenizer.json.")
    ] = None,
    recipe: Annotated[str | None, typer.Option("--recipe", metavar="R", help="Another recipe.")] = None,
    context_length: Annotated[
        int | None, typer.Option("--context-length", metavar="N", help="Ids in every sample.")
    ] = None,
    boundaries: Annotated[
        str | None, typer.Option("--boundaries", metavar="B", help="sample or document: the attention spans.")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="a.b=c", help="Override another key of packing or negatives.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """Pack a finished run's topics and hits anew, by another tokenizer, recipe or length. Never calls a model."""
    with answering("; the same command goes on where it stopped"):
        from graph import show
        from graph.progress import progress_for_terminal
        from graph.repacking import repack as repack_run

        given = {
            "tokenizer": tokenizer,
            "packing.recipe": recipe,
            "packing.context_length": context_length,
            "packing.boundaries": boundaries,
        }
        changes = {key: value for key, value in given.items() if value is not None}
        done = repack_run(run_path, out, changes, set_ or (), progress_for_terminal())
        if as_json:
            show.emit_json({**asdict(done.result), "path": str(done.result.path), "searched": done.searched})
            return
        show.emit(f"{done.result.samples:,} samples ({done.result.tokens:,} tokens) in {done.result.path}/samples")
        for what in done.searched or ("nothing: topics and hits are the run's own",):
            show.emit(f"searched for {what}")
