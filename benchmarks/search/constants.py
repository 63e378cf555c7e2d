"""What other k1 and b than tantivy's own cost: building, size and searching, beside tantivy's own and beside Whoosh."""

import gc
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from whoosh.codec.whoosh3 import W3Codec

from benchmarks.machine import machine
from benchmarks.markdown import table
from benchmarks.search.engines import PlainWhoosh
from benchmarks.search.speed import KS
from benchmarks.search.texts import load_documents, questions
from benchmarks.search.timing import megabytes, milliseconds_a_query, reading, timed
from tools.corpus.document import Document
from tools.search import SearchSettings, build_index, words

_CONSTANTS = ((1.2, 0.75), (0.9, 0.4), (2.0, 0.75), (0.5, 0.3), (3.0, 1.0), (0.0, 0.0))
_QUESTIONS, _WHOOSH_QUESTIONS, _ROUNDS = 200, 20, 5
Row = tuple[object, ...]


def measure_constants(data: Path, size: int, say: Callable[[str], None]) -> str:
    """A Markdown table. Raises `UsageError` when there are too few documents."""
    documents = load_documents(data, size)
    asked = questions(documents, _QUESTIONS)
    few = asked[:: len(asked) // _WHOOSH_QUESTIONS]
    documents = documents[:size]
    for document in documents:
        words(document.text)  # so that the cache of stems is as full for the first builder as for the others
    say("Whoosh alone")
    with TemporaryDirectory() as folder:
        plain = PlainWhoosh(documents, Path(folder), W3Codec(2048, 3))
        slow = [milliseconds_a_query({"plain": plain.search}, few, k, 2)["plain"] for k in KS]
        plain.close()
    rows = []
    for k1, b in _CONSTANTS:
        say(f"tantivy, k1 {k1}, b {b}")
        rows.append(_row(documents, asked, few, SearchSettings("tantivy", k1, b), slow))
    headings = (
        "k1",
        "b",
        "documents a CPU second",
        "bytes a document",
        *(f"k = {k}, ms" for k in KS),
        *(f"Whoosh alone / this, k = {k}" for k in KS),
    )
    return f"{machine()}; {size:,} documents\n\n{table(headings, rows, right=10)}\n"


def _row(
    documents: Sequence[Document],
    asked: Sequence[str],
    few: Sequence[str],
    settings: SearchSettings,
    slow: Sequence[float],
) -> Row:
    gc.collect()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "index"
        index, seconds = timed(lambda: build_index(documents, path, settings))
        fast = [milliseconds_a_query({"ours": reading(index)}, asked, k, _ROUNDS)["ours"] for k in KS]
        same = [milliseconds_a_query({"ours": reading(index)}, few, k, _ROUNDS)["ours"] for k in KS]
        index.close()
        size = megabytes(path) * 1e6 / len(documents)
    times = [f"{whoosh / ours:.0f}" for whoosh, ours in zip(slow, same, strict=True)]
    return (
        settings.k1,
        settings.b,
        f"{len(documents) / seconds:,.0f}",
        f"{size:.0f}",
        *(f"{ms:.2f}" for ms in fast),
        *times,
    )
