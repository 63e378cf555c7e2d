"""How building, searching and size grow with the corpus: a table, and a plot of it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.machine import machine
from benchmarks.markdown import table
from benchmarks.search.texts import load_documents, questions
from benchmarks.search.timing import megabytes, milliseconds_a_query, reading, timed
from tools.files import replacing
from tools.search import SearchSettings, build_index
from tools.search.backends import BACKENDS

SIZES = (10_000, 20_000, 40_000, 80_000, 160_000, 280_000)
_K, _QUESTIONS, _ROUNDS = 100, 100, 3
_COLORS = {"whoosh": "#b35806", "tantivy": "#2166ac"}


class Point(NamedTuple):
    """One backend at one size: CPU seconds to build, CPU milliseconds a query (words new, words known), MB."""

    backend: str
    documents: int
    build: float
    first: float
    again: float
    size: float


def measure_growth(data: Path, plot: Path, say: Callable[[str], None]) -> str:
    """A Markdown table; the plot goes to `plot` (SVG). Raises `UsageError` when there are too few documents."""
    documents = load_documents(data, SIZES[-1])
    asked = questions(documents, _QUESTIONS)
    points = []
    for size in SIZES:
        for backend in BACKENDS:
            say(f"growth: {backend}, {size:,} documents")
            with TemporaryDirectory() as folder:
                path = Path(folder) / "index"
                index, build = timed(lambda: build_index(documents[:size], path, SearchSettings(backend)))  # noqa: B023
                first = milliseconds_a_query({"first": reading(index)}, asked, _K, 1)["first"]
                again = milliseconds_a_query({"again": reading(index)}, asked, _K, _ROUNDS)["again"]
                index.close()
                points.append(Point(backend, size, build, first, again, megabytes(path)))
    _draw(points, plot)
    return f"{machine()}\n\n{_table(points)}\n"


def _table(points: Sequence[Point]) -> str:
    headings = ("documents", "engine", "documents a CPU second", "ms a query, words new", "words known", "MB")
    rows = [
        (
            f"{p.documents:,}",
            p.backend,
            f"{p.documents / p.build:,.0f}",
            f"{p.first:.2f}",
            f"{p.again:.2f}",
            f"{p.size:.1f}",
        )
        for p in points
    ]
    return table(headings, rows, right=4)


def _draw(points: Sequence[Point], plot: Path) -> None:
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "litelong"  # the same picture gives the same file
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(11, 3.4), layout="constrained")
    titles = ("Building, CPU s", f"A query (k = {_K}), CPU ms", "Index, MB")
    for axis, title in zip(axes, titles, strict=True):
        axis.set(xscale="log", yscale="log", title=title, xlabel="documents")
        axis.set_xticks(SIZES, [f"{size // 1000}k" for size in SIZES])
        axis.minorticks_off()
        axis.grid(alpha=0.3)
    for backend, color in _COLORS.items():
        mine = [p for p in points if p.backend == backend]
        sizes = [p.documents for p in mine]
        axes[0].plot(sizes, [p.build for p in mine], "o-", color=color, label=backend)
        axes[1].plot(sizes, [p.first for p in mine], "o-", color=color, label=f"{backend}, words new")
        axes[1].plot(sizes, [p.again for p in mine], "o:", color=color, label=f"{backend}, words known")
        axes[2].plot(sizes, [p.size for p in mine], "o-", color=color, label=backend)
    axes[0].legend()
    axes[1].legend(fontsize="small")
    with replacing(plot) as temporary:
        figure.savefig(temporary, format="svg", metadata={"Date": None})
    plt.close(figure)
