"""A token store of any size, made of real documents' tokens: the demo corpus again and again, each time under other hashes.

Copies have their own ids (`k/name`) and content hashes, so the store, the tables and the plan are those of a corpus of that many
documents; near-duplicates are not looked for, since all would be. Documents are shuffled before they are dealt to topics, so a
topic's documents lie all over the store.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from litelong import UsageError
from tools.columns import Hashes, Names, mapped
from tools.corpus import open_corpus
from tools.corpus.document import Document
from tools.files import content_hash
from tools.packing.tables import RowArray, Tables, Unit
from tools.tokens import Encoded, TokenStore, load_tokenizer
from tools.tokens.parts import PartWriter

PART_TOKENS = 1 << 26
HITS = 2
"""Each topic's hits hold this many contexts; the second half of them are also the next topic's."""


class Warm(NamedTuple):
    """A filled store, what is in it, and topics to plan."""

    store: TokenStore
    tables: Tables
    units: list[Unit]


def warm_store(folder: Path, tokens: int, context_length: int) -> Warm:
    """A store of at least `tokens` tokens in `folder` (kept, if it is there already), read once so that it is in memory."""
    tokenizer = load_tokenizer("cl100k_base", Path())
    texts = [d.text for d in open_corpus(["demo"], base=Path(), name="demo").read() if isinstance(d, Document)]
    encoded = tokenizer.encode_batch(texts, threads=2)
    lengths = np.diff(encoded.offsets)
    copies = -(-tokens // len(encoded.ids))
    keys = Hashes(content_hash(f"{copy}/{number}") for copy in range(copies) for number in range(len(texts)))
    store = TokenStore(folder, tokenizer)
    if not len(store):
        _fill(store, encoded, keys, copies)
        store = TokenStore(folder, tokenizer)
    if len(store) != len(keys):
        raise UsageError(f"{folder}: holds a store of another size; name another folder")
    for array in store.locate(keys[:1]).arrays:
        array.max()
    rows = np.lexsort(keys.halves()[::-1])
    names = Names.filed((f"{row // len(texts)}/{row % len(texts)}" for row in rows.tolist()), folder)
    columns = (mapped(keys[rows].array, folder), mapped(lengths[rows % len(texts)], folder))
    tables = Tables(names, Hashes(columns[0]), columns[1])
    return Warm(store, tables, _topics(tables.lengths, context_length, folder))


def _fill(store: TokenStore, encoded: Encoded, keys: Hashes, copies: int) -> None:
    n = len(encoded.offsets) - 1
    per_part = max(1, PART_TOKENS // len(encoded.ids))
    for part, first in enumerate(range(0, copies, per_part)):
        with PartWriter(store.folder, part, np.dtype("<u4"), "tiktoken") as writer:
            for copy in range(first, min(first + per_part, copies)):
                writer.append(list(keys[copy * n : (copy + 1) * n]), encoded)
            writer.finish()


def _topics(lengths: RowArray, context_length: int, folder: Path) -> list[Unit]:
    """Topics over shuffled documents: each begins a context of tokens after the one before it."""
    rows = mapped(np.random.default_rng(0).permutation(len(lengths)), folder)
    ends = np.cumsum(lengths[rows])
    ranks = np.arange(1, len(rows) + 1, dtype=np.int32)
    scores = (30 / np.sqrt(ranks)).astype(np.float32)
    ranks, scores = mapped(ranks, folder), mapped(scores, folder)
    units = []
    for number, begin in enumerate(range(0, int(ends[-1]) - HITS * context_length, context_length)):
        own = rows[np.searchsorted(ends, begin) : np.searchsorted(ends, begin + HITS * context_length)]
        units.append(
            Unit(
                f"t-{number:06d}",
                own,
                ranks[: len(own)],
                scores[: len(own)],
                f"t-{number:06d}",
                f"Topic {number}",
                "DEMO / All",
            )
        )
    return units
