"""CPU time, of this process and all its threads: wall time on a shared machine says nothing."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import process_time
from typing import TypeVar

from tools.search import Hit, SearchIndex

T = TypeVar("T")


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What `work` returned, and the CPU seconds it took."""
    begin = process_time()
    result = work()
    return result, process_time() - begin


def milliseconds_a_query(
    searches: Mapping[str, Callable[[str, int], object]], questions: Sequence[str], k: int, rounds: int
) -> dict[str, float]:
    """CPU milliseconds a query of each search: the least of `rounds`, the searches taking turns in each."""
    least = dict.fromkeys(searches, float("inf"))
    for _ in range(rounds):
        for name, search in searches.items():
            begin = process_time()
            for question in questions:
                search(question, k)
            least[name] = min(least[name], (process_time() - begin) / len(questions) * 1e3)
    return least


def reading(index: SearchIndex) -> Callable[[str, int], list[Hit]]:
    """`index.search`, and every hit looked at: its id, rank and score. Before that, hits are neither ordered nor named."""
    return lambda text, k: list(index.search(text, k))


def megabytes(folder: Path) -> float:
    """10**6 bytes of all files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6
