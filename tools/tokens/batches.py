"""Encoding many texts with a given number of threads. Both engines release the interpreter's lock while they encode a text."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from tools.tokens.interface import Encoded


def encode_all(encode: Callable[[str], NDArray[np.uint32]], texts: Sequence[str], threads: int) -> Encoded:
    """`encode` of every text in order, in at most `threads` threads."""
    if threads > 1 and len(texts) > 1:
        with ThreadPoolExecutor(threads) as pool:
            parts = list(pool.map(encode, texts))
    else:
        parts = [encode(text) for text in texts]
    offsets = np.zeros(len(parts) + 1, np.int64)
    np.cumsum([len(part) for part in parts], out=offsets[1:])
    return Encoded(np.concatenate([np.empty(0, np.uint32), *parts]), offsets)


def without_lone_surrogates(text: str) -> str:
    """`text` with surrogate pairs joined and lone surrogates replaced by U+FFFD: what both engines can encode."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
