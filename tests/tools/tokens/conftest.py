"""Tokenizers to test with: cl100k_base, and a byte-level BPE that is trained on the spot and written as a tokenizer.json."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tokenizers import Tokenizer as Engine
from tokenizers import decoders, models, pre_tokenizers, trainers

from tools.tokens import Tokenizer, load_tokenizer

CORPUS = [
    "The whale swims in the deep sea.",
    "A reef of coral, <|endoftext|> and <s>not special</s>.",
    "Tide follows moon; 1234 ships set sail. Wind, wind, wind!",
] * 20


def trained_engine(
    vocab_size: int = 320, specials: tuple[str, ...] = ("<s>", "</s>", "<|endoftext|>", "<pad>")
) -> Engine:
    engine = Engine(models.BPE())
    engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    engine.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=list(specials),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    engine.train_from_iterator(CORPUS, trainer)
    return engine


@pytest.fixture(scope="session")
def corpus() -> list[str]:
    return CORPUS


@pytest.fixture(scope="session")
def train() -> Callable[..., Engine]:
    return trained_engine


@pytest.fixture(scope="session")
def cl100k() -> Tokenizer:
    return load_tokenizer("cl100k_base", Path())


@pytest.fixture(scope="session")
def trained_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trained") / "tokenizer.json"
    trained_engine().save(str(path))
    return path


@pytest.fixture(scope="session")
def trained(trained_file: Path) -> Tokenizer:
    return load_tokenizer(trained_file.name, trained_file.parent)
