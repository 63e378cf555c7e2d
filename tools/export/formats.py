"""The formats by name. Each is a class in a file of its own, whose libraries are loaded when it is asked for."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

from litelong import UsageError

if TYPE_CHECKING:
    import numpy as np

    from tools.export.samples import Sample
    from tools.tokens import Tokenizer


class Setting(NamedTuple):
    """What a format must know of the samples: ids in each, the tokenizer, and the special ids that a text leaves out.

    `marks_from`: where in a sample marks of pieces may begin, behind BOS (None: none stand between the segments).
    """

    length: int
    tokenizer: "Tokenizer"
    separator: int | None
    marks_from: int | None = None

    @property
    def dtype(self) -> "np.dtype[np.unsignedinteger]":
        """The narrowest of uint16 and uint32 that holds every id."""
        import numpy as np

        return np.dtype("<u2" if self.tokenizer.vocab_size <= 1 << 16 else "<u4")


class Shard(Protocol):
    """One shard on its way. As a context manager: leaving it without `close` gives up what was opened."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def add(self, sample: "Sample") -> int:
        """Write a sample; the bytes that it takes (before compression)."""
        ...

    def close(self) -> None:
        """Finish the shard's files."""
        ...


class Format(Protocol):
    """How shards are written. A shard's files are all in the folder that it is given."""

    def open(self, folder: Path, number: int) -> Shard:
        """Begin shard `number` in the (empty) `folder`."""
        ...

    def finish(self, folder: Path) -> None:
        """Write what stands over all shards, once they are in `folder`."""
        ...

    @property
    def front_matter(self) -> dict[str, object]:
        """Keys of the dataset card that tell a loader where the data is."""
        ...


_FORMATS = {"jsonl": "Jsonl", "hf": "HuggingFace", "megatron": "Megatron", "mds": "Mds", "npy": "Npy"}


def format_names() -> list[str]:
    """All formats that `get_format` knows."""
    return list(_FORMATS)


def get_format(name: str, setting: Setting) -> Format:
    """The format called `name`. Raises `UsageError` for an unknown one, or when its library is not installed."""
    if name not in _FORMATS:
        raise UsageError(f"--format {name[:40]}: unknown format; there are: {', '.join(_FORMATS)}")
    made: Format = getattr(import_module(f"tools.export.{name}"), _FORMATS[name])(setting)
    return made
