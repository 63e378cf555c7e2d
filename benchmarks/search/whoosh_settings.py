"""Whoosh's settings, one at a time: what each costs and saves. `whoosh_index` has the ones chosen here."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from whoosh.codec.whoosh3 import W3Codec

from benchmarks.machine import machine
from benchmarks.markdown import table
from benchmarks.search.engines import PlainWhoosh
from benchmarks.search.texts import load_documents, questions
from benchmarks.search.timing import megabytes, milliseconds_a_query, timed
from tools.search import words

DOCUMENTS, _QUESTIONS = 40_000, 40


class Setting(NamedTuple):
    """Postings a block, zlib level (0: none), MiB to sort in, and whether positions are kept."""

    block: int = 128
    compression: int = 3
    memory: int = 256
    positions: bool = False


SETTINGS = (
    Setting(),
    Setting(block=32),
    Setting(block=512),
    Setting(block=2048),
    Setting(compression=0),
    Setting(block=2048, compression=0),
    Setting(memory=32),
    Setting(memory=1024),
    Setting(positions=True),
)


def measure_whoosh(data: Path, say: Callable[[str], None]) -> str:
    """A Markdown table, a row for each of `SETTINGS`. Raises `UsageError` when there are too few documents."""
    documents = load_documents(data, DOCUMENTS)[:DOCUMENTS]
    asked = questions(documents, _QUESTIONS)
    for document in documents:
        words(document.text)
    rows = []
    for setting in SETTINGS:
        say(f"Whoosh: {setting}")
        with TemporaryDirectory() as folder:
            codec = W3Codec(setting.block, setting.compression)
            plain, build = timed(lambda: PlainWhoosh(documents, Path(folder), codec, setting.memory, setting.positions))  # noqa: B023
            size = megabytes(Path(folder))
            searches = {
                "plain": plain.search,
                "optimize": lambda text, k: plain.search(text, k, optimize=True),  # noqa: B023
                "read": lambda text, _: plain.read_postings(text),  # noqa: B023
            }
            few, many = (milliseconds_a_query(searches, asked, k, 2) for k in (10, 500))
            plain.close()
        rows.append(
            (
                setting.block,
                setting.compression,
                setting.memory,
                "yes" if setting.positions else "no",
                f"{build:.1f}",
                f"{size:.1f}",
                *(f"{found[name]:.1f}" for found in (few, many) for name in ("plain", "optimize")),
                f"{few['read']:.2f}",
            )
        )
    headings = (
        "block",
        "zlib",
        "MiB",
        "positions",
        "build, s",
        "MB",
        "k = 10",
        "optimize",
        "k = 500",
        "optimize",
        "read all",
    )
    return f"{machine()}; {DOCUMENTS:,} documents, CPU milliseconds a query\n\n{table(headings, rows, right=11)}\n"
