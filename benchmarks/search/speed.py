"""Building and searching beside the engines alone, on the same real documents, in one process."""

import gc
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from whoosh.codec.whoosh3 import W3Codec

from benchmarks.machine import machine
from benchmarks.markdown import table
from benchmarks.search.engines import PlainTantivy, PlainWhoosh
from benchmarks.search.texts import load_documents, questions
from benchmarks.search.timing import megabytes, milliseconds_a_query, reading, timed
from tools.corpus.document import Document
from tools.search import SearchIndex, SearchSettings, build_index, words

KS = (10, 100, 500)
_QUESTIONS, _WHOOSH_QUESTIONS, _ROUNDS = 200, 20, 7
Tick = Callable[[str], None]
Row = tuple[object, ...]


class Built(NamedTuple):
    """An engine alone and the same behind our interface, with what building took (CPU seconds) and the sizes (MB)."""

    plain: PlainTantivy | PlainWhoosh
    ours: SearchIndex
    seconds_plain: float
    seconds_ours: float
    size_plain: float
    size_ours: float


def measure_speed(data: Path, sizes: Sequence[int], say: Tick) -> str:
    """Two Markdown tables, building and searching, at each size. Raises `UsageError` when there are too few documents."""
    documents = load_documents(data, max(sizes))
    asked = questions(documents, _QUESTIONS)
    building: list[Row] = []
    searching: list[Row] = []
    for size in sizes:
        part = documents[:size]
        for document in part:
            words(document.text)  # so that the cache of stems is as full for the first builder as for the second
        with TemporaryDirectory() as folder:
            tantivy = _build("tantivy", part, Path(folder), say)
            whoosh = _build("whoosh", part, Path(folder), say)
            building += [_building(name, size, built) for name, built in (("tantivy", tantivy), ("whoosh", whoosh))]
            for k in KS:
                say(f"{size:,} documents: searching, k = {k}")
                searching.append((f"{size:,}", k, *_searching(tantivy, whoosh, asked, k)))
            for built in (tantivy, whoosh):
                built.ours.close()
    return f"{machine()}\n\n{_building_table(building)}\n\n{_searching_table(searching)}\n"


def _build(name: str, documents: Sequence[Document], folder: Path, say: Tick) -> Built:
    alone, ours = folder / f"plain-{name}", folder / f"ours-{name}"
    alone.mkdir()
    say(f"{len(documents):,} documents: building {name} alone")
    gc.collect()
    plain: PlainTantivy | PlainWhoosh
    if name == "tantivy":
        plain, seconds_plain = timed(lambda: PlainTantivy(documents, alone))
    else:
        plain, seconds_plain = timed(lambda: PlainWhoosh(documents, alone, W3Codec(2048, 3)))
    say(f"{len(documents):,} documents: building {name} through ours")
    gc.collect()
    index, seconds_ours = timed(lambda: build_index(documents, ours, SearchSettings(name)))
    return Built(plain, index, seconds_plain, seconds_ours, megabytes(alone), megabytes(ours))


def _building(name: str, size: int, built: Built) -> Row:
    return (
        name,
        f"{size:,}",
        f"{size / built.seconds_plain:,.0f}",
        f"{size / built.seconds_ours:,.0f}",
        f"{built.seconds_ours / built.seconds_plain:.2f}",
        f"{built.size_plain:.1f}",
        f"{built.size_ours:.1f}",
        f"{built.size_ours * 1e6 / size:.0f}",
    )


def _searching(tantivy: Built, whoosh: Built, asked: Sequence[str], k: int) -> Row:
    assert isinstance(tantivy.plain, PlainTantivy)
    fast = milliseconds_a_query(
        {
            "search": tantivy.plain.ranked,
            "ids": tantivy.plain.search,
            "ours": tantivy.ours.search,
            "read": reading(tantivy.ours),
        },
        asked,
        k,
        _ROUNDS,
    )
    few = asked[:: len(asked) // _WHOOSH_QUESTIONS]
    same = milliseconds_a_query({"read": reading(tantivy.ours)}, few, k, _ROUNDS)["read"]
    cold = _reopened(whoosh)
    first = milliseconds_a_query({"read": reading(cold)}, few, k, 1)["read"]
    slow = milliseconds_a_query({"plain": whoosh.plain.search, "read": reading(cold)}, few, k, 2)
    cold.close()
    return (
        f"{fast['search']:.3f}",
        f"{fast['ids']:.3f}",
        f"{fast['ours']:.3f}",
        f"{fast['read']:.3f}",
        f"{fast['ours'] / fast['search']:.2f}",
        f"{fast['read'] / fast['search']:.2f}",
        f"{fast['read'] / fast['ids']:.2f}",
        f"{slow['plain']:.1f}",
        f"{first:.1f}",
        f"{slow['read']:.2f}",
        f"{slow['plain'] / same:.0f}",
        f"{first / same:.0f}",
    )


def _reopened(built: Built) -> SearchIndex:
    """The same index with nothing remembered of earlier queries."""
    return type(built.ours).open(built.ours.path)


def _building_table(rows: Sequence[Row]) -> str:
    headings = (
        "engine",
        "documents",
        "alone, documents a CPU second",
        "ours",
        "ours / alone (CPU)",
        "alone, MB",
        "ours, MB",
        "bytes a document",
    )
    return table(headings, rows, right=7)


def _searching_table(rows: Sequence[Row]) -> str:
    headings = (
        "documents",
        "k",
        "tantivy, search alone",
        "tantivy, with ids",
        "tantivy, ours",
        "tantivy, ours, every hit read",
        "ours / alone",
        "read / alone",
        "read / with ids",
        "Whoosh alone",
        "Whoosh, ours, words new",
        "words known",
        "Whoosh alone / tantivy, ours",
        "Whoosh, ours, new / tantivy, ours",
    )
    return "CPU milliseconds a query:\n\n" + table(headings, rows, right=14)
