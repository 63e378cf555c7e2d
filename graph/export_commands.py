"""`litelong export` and `litelong repack`: what is made of a finished run."""

from pathlib import Path
from typing import Annotated

import typer

from graph.answering import answering

_Run = Annotated[Path, typer.Argument(metavar="RUN", help="A run directory.")]
_Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


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
            show.emit(f"{done.samples:,} samples in {done.shards:,} shards ({done.bytes:,} bytes) in {done.path}")
