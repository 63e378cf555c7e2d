"""What a tokenizer promises: ids of a text's own characters, and nothing put in by the text itself.

Special-token strings inside a document are encoded as the text they are, so that no document can end a sample or open a
chat turn. Special ids are added by the packer alone.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray


class Encoded(NamedTuple):
    """Token ids of n texts: text i has `ids[offsets[i]:offsets[i + 1]]`."""

    ids: NDArray[np.uint32]
    """uint32, one after the other."""
    offsets: NDArray[np.int64]
    """int64 [n + 1], in tokens, from 0."""


class Located(NamedTuple):
    """Where n documents' ids lie: `places` [n] among all documents of a store, whose ids are parts of `arrays`.

    `starts` int64 are the first tokens of all of a store's documents, counted over its parts; `first_documents` and
    `first_tokens` int64 what lies before each part.
    """

    arrays: Sequence[NDArray[np.uint16] | NDArray[np.uint32]]
    places: NDArray[np.uint32] | NDArray[np.int64]
    starts: NDArray[np.int64]
    first_documents: NDArray[np.int64]
    first_tokens: NDArray[np.int64]

    def of(self, documents: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """`part` and `begin`, int64 [m]: document `documents[i]` begins at `arrays[part[i]][begin[i]]`."""
        places = self.places[documents]
        part = np.searchsorted(self.first_documents, places, "right") - 1
        return part, self.starts[places] - self.first_tokens[part]


class Tokenizer(Protocol):
    """One vocabulary. Encoding is a pure function of the text, whatever the number of threads."""

    @property
    def name(self) -> str:
        """What the configuration called it."""
        ...

    @property
    def engine(self) -> str:
        """The package that encodes. It never decides an id."""
        ...

    @property
    def fingerprint(self) -> str:
        """Hex over vocabulary, pre-tokeniser and special tokens: equal where the ids of every text are."""
        ...

    @property
    def vocab_size(self) -> int:
        """One more than the highest id."""
        ...

    @property
    def specials(self) -> Sequence[str]:
        """The strings of the special tokens, which are text where a document has them."""
        ...

    @property
    def bos_id(self) -> int | None:
        """The id that begins a document, if there is one."""
        ...

    @property
    def eos_id(self) -> int | None:
        """The id that ends a document, if there is one."""
        ...

    @property
    def pad_id(self) -> int | None:
        """The id that fills a sample up, if there is one."""
        ...

    def encode_batch(self, texts: Sequence[str], threads: int = 1) -> Encoded:
        """The ids of each text, without special tokens. A lone surrogate counts as U+FFFD."""
        ...

    def decode(self, ids: Sequence[int] | NDArray[np.integer]) -> str:
        """The text of `ids`, special tokens included; bytes that are no whole character become U+FFFD."""
        ...

    def borders(self, text: str, ids: NDArray[np.integer]) -> NDArray[np.int64]:
        """int64 [t + 1]: characters of `text` before each of its own `ids`, and at the end all; -1 inside a character.

        `text` has no lone surrogate. Raises `ValueError` when `ids` are not those of `text`.
        """
        ...
