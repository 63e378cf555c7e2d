"""A Hugging Face dataset by name or local folder, through `datasets` and its memory-mapped Arrow files.

Map-style access and not streaming: a row can then be fetched by its number.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from litelong import UsageError
from tools.corpus.arrow import column_kinds, items_of, strings
from tools.corpus.document import Document, Reject
from tools.corpus.rows import Columns, Wanted, choose_columns
from tools.corpus.sources import changed

if TYPE_CHECKING:
    import datasets

PREFIX = "hf:"
_BATCH_ROWS = 256
_FETCH_ROWS = 64


class HuggingFace:
    """One split of a dataset; a document's position is its row."""

    def __init__(self, entry: str, base: Path, number: int, wanted: Wanted) -> None:
        """`entry` is `hf:NAME[@SPLIT]`; NAME may be a folder, relative to `base`. Raises `UsageError`."""
        name, _, split = entry.removeprefix(PREFIX).partition("@")
        if not name:
            raise UsageError(f"corpus.path: '{entry}' names no dataset: write hf:NAME or hf:NAME@SPLIT")
        self._entry = entry
        self._number = number
        self._wanted = wanted
        self._dataset = _load(entry, str(base / name) if (base / name).is_dir() else name, split)
        self._columns: Columns = choose_columns(entry, column_kinds(self._dataset.features.arrow_schema), wanted)

    @property
    def label(self) -> str:
        return self._entry

    @property
    def size_bytes(self) -> int:
        return int(self._dataset.data.nbytes)

    def stamp(self) -> str:
        return f"{self._entry} {self._dataset.num_rows} {self._dataset._fingerprint} {self._wanted}"

    def read(self) -> Iterator[Document | Reject]:
        if not self._dataset.num_rows:
            yield Reject(self._entry, 0, "empty dataset")
        rows = self._rows(list(self._columns.names))
        first = 0
        for table in rows.iter(batch_size=_BATCH_ROWS):
            doc_base = self._entry.removeprefix(PREFIX)
            yield from items_of(table, self._columns, self._entry, doc_base, self._number, first)
            first += table.num_rows

    def fetch(self, positions: Iterable[int]) -> Iterator[str]:
        rows = self._rows([self._columns.text])
        wanted = iter(positions)
        while some := list(islice(wanted, _FETCH_ROWS)):
            if some[-1] >= self._dataset.num_rows:
                raise changed(self._entry)
            for text in strings(rows[some].column(self._columns.text)):
                if not isinstance(text, str):
                    raise changed(self._entry)
                yield text

    def _rows(self, names: list[str]) -> "datasets.Dataset":
        return self._dataset.select_columns(names).with_format("arrow")


def _load(entry: str, name: str, split: str) -> "datasets.Dataset":
    try:
        import datasets
    except ImportError as error:
        raise UsageError(f"corpus.path: '{entry}' needs the package datasets: pip install litelong[hf]") from error
    datasets.disable_progress_bars()
    saved = any((Path(name) / marker).is_file() for marker in ("state.json", "dataset_dict.json"))
    try:
        loaded = datasets.load_from_disk(name) if saved else datasets.load_dataset(name, split=split or None)
    except Exception as error:  # `datasets` lets through the errors of every format and of the network
        raise UsageError(f"corpus.path: '{entry}' cannot be loaded: {_first_line(error)}") from error
    return _one_split(entry, loaded, split) if isinstance(loaded, dict) else loaded


def _one_split(entry: str, splits: "datasets.DatasetDict", split: str) -> "datasets.Dataset":
    chosen = split or ("train" if "train" in splits else next(iter(splits)) if len(splits) == 1 else "")
    if chosen not in splits:
        raise UsageError(
            f"corpus.path: '{entry}' has the splits {', '.join(splits)}: write {entry.partition('@')[0]}@SPLIT"
        )
    return splits[chosen]


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {(str(error).splitlines() or ['no reason given'])[0]}"
