"""Real documents in a real token store: what plans are made from and samples are written from."""

from pathlib import Path
from random import Random

import pytest

from tools.columns import Hashes, Names
from tools.files import content_hash
from tools.packing.gather import Specials
from tools.packing.tables import Tables
from tools.tokens import Tokenizer, TokenStore, load_tokenizer

WORDS = ["sea", "whale", "reef", "coral", "tide", "<|endoftext|>", "naïve", "文", "\n"]


@pytest.fixture(scope="session")
def cl100k() -> Tokenizer:
    return load_tokenizer("cl100k_base", Path())


@pytest.fixture(scope="session")
def texts() -> dict[str, str]:
    """doc_id to text: sixty documents of 1 to about 120 tokens."""
    random = Random(0)
    return {f"docs/{n}.txt": f"{n} " + " ".join(random.choices(WORDS, k=random.randint(0, 70))) for n in range(60)}


@pytest.fixture(scope="session")
def store(cl100k: Tokenizer, texts: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> TokenStore:
    store = TokenStore(tmp_path_factory.mktemp("tokens"), cl100k)
    store.fill((content_hash(text), text) for text in texts.values())
    return store


@pytest.fixture(scope="session")
def tables(store: TokenStore, texts: dict[str, str]) -> Tables:
    rows = sorted((content_hash(text), doc_id) for doc_id, text in texts.items())
    hashes = [key for key, _ in rows]
    return Tables(Names(doc_id for _, doc_id in rows), Hashes(hashes), store.lengths(hashes))


@pytest.fixture(scope="session")
def specials(cl100k: Tokenizer) -> Specials:
    return Specials(bos=None, separator=cl100k.eos_id)
