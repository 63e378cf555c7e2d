"""Adapters to faster tokenizer engines. What they give is proved in `tools.tokens.fast`; here they are only loaded and called."""

import tempfile
from base64 import b64encode
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tools.tokens.interface import Encoded, Tokenizer
from tools.tokens.tiktoken_encoding import TiktokenEncoding
from tools.tokens.tokenizer_file import TokenizerFile

_SCHEMES = {"cl100k_base": "gpt4", "o200k_base": "o200k", "r50k_base": "gpt2", "p50k_base": "gpt2"}
"""gigatoken's names for the patterns of tiktoken's encodings."""


class Engine(Protocol):
    """Encodes texts without lone surrogates, special-token strings as text."""

    name: str

    def encode(self, texts: list[str]) -> Encoded: ...


def engines_for(tokenizer: Tokenizer) -> list[tuple[str, Callable[[], Engine]]]:
    """What may encode for this tokenizer, the fastest first: names, and how to load each (raises whatever it likes)."""
    if isinstance(tokenizer, TiktokenEncoding) and tokenizer.name in _SCHEMES:
        return [("gigatoken", partial(_gigatoken_of_ranks, tokenizer))]
    if isinstance(tokenizer, TokenizerFile):
        return [("gigatoken", partial(_gigatoken_of_file, tokenizer)), ("tokie", partial(Tokie, tokenizer))]
    return []


class Gigatoken:
    """gigatoken: a cache of words beside its merges, so that a batch after the first is faster."""

    def __init__(self, tokenizer: Any) -> None:  # noqa: ANN401 - gigatoken.Tokenizer, imported late
        self.name = f"gigatoken {version('gigatoken')}"
        self._tokenizer = tokenizer

    def encode(self, texts: list[str]) -> Encoded:
        """The ids of each text, on the calling thread."""
        if not texts:
            return Encoded(np.empty(0, np.uint32), np.zeros(1, np.int64))
        layout = self._tokenizer.encode_batch(texts, parallel=False).layout
        offsets = np.asarray(layout.offsets.data, np.int64)
        return Encoded(np.asarray(layout.content.data, np.uint32)[offsets[0] : offsets[-1]], offsets - offsets[0])


class Tokie:
    """tokie: for files whose pattern gigatoken does not know."""

    def __init__(self, tokenizer: TokenizerFile) -> None:
        import tokie

        self.name = f"tokie {version('tokie')}"
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "tokenizer.json"
            path.write_bytes(tokenizer.without_specials())
            self._tokenizer: Any = tokie.Tokenizer.from_json(str(path))

    def encode(self, texts: list[str]) -> Encoded:
        """The ids of each text, on tokie's own threads."""
        ids, lengths = self._tokenizer.encode_batch_flat(texts, add_special_tokens=False)
        offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        return Encoded(np.asarray(ids, np.uint32), offsets)


def _gigatoken_of_ranks(tokenizer: TiktokenEncoding) -> Gigatoken:
    from gigatoken import Tokenizer as Fast

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ranks.tiktoken"
        lines: Sequence[bytes] = [b"%b %d\n" % (b64encode(token), rank) for token, rank in tokenizer.ranks()]
        path.write_bytes(b"".join(lines))
        # No special tokens: their strings in a text are text.
        return Gigatoken(Fast.from_tiktoken(path, _SCHEMES[tokenizer.name], {}))


def _gigatoken_of_file(tokenizer: TokenizerFile) -> Gigatoken:
    from gigatoken import Tokenizer as Fast

    return Gigatoken(Fast.from_json(tokenizer.without_specials()))
