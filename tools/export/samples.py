"""Reading a run's samples in order, from any of them on, a few at a time."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from litelong import UsageError

_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample as it is exported: `ids` uint32 [context_length, or one more], and the other columns of its row.

    `labels` are sample_id, recipe, topic_id, topic, category and category_code; `n_tokens` ids are not padding; `doc_lens` are
    the attention spans' lengths, of which that of padding stands last.
    """

    ids: NDArray[np.uint32]
    n_tokens: int
    doc_lens: list[int]
    segments: list[dict[str, Any]]
    labels: Mapping[str, str]


NextId = Callable[[dict[str, Any], int], int]
"""The id that would come after a sample: from its last segment, and the number of its ids that are padding."""


def count_samples(folder: Path) -> int:
    """How many samples the files in `folder` hold. Raises `UsageError` for one that cannot be read."""
    total = 0
    for file in _files(folder):
        with _readable(file):
            total += pq.read_metadata(file).num_rows
    return total


def read_samples(folder: Path, first: int, next_id: NextId | None = None) -> Iterator[Sample]:
    """The samples of `samples/*.parquet` from number `first` on; with `next_id` each with one id more."""
    for file in _files(folder):
        with _readable(file), pq.ParquetFile(file) as parquet:
            if first >= parquet.metadata.num_rows:
                first -= parquet.metadata.num_rows
                continue
            for batch in parquet.iter_batches(_AT_ONCE):
                yield from _rows(batch.slice(first), next_id)
                first = max(0, first - batch.num_rows)


@contextmanager
def _readable(file: Path) -> Iterator[None]:
    """Raise `UsageError` when a part is damaged."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        said = str(error).partition("\n")[0]
        raise UsageError(f"{file}: cannot be read as Parquet ({said}); litelong validate says what is wrong") from None


def _files(folder: Path) -> list[Path]:
    files = sorted(folder.glob("part-*.parquet"))
    if not files:
        raise UsageError(f"{folder}: holds no samples (no part-*.parquet); finish the run first")
    return files


def _rows(batch: Any, next_id: NextId | None) -> Iterator[Sample]:  # noqa: ANN401 - pyarrow has no types
    ids = batch.column("input_ids")
    for number, row in enumerate(batch.drop_columns(["input_ids"]).to_pylist()):
        own = ids[number].values.to_numpy()
        n_tokens, doc_lens, segments = (row.pop(name) for name in ("n_tokens", "doc_lens", "segments"))
        if next_id is not None:
            padding = len(own) - n_tokens
            own = np.append(own, np.uint32(next_id(segments[-1], padding)))
            doc_lens[-1] += 1
            n_tokens += not padding
        yield Sample(own, n_tokens, doc_lens, segments, row)
