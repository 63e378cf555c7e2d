"""The chunk table: where the meta-chunks of each document lie in its own tokens and in its text.

It lies beside the ids of the token store, one folder for each granularity, as immutable parts keyed by content hash:

    chunks-1-2048-characters/part-00000.npz    hashes uint8 [n, 16], offsets int64 [n + 1], tokens and characters int64 [.]

Read whole: 16 bytes a chunk.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from litelong import UsageError
from tools.columns import Hashes
from tools.files import ignore, replacing
from tools.tokens.batches import without_lone_surrogates
from tools.tokens.borders import ChunkUnit, token_chunks
from tools.tokens.lookup import HashLookup
from tools.tokens.parts import BROKEN, read_arrays
from tools.tokens.store import TokenStore

_CUT = 1
"""The number of the way in which texts are cut: another way is another folder."""
_PART_DOCUMENTS = 1 << 14
_ARRAYS = ("hashes", "offsets", "tokens", "characters")

Firsts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DocumentChunks:
    """One document's c chunks: chunk i has tokens `[tokens[i], tokens[i + 1])` and characters `[characters[i], ...)`.

    `tokens` and `characters` are int64 [c + 1]. The characters are those of the text without lone surrogates.
    """

    tokens: Firsts
    characters: Firsts

    def __len__(self) -> int:
        return len(self.tokens) - 1

    def texts(self, text: str) -> list[str]:
        """The text of each chunk."""
        cut = without_lone_surrogates(text) if not text.isascii() else text
        borders = self.characters.tolist()
        return [cut[begin:end] for begin, end in pairwise(borders)]


class ChunkTable:
    """The chunks of documents that a token store holds, by content hash."""

    def __init__(self, store: TokenStore, granularity: int, unit: ChunkUnit = "characters") -> None:
        """Open the table of this granularity beside `store`, or begin one. Raises `UsageError` when a part is damaged."""
        self._store, self._granularity, self._unit = store, granularity, unit
        self._folder = store.folder / f"chunks-{_CUT}-{granularity}-{unit}"
        self._load()

    def __len__(self) -> int:
        """The number of documents."""
        return len(self._lookup)

    def missing(self, hashes: Sequence[bytes]) -> list[bytes]:
        """Those of `hashes` that the table does not hold, each once, in their order."""
        return self._lookup.missing(hashes)

    def holds(self, hashes: Sequence[bytes]) -> NDArray[np.bool_]:
        """bool [n]: which of `hashes` the table holds."""
        return self._lookup.places(hashes) >= 0

    def of(self, key: bytes) -> DocumentChunks:
        """A document's chunks. Raises `KeyError` when the table does not hold it."""
        place = int(self._lookup.held([key], "the chunk table")[0])
        begin, end = int(self._offsets[place]), int(self._offsets[place + 1])
        return DocumentChunks(self._tokens[begin:end], self._characters[begin:end])

    def fill(self, texts: Iterable[tuple[bytes, str]], tick: Callable[[int], None] = ignore) -> None:
        """Cut the texts (content hash, text) that the table does not hold yet; the store must hold their ids.

        A fill that is killed keeps its whole parts. Raises `KeyError` for a document that the store does not hold.
        """
        with self._store.alone():
            rest = iter(texts)
            while group := list(islice(rest, _PART_DOCUMENTS)):
                by_hash = dict(group)
                new = self.missing(list(by_hash))
                if new:
                    self._write(new, [self._cut(key, by_hash[key]) for key in new])
                    self._load()
                tick(len(group))

    def _cut(self, key: bytes, text: str) -> DocumentChunks:
        text = text if text.isascii() else without_lone_surrogates(text)
        borders = self._store.tokenizer.borders(text, self._store.ids(key))
        firsts = token_chunks(text, borders, self._granularity, self._unit)
        return DocumentChunks(firsts, borders[firsts])

    def _write(self, keys: Sequence[bytes], chunks: Sequence[DocumentChunks]) -> None:
        number = max((int(path.stem[5:]) for path in self._folder.glob("part-*.npz")), default=-1) + 1
        offsets = np.cumsum([0, *(len(one.tokens) for one in chunks)], dtype=np.int64)
        with replacing(self._folder / f"part-{number:05}.npz") as temporary, temporary.open("wb") as stream:
            np.savez(
                stream,
                hashes=np.frombuffer(b"".join(keys), np.uint8).reshape(-1, 16),
                offsets=offsets,
                tokens=np.concatenate([one.tokens for one in chunks]),
                characters=np.concatenate([one.characters for one in chunks]),
            )

    def _load(self) -> None:
        parts = [_read(path) for path in sorted(self._folder.glob("part-*.npz"))]
        self._lookup = HashLookup([Hashes(hashes) for hashes, *_ in parts], self._store.folder)
        empty = np.zeros(0, np.int64)
        counts = np.concatenate([empty, *(np.diff(offsets) for _, offsets, *_ in parts)])
        self._offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        self._tokens = np.concatenate([empty, *(tokens for *_, tokens, _ in parts)])
        self._characters = np.concatenate([empty, *(characters for *_, characters in parts)])


def _read(path: Path) -> list[NDArray[Any]]:
    try:
        hashes, offsets, tokens, characters = part = read_arrays(path, *_ARRAYS)
        if len(hashes) + 1 != len(offsets) or not offsets[-1] == len(tokens) == len(characters):
            raise ValueError("its arrays do not fit each other")
    except BROKEN as error:
        raise UsageError(
            f"chunk table {path}: damaged ({error!s:.100}); delete that file, and its documents are cut again"
        ) from error
    return part
