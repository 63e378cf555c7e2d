"""The chunk table: each document's chunks once, by content hash, kept over calls, and equal to its own tokens and text."""

from pathlib import Path
from random import Random

import numpy as np
import pytest

from litelong import UsageError
from tools.files import content_hash
from tools.tokens import Tokenizer, TokenStore
from tools.tokens.borders import ChunkUnit
from tools.tokens.chunk_table import ChunkTable

WORDS = ["whale", "reef 文字", "tide.\n", "coral!", "é\n\n", "\ud800", "current ", "1234, "]


def texts(count: int, seed: int = 1) -> list[str]:
    rng = Random(seed)
    return ["", *(f"{n} {' '.join(rng.choices(WORDS, k=rng.randint(0, 300)))}" for n in range(count))]


def keyed(texts: list[str]) -> list[tuple[bytes, str]]:
    return [(content_hash(text), text) for text in texts]


@pytest.fixture
def store(cl100k: Tokenizer, tmp_path: Path) -> TokenStore:
    made = TokenStore(tmp_path, cl100k)
    made.fill(keyed(texts(60)))
    return made


@pytest.mark.parametrize(("granularity", "unit"), [(100, "characters"), (2048, "characters"), (32, "tokens")])
def test_chunks_are_slices_of_the_documents_tokens_and_text(
    store: TokenStore, cl100k: Tokenizer, granularity: int, unit: ChunkUnit
) -> None:
    ChunkTable(store, granularity, unit).fill(keyed(texts(60)))
    table = ChunkTable(store, granularity, unit)
    assert len(table) == 61
    for key, text in keyed(texts(60)):
        chunks, ids = table.of(key), store.ids(key)
        pieces = [cl100k.decode(ids[a:b]) for a, b in zip(chunks.tokens, chunks.tokens[1:], strict=False)]
        assert pieces == chunks.texts(text)
        assert "".join(pieces) == text.replace("\ud800", "\ufffd")
        lengths = np.diff(chunks.tokens if unit == "tokens" else chunks.characters)
        assert lengths.max(initial=0) <= granularity


def test_a_fill_adds_what_is_missing_and_only_that(store: TokenStore) -> None:
    table = ChunkTable(store, 100)
    table.fill(keyed(texts(20)))
    assert table.missing([key for key, _ in keyed(texts(60))]) == [key for key, _ in keyed(texts(60))[21:]]
    seen: list[int] = []
    table.fill(keyed(texts(60)), seen.append)
    assert (len(table), sum(seen)) == (61, 61)
    table.fill(keyed(texts(60)))
    assert len(list(store.folder.glob("chunks-*/part-*"))) == 2, "nothing new is no new part"
    assert len(ChunkTable(store, 101)) == 0, "another granularity is another table"


def test_a_document_that_is_not_there_and_a_damaged_part_say_so(store: TokenStore) -> None:
    table = ChunkTable(store, 100)
    with pytest.raises(KeyError, match="chunk table"):
        table.of(content_hash("nowhere"))
    with pytest.raises(KeyError, match="token store"):
        table.fill(keyed(["never encoded"]))
    table.fill(keyed(texts(9)))
    part = next(store.folder.glob("chunks-*/part-*"))
    part.write_bytes(part.read_bytes()[:-40])
    with pytest.raises(UsageError, match="damaged"):
        ChunkTable(store, 100)
