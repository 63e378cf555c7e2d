"""wordllama, whose model lies in its package: static word embeddings, offline (extras `dense` and `minilm`)."""

import logging
from pathlib import Path
from typing import Any

from litelong import UsageError


def load_wordllama(missing: str) -> Any:  # noqa: ANN401 - wordllama is untyped
    """The model, in 0.4 s. Raises `UsageError(missing)` when the package is not installed."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        import wordllama
    except ImportError:
        raise UsageError(missing) from None
    # Its import sends the INFO lines of every package to stderr, faiss's search for libraries among them.
    root.handlers[:] = handlers
    root.setLevel(level)
    # Release 0.4 looks for its bundled tokenizer in a folder of another name; as a cache folder the package is right.
    return wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)
