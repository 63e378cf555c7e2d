"""`tokenizer.json` files (Llama, Qwen, Mistral, ...) through the `tokenizers` package.

A file brings habits that would spoil a corpus, and they are taken off: truncation and padding, dropout (which makes encoding
random), special tokens recognised inside text (by the added vocabulary, or by a model that has them in its own, as Unigram and
WordLevel do), and post-processors, which may leave white space out of the places of tokens. `encode_batch_fast` is called with
one text at a time from our own threads: `encode` keeps the interpreter's lock, and a whole batch would take every core there is.
A byte-level BPE of 8,000 tokens encodes about 4 MB of English a CPU-second.
"""

import re
from collections.abc import Sequence
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import tokenizers
from numpy.typing import NDArray

from litelong import UsageError
from tools.tokens.batches import encode_all, without_lone_surrogates
from tools.tokens.borders import borders_of_offsets
from tools.tokens.interface import Encoded

# What decides the ids of a text. Post-processors add special tokens and decoders make text: neither does.
_DECIDES_IDS = ("added_tokens", "normalizer", "pre_tokenizer", "model")

# In the order of preference, for files that come without a configuration beside them.
_WELL_KNOWN = {
    "bos_token": ("<|begin_of_text|>", "<|startoftext|>", "<s>", "<bos>"),
    "eos_token": ("<|end_of_text|>", "<|endoftext|>", "</s>", "<eos>"),
    "pad_token": ("<|finetune_right_pad_id|>", "<pad>", "<|pad|>", "[PAD]"),
}


_BYTE = re.compile("<0x[0-9A-F]{2}>")


