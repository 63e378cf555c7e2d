"""`python -m benchmarks search-...`: each prints a Markdown part, and writes it into docs/search.md when asked."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.answering import answering

search = typer.Typer()
Data = Annotated[Path, typer.Option(metavar="FOLDER", help="JSONL files of benchmarks.debian_corpus.")]
Page = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write the part into that page (docs/search.md).")
]


@search.command("search-judged")
def judged(data: Data, out: Annotated[Path, typer.Argument(metavar="OUT")]) -> None:
    """Write two judged collections (BEIR layout) made of free dictionaries and manuals."""
    with answering():
        from benchmarks.search.judged import write_judged

        print("\n".join(write_judged(data, out)))


@search.command("search-quality")
def quality(folders: Annotated[list[Path], typer.Argument(metavar="FOLDER...")], out: Page = None) -> None:
    """nDCG@10 and MAP of every backend and of exact BM25 on judged collections in BEIR or TREC layout."""
    with answering():
        from benchmarks.search.quality import measure_quality

        _show("quality", measure_quality(folders), out)


@search.command("search-speed")
def speed(
    data: Data,
    size: Annotated[list[int] | None, typer.Option(help="Documents (default: 100000 and 280000).")] = None,
    out: Page = None,
) -> None:
    """Building and searching through our interface beside the engines alone. About a quarter of an hour."""
    with answering():
        from benchmarks.search.speed import measure_speed

        _show("speed", measure_speed(data, size or (100_000, 280_000), _say), out)


@search.command("search-growth")
def growth(
    data: Data,
    plot: Annotated[Path, typer.Option(metavar="FILE", help="Where the SVG goes.")] = Path("docs/search-growth.svg"),
    out: Page = None,
) -> None:
    """How building, searching and size grow from 10,000 to 280,000 documents, with a plot."""
    with answering():
        from benchmarks.search.growth import measure_growth

        _show("growth", measure_growth(data, plot, _say), out)


@search.command("search-constants")
def constants(data: Data, size: Annotated[int, typer.Option(help="Documents.")] = 280_000, out: Page = None) -> None:
    """What other k1 and b than tantivy's own cost it."""
    with answering():
        from benchmarks.search.constants import measure_constants

        _show("constants", measure_constants(data, size, _say), out)


@search.command("search-whoosh")
def whoosh(data: Data, out: Page = None) -> None:
    """Whoosh's block size, compression, memory and positions, one at a time."""
    with answering():
        from benchmarks.search.whoosh_settings import measure_whoosh

        _show("whoosh", measure_whoosh(data, _say), out)


def _show(part: str, content: str, page: Path | None) -> None:
    print(content, end="")
    if page is not None:
        from benchmarks.markdown import write_part

        write_part(page, part, content)


def _say(what: str) -> None:
    sys.stderr.write(f"{what}\n")
    sys.stderr.flush()
