"""Faster engines for a tokenizer (extra `fast`), used only as far as they prove that their ids are the same.

Three proofs, because an engine with a newer Unicode or another reading of a pattern errs on few texts only (gigatoken 0.10 calls
letters what tiktoken's Unicode does not know yet):

1. `choose`: each assigned character in contexts that tell letters, digits, marks and spaces apart, a list of hostile strings,
   the tokenizer's special tokens as text, and a sample of the corpus. An engine that errs on a string or a document is not used;
   texts with characters that it reads otherwise, or that are not assigned, go to the tokenizer itself.
2. While it works, one text in `CHECKED` is encoded by both. A difference raises `DifferenceError`, and whoever fills a store
   encodes again what that engine gave it.
3. `litelong validate` encodes every document again by the tokenizer itself.
"""

import unicodedata
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from tools.tokens.engines import Engine, engines_for
from tools.tokens.interface import Encoded, Tokenizer

CHECKED = 256
LONG = 200_000
"""Characters above which a text goes to the tokenizer itself when it is mostly white space: patterns give up on such runs."""
_BLOCK = 64
_CONTEXT = "a{0}b'{0} {0}'s{0}1{0}23 {0}{0}\n{0}\n\n {0}A{0}é.{0}-"
_HOSTILE = (
    "", " ", "\n", "\r\n\r\n", "  \n  x", "\t\t\ta", " \u3000\u2028x", "can't I'LL you'Re 'ſ 'K o'clock''s", "'" * 50,
    "1234567890 12 3.14 ٣٤٥ ½²Ⅷ", "<|endoftext|><|im_start|>system<s></s>[INST]<pad>", "é e\u0301 \u0301\u0301 ﬁ ß İı",
    "文字漢字かなカナ한글", "😀👨‍👩‍👧🏳️‍🌈🇩🇪", "\x00\x01\x7f\x85\xa0\xad\ufeff\u200b\u200d", "a" * 5_000, " " * 5_000 + "x",
    "\n" * 3_000, "-" * 3_000 + "=" * 999, "x" * 100 + " \t\n" * 100, "def f(x):\n\treturn x  # no\n\n\n",
    "camelCaseHTTPServer_snake-kebab/path\\to.file:80?q=1&r=2#x", "\U0010ffff\ufdd0\ue000 \U000e0001",
)  # fmt: skip


class DifferenceError(Exception):
    """An engine gave other ids than its tokenizer."""


class Chosen(NamedTuple):
    """A tokenizer by which to fill a store, and why faster engines were left out (name: reason)."""

    tokenizer: Tokenizer
    left_out: dict[str, str]


def choose(tokenizer: Tokenizer, sample: Sequence[str]) -> Chosen:
    """The fastest engine for `tokenizer` that gives its ids on all tests and on `sample`; the tokenizer itself when none does."""
    left_out: dict[str, str] = {}
    for name, load in engines_for(tokenizer):
        try:
            engine = load()
            fast = FastTokenizer(tokenizer, engine, unread_characters(tokenizer, engine))
            different = fast.differing([*_HOSTILE, *map("{0} {0}a{0}".format, tokenizer.specials), *sample])
        except ImportError:
            left_out[name] = "not installed (extra fast)"
            continue
        except Exception as error:  # engines raise what they like on a vocabulary that they do not know
            left_out[name] = f"cannot load it ({' '.join(str(error).split())[:200]})"
            continue
        if different is None:
            return Chosen(fast, left_out)
        left_out[name] = f"gives other ids for {different[:40]!r}"
    return Chosen(tokenizer, left_out)


