"""The chunk table: where the meta-chunks of each document lie in its own tokens and in its text.

It lies beside the ids of the token store, one folder for each granularity, as immutable parts keyed by content hash:

    chunks-2-2048-characters/part-00000.npz    hashes uint8 [n, 16], offsets int64 [n + 1], tokens and characters int64 [.]

Opened, it lies in files without a name (`tools.columns.Column`), 16 bytes a chunk, of which memory holds what is read.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from litelong import UsageError
from tools.columns import Column, Hashes
from tools.files import ignore, replacing
from tools.lookup import GrowingLookup, HashLookup
from tools.tokens.batches import without_lone_surrogates
from tools.tokens.borders import ChunkUnit, token_chunks
from tools.tokens.parts import BROKEN, read_arrays
from tools.tokens.store import TokenStore

_CUT = 2
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


class ManyChunks(NamedTuple):
    """The chunks of n documents, c in all, one document after the other; in tokens of the own document.

    `counts` int64 [n] chunks of each; `starts` and `lengths` int64 [c].
    """

    counts: Firsts
    starts: Firsts
    lengths: Firsts


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

    def of_many(self, hashes: Sequence[bytes]) -> "ManyChunks":
        """The chunks of n documents. Raises `KeyError` for the first that the table does not hold."""
        places = self._lookup.held(hashes, "the chunk table")
        begins = self._offsets[places]
        counts = self._offsets[places + 1] - begins - 1
        before = np.cumsum(counts) - counts
        at = np.repeat(begins - before, counts) + np.arange(int(counts.sum()))
        starts = self._tokens[at]
        return ManyChunks(counts, starts, self._tokens[at + 1] - starts)

    def fill(self, texts: Iterable[tuple[bytes, str]], tick: Callable[[int], None] = ignore) -> None:
        """Cut the texts (content hash, text) that the table does not hold yet; the store must hold their ids.

        A fill that is killed keeps its whole parts. Raises `KeyError` for a document that the store does not hold.
        """
        with self._store.alone():
            held = GrowingLookup(self._lookup, lambda part: Hashes(_read(self._part(part), "hashes")[0]), self._folder)
            number = max(self._numbers(), default=-1) + 1
            rest = iter(texts)
            try:
                while group := list(islice(rest, _PART_DOCUMENTS)):
                    by_hash = dict(group)
                    new = held.missing(list(by_hash))
                    if new:
                        self.write_part(number, new, [self._cut(key, by_hash[key]) for key in new])
                        held.add(number)
                        number += 1
                    tick(len(group))
            finally:
                self._load()

    def _cut(self, key: bytes, text: str) -> DocumentChunks:
        text = text if text.isascii() else without_lone_surrogates(text)
        borders = self._store.tokenizer.borders(text, self._store.ids(key))
        firsts = token_chunks(text, borders, self._granularity, self._unit)
        return DocumentChunks(firsts, borders[firsts])

    def _part(self, number: int) -> Path:
        return self._folder / f"part-{number:05}.npz"

    def _numbers(self) -> list[int]:
        return sorted(int(path.stem.removeprefix("part-")) for path in self._folder.glob("part-*.npz"))

    def write_part(self, number: int, keys: Sequence[bytes], chunks: Sequence[DocumentChunks]) -> None:
        """Write the chunks of documents as the part of that number, whole or not at all."""
        offsets = np.cumsum([0, *(len(one.tokens) for one in chunks)], dtype=np.int64)
        with replacing(self._part(number)) as temporary, temporary.open("wb") as stream:
            np.savez(
                stream,
                hashes=np.frombuffer(b"".join(keys), np.uint8).reshape(-1, 16),
                offsets=offsets,
                tokens=np.concatenate([one.tokens for one in chunks]),
                characters=np.concatenate([one.characters for one in chunks]),
            )

    def _load(self) -> None:
        folder = self._store.folder
        offsets, tokens, characters = (Column(np.int64, folder) for _ in range(3))
        offsets.append(np.zeros(1, np.int64))

        def hashes() -> Iterator[Hashes]:
            end = 0
            for number in self._numbers():
                held, own, *columns = _read(self._part(number), *_ARRAYS)
                if len(held) + 1 != len(own) or not own[-1] == len(columns[0]) == len(columns[1]):
                    raise _damaged(self._part(number), "its arrays do not fit each other")
                offsets.append(own[1:] + end)
                end += int(own[-1])
                tokens.append(columns[0])
                characters.append(columns[1])
                yield Hashes(held)

        self._lookup = HashLookup(hashes(), folder)
        self._offsets, self._tokens, self._characters = (column.array() for column in (offsets, tokens, characters))


def _read(path: Path, *names: str) -> list[NDArray[Any]]:
    try:
        return read_arrays(path, *names)
    except BROKEN as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, why: object) -> UsageError:
    return UsageError(f"chunk table {path}: damaged ({why!s:.100}); delete that file, and its documents are cut again")