class TokenizerFile:
    """A `Tokenizer` over one `tokenizer.json`."""

    engine = "tokenizers"

    def __init__(self, name: str, path: Path) -> None:
        """Load the file `path`. Raises `UsageError` when it is no whole `tokenizer.json`."""
        self.name = name
        content = _json_object(path)
        named = _named_specials(path.parent)
        try:
            if content["model"].get("dropout") is not None:
                content["model"]["dropout"] = None
            known = {*named.values(), *chain(*_WELL_KNOWN.values())}
            for token in content.get("added_tokens") or []:
                token["special"] = bool(token.get("special")) or token["content"] in known
            self._tokenizer = _engine(content)
            vocabulary = self._tokenizer.get_vocab(with_added_tokens=True)
            self.vocab_size: int = max(vocabulary.values()) + 1
        except Exception as error:  # the package raises bare Exception
            raise UsageError(
                f"tokenizer {path}: no tokenizer.json that `tokenizers` can load ({error!s:.200})"
            ) from error
        self.bos_id, self.eos_id, self.pad_id = (
            self._special_id([named[kind]] if kind in named else _WELL_KNOWN[kind]) for kind in _WELL_KNOWN
        )
        special = {token["content"] for token in content.get("added_tokens") or [] if token["special"]}
        # Padding by a plain character, as CLIP's "!", ends nothing.
        padding = self.pad_id if len(self._tokenizer.id_to_token(self.pad_id or 0) or "") > 1 else None
        special |= {text for text, i in vocabulary.items() if i in (self.bos_id, self.eos_id, padding)}
        self.specials: list[str] = sorted(special)
        self._content = self._keeping_specials_text(content, path)
        decisive = orjson.dumps([self._content.get(part) for part in _DECIDES_IDS], option=orjson.OPT_SORT_KEYS)
        self.fingerprint: str = blake2b(decisive, digest_size=16).hexdigest()

    def without_specials(self) -> bytes:
        """The file for engines that would find special tokens in a text: with its vocabulary and without them."""
        added = [token for token in self._content.get("added_tokens") or [] if not token.get("special")]
        off = {"added_tokens": added, "truncation": None, "padding": None, "post_processor": None}
        return orjson.dumps({**self._content, **off})

    def encode_batch(self, texts: Sequence[str], threads: int = 1) -> Encoded:
        """See `Tokenizer.encode_batch`."""
        return encode_all(self._encode, texts, threads)

    def decode(self, ids: Sequence[int] | NDArray[np.integer]) -> str:
        """See `Tokenizer.decode`."""
        return self._tokenizer.decode([int(i) for i in ids], skip_special_tokens=False)

    def borders(self, text: str, ids: NDArray[np.integer]) -> NDArray[np.int64]:
        """See `Tokenizer.borders`. Encoded once more: after a normalizer only `tokenizers` knows where a token came from."""
        encoded = self._tokenizer.encode(text, add_special_tokens=False)
        if not np.array_equal(encoded.ids, ids):
            raise ValueError(f"{len(ids)} ids for a text of {len(encoded.ids)} tokens, or other ones")
        return borders_of_offsets(len(text), encoded.offsets)

    def _keeping_specials_text(self, content: dict[str, Any], path: Path) -> dict[str, Any]:
        """`content` and the engine changed where special tokens would be found in a text: no word then holds a whole one.

        Raises `UsageError` when they are found all the same.
        """
        if self._found_in_text(content) is None:
            return content
        cut = "|".join(f"{re.escape(text[0])}(?={re.escape(text[1:])})" for text in self.specials if len(text) > 1)
        split = {"type": "Split", "pattern": {"Regex": cut}, "behavior": "Isolated", "invert": False}
        steps = [step for step in (content.get("pre_tokenizer"), split) if step]
        changed = {**content, "pre_tokenizer": {"type": "Sequence", "pretokenizers": steps}}
        self._tokenizer = _engine(changed)
        found = self._found_in_text(changed)
        if found is not None:
            raise UsageError(
                f"tokenizer {path}: takes {found[:40]!r} in a text for its special token, so that a document could end a sample; "
                "use another tokenizer.json"
            )
        return changed

    def _found_in_text(self, content: dict[str, Any]) -> str | None:
        """A special token that a text which names it has by its id. (Not the tokens of unknown characters or of single bytes.)"""
        model = content["model"]
        unknown = model.get("unk_id"), self._special_id([model.get("unk_token")])
        for text in self.specials:
            number = self._tokenizer.token_to_id(text)
            if number in unknown or _BYTE.fullmatch(text):
                continue
            ids = self._tokenizer.encode(f"{text} {text}a{text}\n{text}", add_special_tokens=False).ids
            if number in ids:
                return text
        return None

    def _encode(self, text: str) -> NDArray[np.uint32]:
        try:
            encoded = self._tokenizer.encode_batch_fast([text], add_special_tokens=False)
        except TypeError:  # a lone surrogate
            encoded = self._tokenizer.encode_batch_fast([without_lone_surrogates(text)], add_special_tokens=False)
        return np.array(encoded[0].ids, np.uint32)

    def _special_id(self, candidates: Sequence[str | None]) -> int | None:
        found = (self._tokenizer.token_to_id(token) for token in candidates if token)
        return next((i for i in found if i is not None), None)


def _engine(content: dict[str, Any]) -> tokenizers.Tokenizer:
    """The file's engine without the habits above."""
    engine = tokenizers.Tokenizer.from_str(orjson.dumps({**content, "post_processor": None}).decode())
    engine.no_truncation()
    engine.no_padding()
    engine.encode_special_tokens = True
    return engine


def _named_specials(folder: Path) -> dict[str, str | None]:
    """What the files beside a tokenizer say: `bos_token` etc. to its string, or to None where it says that there is none."""
    named: dict[str, str | None] = {}
    for file in ("special_tokens_map.json", "tokenizer_config.json"):
        if not (folder / file).is_file():
            continue
        for kind, value in _json_object(folder / file).items():
            if kind in _WELL_KNOWN:
                text = value.get("content") if isinstance(value, dict) else value
                named[kind] = text if isinstance(text, str) else None
    return named


def _json_object(path: Path) -> dict[str, Any]:
    try:
        content = orjson.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"tokenizer {path}: cannot be read as JSON ({error!s:.200})") from error
    if not isinstance(content, dict):
        raise UsageError(f"tokenizer {path}: a JSON object is expected, not a {type(content).__name__}")
    return content
