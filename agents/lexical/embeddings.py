"""Static word embeddings (wordllama, extra `dense`): titles and passages compared by meaning where they share no word.

The model lies in the package; nothing is downloaded. Used by panels with `model: lexical+wordllama`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from agents.meaning import Embed, Meaning, Vectors
from litelong import UsageError


def load_meaning(model: str) -> Meaning | None:
    """The embeddings of a family (`lexical+wordllama`; 0.4 s); None for `lexical`, which has none.

    Raises `UsageError` when the extra is not installed.
    """
    return Meaning(_wordllama()) if model == "lexical+wordllama" else None


def _wordllama() -> Embed:
    try:
        import wordllama
    except ImportError:
        raise UsageError("model lexical+wordllama needs the extra: pip install 'litelong[dense]'") from None
    # Release 0.4 looks for its bundled tokenizer in a folder of another name; as a cache folder the package is right.
    folder = Path(wordllama.__file__).parent
    model: Any = wordllama.WordLlama.load(cache_dir=folder, disable_download=True)

    def embed(texts: Sequence[str]) -> Vectors:
        return np.stack([np.asarray(model.embed([text], norm=True)[0], dtype=np.float32) for text in texts])

    return embed