class FastTokenizer:
    """`tokenizer` with another engine for the texts that it is known to read alike."""

    def __init__(self, tokenizer: Tokenizer, engine: Engine, unread: NDArray[np.bool_]) -> None:
        """`unread` bool [0x110000]: characters whose texts the tokenizer itself encodes."""
        self._tokenizer, self._engine, self._unread = tokenizer, engine, unread
        self.engine = engine.name
        self.name, self.fingerprint, self.vocab_size = tokenizer.name, tokenizer.fingerprint, tokenizer.vocab_size
        self.specials = tokenizer.specials
        self.bos_id, self.eos_id, self.pad_id = tokenizer.bos_id, tokenizer.eos_id, tokenizer.pad_id
        self.decode: Callable[[Sequence[int] | NDArray[np.integer]], str] = tokenizer.decode
        self.borders = tokenizer.borders

    def encode_batch(self, texts: Sequence[str], threads: int = 1) -> Encoded:
        """See `Tokenizer.encode_batch`. Raises `DifferenceError` when a checked text has other ids by the tokenizer itself."""
        alike = [self._reads(text) for text in texts]
        fast = self._by_engine([text for text, is_alike in zip(texts, alike, strict=True) if is_alike], threads)
        slow = self._tokenizer.encode_batch(
            [text for text, is_alike in zip(texts, alike, strict=True) if not is_alike], threads
        )
        checked = [n for n, t in enumerate(texts) if alike[n] and crc32(t[:256].encode()) % CHECKED == 0]
        encoded = _merged(alike, fast, slow) if not all(alike) else fast
        again = self._tokenizer.encode_batch([texts[n] for n in checked], threads)
        for place, number in enumerate(checked):
            if not np.array_equal(_ids(again, place), _ids(encoded, number)):
                raise DifferenceError(f"{self.engine} gives other ids than {self.name} for {texts[number][:40]!r}")
        return encoded

    def differing(self, texts: Sequence[str]) -> str | None:
        """The first of `texts` that the engine does not encode as the tokenizer does."""
        one, other = self._by_engine(list(texts), 1), self._tokenizer.encode_batch(texts)
        for number, text in enumerate(texts):
            if self._reads(text) and not np.array_equal(_ids(one, number), _ids(other, number)):
                return text
        return None

    def _reads(self, text: str) -> bool:
        if len(text) > LONG and len(text.split()) < len(text) // 100:
            return False
        if text.isascii():
            return True
        return not self._unread[np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")].any()

    def _by_engine(self, texts: list[str], threads: int) -> Encoded:
        if threads == 1 or len(texts) < 2 * threads:
            return self._engine.encode(texts)
        borders = np.linspace(0, len(texts), 2 * threads + 1).astype(int).tolist()
        with ThreadPoolExecutor(threads) as pool:
            parts = list(pool.map(self._engine.encode, (texts[a:b] for a, b in pairwise(borders))))
        lengths = np.concatenate([np.diff(part.offsets) for part in parts])
        return Encoded(np.concatenate([part.ids for part in parts]), _offsets(lengths))


def unread_characters(tokenizer: Tokenizer, engine: Engine) -> NDArray[np.bool_]:
    """bool [0x110000]: characters that are unassigned or private, or that the engine reads unlike the tokenizer."""
    unread = np.ones(0x110000, np.bool_)
    unread[:128] = False
    known = _assigned()
    unread[list(known)] = False
    # In blocks first: a difference is rare, and one call a character would take seconds.
    blocks = [known[begin : begin + _BLOCK] for begin in range(0, len(known), _BLOCK)]
    suspects = _unlike(tokenizer, engine, blocks)
    for (character,) in _unlike(tokenizer, engine, [(c,) for block in suspects for c in block]):
        unread[character] = True
    return unread


@lru_cache(1)
def _assigned() -> tuple[int, ...]:
    return tuple(c for c in range(128, 0x110000) if unicodedata.category(chr(c)) not in ("Cn", "Co", "Cs"))


def _unlike(tokenizer: Tokenizer, engine: Engine, groups: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    texts = ["\n".join(_CONTEXT.format(chr(c)) for c in group) for group in groups]
    one, other = engine.encode(texts), tokenizer.encode_batch(texts)
    return [g for n, g in enumerate(groups) if not np.array_equal(_ids(one, n), _ids(other, n))]


def _ids(encoded: Encoded, number: int) -> NDArray[np.uint32]:
    return encoded.ids[encoded.offsets[number] : encoded.offsets[number + 1]]


def _offsets(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)


def _merged(alike: Sequence[bool], fast: Encoded, slow: Encoded) -> Encoded:
    """Texts in their order again: those `alike` from `fast`, the others from `slow`."""
    places = [0, 0]
    parts = []
    for is_alike in alike:
        source = fast if is_alike else slow
        parts.append(_ids(source, places[is_alike]))
        places[is_alike] += 1
    return Encoded(np.concatenate(parts), _offsets(np.array([len(part) for part in parts], np.int64)))
