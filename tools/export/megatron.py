"""Megatron `.bin`/`.idx`, written by datatrove: each sample is a document, so that a sequence never mixes two of them."""

import warnings
from pathlib import Path
from typing import Any, Self

import numpy as np

from litelong import UsageError
from tools.export.formats import Setting
from tools.export.samples import Sample


class Megatron:
    """`shard-00000.bin` and `.idx`: uint16 where the vocabulary allows, else int32, as Megatron reads them."""

    def __init__(self, setting: Setting) -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                from datatrove.pipeline.tokens.megatron_tokenizer import MegatronTokenizedFile
        except ImportError as error:
            raise UsageError(
                f"--format megatron: needs the package datatrove; pip install 'litelong[megatron]' ({error})"
            ) from None
        self._open = MegatronTokenizedFile
        self._token_size = setting.dtype.itemsize

    def open(self, folder: Path, number: int) -> "_Shard":
        return _Shard(self._open(str(folder), f"shard-{number:05d}", token_size=self._token_size), self._token_size)

    def finish(self, folder: Path) -> None:
        """Nothing stands over the shards: Megatron takes a list of prefixes."""

    @property
    def front_matter(self) -> dict[str, object]:
        return {}


class _Shard:
    def __init__(self, file: Any, token_size: int) -> None:  # noqa: ANN401 - datatrove has no types
        self._file = file
        self._dtype = np.int32 if token_size == 4 else np.uint16

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.bin_file.close()

    def add(self, sample: Sample) -> int:
        self._file.write(sample.ids.astype(self._dtype))
        return len(sample.ids) * self._dtype().itemsize

    def close(self) -> None:
        self._file.close()
