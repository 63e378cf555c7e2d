"""nDCG@10 and MAP of each backend and of exact BM25, on judged collections, side by side."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import log2
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

from benchmarks.machine import machine
from benchmarks.markdown import table
from benchmarks.search.collections import Collection, load_collection
from benchmarks.search.exact import ExactBM25
from tools.corpus.document import Document
from tools.search import SearchIndex, SearchSettings, build_index
from tools.search.backends import BACKENDS

DEPTH = 1_000
_SHOWN = 10


def ndcg(ranked: Sequence[str], grades: Mapping[str, int], k: int = _SHOWN) -> float:
    """nDCG at `k`, gains as graded (as trec_eval and BEIR count them)."""
    gained = sum(grades.get(doc_id, 0) / log2(rank + 1) for rank, doc_id in enumerate(ranked[:k], 1))
    ideal = sum(grade / log2(rank + 1) for rank, grade in enumerate(sorted(grades.values(), reverse=True)[:k], 1))
    return gained / ideal


def average_precision(ranked: Sequence[str], grades: Mapping[str, int]) -> float:
    """Mean of the precision at each relevant document; one that is not in `ranked` counts 0."""
    found, total = 0, 0.0
    for rank, doc_id in enumerate(ranked, 1):
        if grades.get(doc_id, 0) > 0:
            found += 1
            total += found / rank
    return total / len(grades)


def measure_quality(folders: Sequence[Path]) -> str:
    """A Markdown table of all collections. Raises `UsageError` for a folder that is no collection."""
    rows = [row for folder in folders for row in _rows(load_collection(folder))]
    headings = ("collection", "engine", "documents", "queries", "nDCG@10", f"MAP@{DEPTH}", "to exact", "same top 10")
    return f"{machine()}\n\n{table(headings, rows, right=6)}\n"


def _rows(collection: Collection) -> list[tuple[object, ...]]:
    exact = ExactBM25(collection.documents)
    answers = {"exact BM25": _ask(exact.search, collection)}
    documents = [Document(doc_id, "", text, 0, 0) for doc_id, text in collection.documents.items()]
    for backend in BACKENDS:
        with TemporaryDirectory() as folder:
            index = build_index(documents, Path(folder) / "index", SearchSettings(backend))
            answers[backend] = _ask(partial(_found, index), collection)
            index.close()
    reference = answers["exact BM25"]
    base = _mean_ndcg(reference, collection)
    return [
        (
            collection.name,
            engine,
            f"{len(collection.documents):,}",
            f"{len(collection.queries):,}",
            f"{_mean_ndcg(found, collection):.4f}",
            f"{fmean(average_precision(found[query], grades) for query, grades in collection.grades.items()):.4f}",
            f"{_mean_ndcg(found, collection) - base:+.4f}",
            f"{fmean(_overlap(found[query], reference[query]) for query in collection.queries):.1%}",
        )
        for engine, found in answers.items()
    ]


def _found(index: SearchIndex, query: str, k: int) -> list[str]:
    return [hit.doc_id for hit in index.search(query, k)]


def _ask(search: Callable[[str, int], list[str]], collection: Collection) -> dict[str, list[str]]:
    return {query: search(text, DEPTH) for query, text in collection.queries.items()}


def _mean_ndcg(found: Mapping[str, Sequence[str]], collection: Collection) -> float:
    return fmean(ndcg(found[query], grades) for query, grades in collection.grades.items())


def _overlap(one: Sequence[str], other: Sequence[str]) -> float:
    ours, theirs = set(one[:_SHOWN]), set(other[:_SHOWN])
    return len(ours & theirs) / max(1, len(theirs))
