"""Hugging Face dataset: Parquet shards that `load_dataset(FOLDER)` finds by the card, written by `datasets`' own writer."""

from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from litelong import UsageError
from tools.export.formats import Setting
from tools.export.samples import Sample

_AT_ONCE = 16
"""Samples in a row group."""


class HuggingFace:
    """`data/shard-00000.parquet`: `input_ids` (uint32), `doc_lens`, `n_tokens`, the sample's labels and its documents."""

    def __init__(self, setting: Setting) -> None:
        try:
            import datasets
        except ImportError as error:
            raise UsageError(f"--format hf: needs the package datasets; pip install 'litelong[hf]' ({error})") from None
        text, numbers = datasets.Value("string"), datasets.List
        labels = ("sample_id", "recipe", "topic_id", "topic", "category", "category_code")
        self._features = datasets.Features(
            {
                **dict.fromkeys(labels, text),
                "input_ids": numbers(datasets.Value("uint32")),
                "n_tokens": datasets.Value("int32"),
                "doc_lens": numbers(datasets.Value("int32")),
                "documents": numbers(text),
            }
        )

    def open(self, folder: Path, number: int) -> "_Shard":
        (folder / "data").mkdir()
        return _Shard(folder / "data" / f"shard-{number:05d}.parquet", self._features)

    def finish(self, folder: Path) -> None:
        """Nothing stands over the shards: the card names them."""

    @property
    def front_matter(self) -> dict[str, object]:
        return {"configs": [{"config_name": "default", "data_files": "data/shard-*.parquet"}]}


class _Shard:
    def __init__(self, path: Path, features: Any) -> None:  # noqa: ANN401 - datasets has no types
        from datasets.arrow_writer import ParquetWriter

        self._features = features
        self._stream = path.open("wb")
        self._writer = ParquetWriter(features=features, stream=self._stream, use_content_defined_chunking=False)
        self._rows: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def add(self, sample: Sample) -> int:
        documents = list(dict.fromkeys(segment["doc_id"] for segment in sample.segments))
        self._rows.append(
            {
                **sample.labels,
                "input_ids": sample.ids,
                "n_tokens": sample.n_tokens,
                "doc_lens": sample.doc_lens,
                "documents": documents,
            }
        )
        if len(self._rows) == _AT_ONCE:
            self._flush()
        return sample.ids.nbytes

    def close(self) -> None:
        self._flush()
        self._writer.finalize(close_stream=False)
        self._stream.close()

    def _flush(self) -> None:
        if not self._rows:
            return
        schema = self._features.arrow_schema
        columns = [pa.array([row[field.name] for row in self._rows], field.type) for field in schema]
        self._writer.write_table(pa.table(columns, schema=schema))
        self._rows.clear()
