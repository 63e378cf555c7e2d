"""The token store: each document is encoded once, for as long as its text and the tokenizer stay the same.

A store is a folder of immutable parts under the tokenizer's fingerprint, keyed by content hash. Lookups search sorted
numbers, not a dictionary: 28 bytes a document, in files without a name that are made when the store is opened.
They and the ids are mapped into memory, so that a reader pays for the pages it touches.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import numpy as np
import orjson
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from litelong import UsageError
from tools.columns import Column, Hashes, blocks
from tools.files import allow_open_files, ignore, write_atomic
from tools.lookup import GrowingLookup, HashLookup
from tools.tokens.interface import Located, Tokenizer
from tools.tokens.parts import PartWriter, engine_of, part_numbers, read_hashes, read_part, remove_leftovers

Ids = NDArray[np.uint16] | NDArray[np.uint32]

_FORMAT = "litelong token store 2"
_BATCH_CHARACTERS = 1 << 22  # about 1M tokens: enough to keep threads busy, little to hold
_BATCH_DOCUMENTS = 1 << 13
_PART_DOCUMENTS = 1 << 20


class TokenStore:
    """Token ids by content hash (16 bytes, `tools.files.content_hash`), for one tokenizer."""

    def __init__(self, path: Path, tokenizer: Tokenizer) -> None:
        """Open the store in `path`, or begin one. Raises `UsageError` when a part is damaged."""
        self.tokenizer = tokenizer
        self._dtype: np.dtype[np.unsignedinteger] = np.dtype("<u2" if tokenizer.vocab_size <= 1 << 16 else "<u4")
        self.folder = path / tokenizer.fingerprint
        self.folder.mkdir(parents=True, exist_ok=True)
        self._manifest()
        self._load()

    def __contains__(self, key: bytes) -> bool:
        return bool(self._lookup.places([key])[0] >= 0)

    def __len__(self) -> int:
        """The number of documents."""
        return len(self._lookup)

    @property
    def total_tokens(self) -> int:
        """The number of tokens of all documents."""
        return int(self._offsets[-1])

    def missing(self, hashes: Sequence[bytes]) -> list[bytes]:
        """Those of `hashes` that the store does not hold, each once, in their order."""
        return self._lookup.missing(hashes)

    def holds(self, hashes: Sequence[bytes]) -> NDArray[np.bool_]:
        """bool [n]: which of `hashes` the store holds."""
        return self._lookup.places(hashes) >= 0

    def length(self, key: bytes) -> int:
        """A document's length in tokens. Raises `KeyError` when the store does not hold it."""
        return int(self.lengths([key])[0])

    def lengths(self, hashes: Sequence[bytes]) -> NDArray[np.int64]:
        """int64 [n]: lengths in tokens (mapped: see `Column`). Raises `KeyError` for the first that the store does not hold."""
        lengths = Column(np.int64, self.folder)
        # Block by block: an answer takes 100 bytes a document beside itself.
        for at in blocks(len(hashes)):
            places = self._lookup.held(hashes[at], "the token store")
            lengths.append(self._offsets[places + 1] - self._offsets[places])
        return lengths.array()

    def ids(self, key: bytes) -> Ids:
        """A document's ids: a read-only view of the mapped file, uint16 or uint32. Raises `KeyError` when it is not held."""
        place = int(self._lookup.held([key], "the token store")[0])
        number = int(np.searchsorted(self._first_documents, place, "right")) - 1
        start = int(self._first_tokens[number])
        return self._ids[number][int(self._offsets[place]) - start : int(self._offsets[place + 1]) - start]

    def locate(self, hashes: Sequence[bytes]) -> Located:
        """Where the ids of many documents lie. Raises `KeyError` for the first that the store does not hold."""
        places = Column(np.uint32 if len(self) < 1 << 32 else np.int64, self.folder)
        for at in blocks(len(hashes)):
            places.append(self._lookup.held(hashes[at], "the token store"))
        return Located(self._ids, places.array(), self._offsets, self._first_documents, self._first_tokens)

    def engines(self, hashes: Sequence[bytes]) -> list[str]:
        """The engines that encoded some documents. Raises `KeyError` for the first that the store does not hold."""
        places = self._lookup.held(hashes, "the token store")
        parts = np.unique(np.searchsorted(self._first_documents, places, "right") - 1).tolist()
        numbers = part_numbers(self.folder)
        return sorted({engine_of(self.folder, numbers[part]) for part in parts})

    def fill(
        self,
        texts: Iterable[tuple[bytes, str]],
        threads: int = 1,
        tick: Callable[[int], None] = ignore,
        part_tokens: int = 1 << 26,
        encoder: Tokenizer | None = None,
    ) -> None:
        """Encode the texts (content hash, text) that the store does not hold yet.

        `tick` gets the number of texts just seen, held ones included. A part is closed at `part_tokens` tokens; a fill that is
        killed keeps its whole parts. `encoder` encodes for the store's tokenizer (`tools.tokens.fast`); its parts bear
        its engine's name. Raises `UsageError` when another process fills the same store.
        """
        encoder = encoder or self.tokenizer
        batches = _batches(texts)
        with self.alone():
            held = GrowingLookup(self._lookup, lambda part: read_hashes(self.folder, part), self.folder)
            number = max(part_numbers(self.folder), default=-1) + 1
            try:
                while (first := next(batches, None)) is not None:
                    with PartWriter(self.folder, number, self._dtype, encoder.engine) as part:
                        _fill_part(part, held, chain([first], batches), threads, tick, part_tokens, encoder)
                    if part.held:
                        held.add(number)
                        number += 1
            finally:
                self._load()

    def forget(self, engine: str) -> None:
        """Remove the parts that `engine`, which erred, encoded. Raises `UsageError` when another process fills the store."""
        with self.alone():
            for number in part_numbers(self.folder):
                if engine_of(self.folder, number) == engine:
                    # The table first: ids without it are a leftover.
                    (self.folder / f"part-{number:05}.npz").unlink()
            remove_leftovers(self.folder)
            self._load()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the store for writing. Raises `UsageError` when another process does."""
        try:
            with FileLock(self.folder / "fill.lock", timeout=0):
                remove_leftovers(self.folder)
                self._load()
                yield
        except Timeout:
            raise UsageError(f"token store {self.folder}: another process fills it; wait for it to end") from None

    def _manifest(self) -> None:
        path = self.folder / "manifest.json"
        tokenizer = self.tokenizer
        facts = {
            "format": _FORMAT,
            "fingerprint": tokenizer.fingerprint,
            "ids": self._dtype.str,
            "tokenizer": tokenizer.name,
        }
        if not path.exists():
            write_atomic(path, orjson.dumps(facts, option=orjson.OPT_INDENT_2))
        try:
            found = orjson.loads(path.read_bytes())
            ours = all(found[fact] == facts[fact] for fact in ("format", "fingerprint", "ids"))
        except (ValueError, KeyError, TypeError):
            ours = False
        if not ours:
            raise UsageError(
                f"token store {path}: not of this version ({_FORMAT}); delete the folder, and it is encoded again"
            )

    def _load(self) -> None:
        self._ids: list[Ids] = []
        # What lies before each part, and at the end all: documents, tokens.
        documents, tokens = [0], [0]
        offsets = Column(np.int64, self.folder)

        numbers = part_numbers(self.folder)
        # Each mapped part is an open file.
        allow_open_files(len(numbers))

        def hashes() -> Iterator[Hashes]:
            for number in numbers:
                part = read_part(self.folder, number, self._dtype)
                offsets.append(part.offsets[:-1] + tokens[-1])
                self._ids.append(part.ids)
                documents.append(documents[-1] + len(part.hashes))
                tokens.append(tokens[-1] + len(part.ids))
                yield part.hashes

        # Part by part, so that memory does not hold the hashes of all.
        self._lookup = HashLookup(hashes(), self.folder)
        offsets.append(np.array(tokens[-1:]))
        self._offsets: NDArray[np.int64] = offsets.array()
        self._first_documents, self._first_tokens = np.array(documents[:-1], np.int64), np.array(tokens[:-1], np.int64)


def _fill_part(
    part: PartWriter,
    held: GrowingLookup,
    batches: Iterator[list[tuple[bytes, str]]],
    threads: int,
    tick: Callable[[int], None],
    part_tokens: int,
    encoder: Tokenizer,
) -> None:
    for batch in batches:
        by_hash = dict(batch)
        new = [key for key in held.missing(list(by_hash)) if key not in part.held]
        if new:
            part.append(new, encoder.encode_batch([by_hash[key] for key in new], threads))
        tick(len(batch))
        if part.tokens >= part_tokens or len(part.held) >= _PART_DOCUMENTS:
            break
    if part.held:
        part.finish()


def _batches(texts: Iterable[tuple[bytes, str]]) -> Iterator[list[tuple[bytes, str]]]:
    batch: list[tuple[bytes, str]] = []
    characters = 0
    for item in texts:
        batch.append(item)
        characters += len(item[1])
        if characters >= _BATCH_CHARACTERS or len(batch) >= _BATCH_DOCUMENTS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch
