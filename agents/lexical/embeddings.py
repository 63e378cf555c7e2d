"""Static word embeddings (wordllama, extra `dense`): titles compared by meaning where they share no word.

The model lies in the package; nothing is downloaded. Used by panels with `model: lexical+wordllama`.
"""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from litelong import UsageError

Embed = Callable[[str], NDArray[np.float32]]
"""A short text -> its unit vector, float32 [256]."""


def load_embeddings() -> Embed:
    """Load the model (0.4 s). Raises `UsageError` when the extra is not installed."""
    try:
        import wordllama
    except ImportError:
        raise UsageError("model lexical+wordllama needs the extra: pip install 'litelong[dense]'") from None
    # Release 0.4 looks for its bundled tokenizer in a folder of another name; as a cache folder the package is right.
    folder = Path(wordllama.__file__).parent
    model: Any = wordllama.WordLlama.load(cache_dir=folder, disable_download=True)

    @lru_cache(maxsize=20_000)
    def embed(text: str) -> NDArray[np.float32]:
        return np.asarray(model.embed([text], norm=True)[0], dtype=np.float32)

    return embed
