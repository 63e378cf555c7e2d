"""The tokenizers of Llama 3, Qwen 2.5 and Mistral, as they are published: their ids, their special ids, and their fast engine."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from tools.corpus import open_corpus
from tools.corpus.document import Document
from tools.tokens import Tokenizer, TokenStore, load_tokenizer
from tools.tokens.fast import Chosen, choose


class Model(NamedTuple):
    """What a model's maker says of its tokenizer; `hello` are the ids of "Hello world, 1234!"."""

    name: str
    vocab_size: int
    bos: str | None
    eos: str
    pad: str | None
    hello: list[int]


MODELS = [
    Model("llama3", 128_256, "<|begin_of_text|>", "<|end_of_text|>", None, [9906, 1917, 11, 220, 4513, 19, 0]),
    Model("qwen2_5", 151_665, None, "<|im_end|>", "<|endoftext|>", [9707, 1879, 11, 220, 16, 17, 18, 19, 0]),
    Model("mistral_nemo", 131_072, "<s>", "</s>", "<pad>", []),
]


@pytest.fixture(scope="module", params=MODELS, ids=lambda model: model.name)
def model(request: pytest.FixtureRequest) -> Model:
    found: Model = request.param
    return found


@pytest.fixture(scope="module")
def tokenizer(model: Model, tokenizer_folder: Callable[[str], Path]) -> Tokenizer:
    return load_tokenizer(str(tokenizer_folder(model.name)), Path())


@pytest.fixture(scope="module")
def chosen(tokenizer: Tokenizer, texts: Sequence[str]) -> Chosen:
    return choose(tokenizer, texts[:50])


@pytest.fixture(scope="module")
def texts() -> list[str]:
    documents = (item for item in open_corpus(["demo"], base=Path(), name="demo").read() if isinstance(item, Document))
    return [document.text for document in documents][::6]


def text_of(tokenizer: Tokenizer, number: int | None) -> str | None:
    return None if number is None else tokenizer.decode([number])


def test_its_special_ids_are_those_that_its_maker_names(model: Model, tokenizer: Tokenizer) -> None:
    assert tokenizer.vocab_size == model.vocab_size
    specials = [text_of(tokenizer, number) for number in (tokenizer.bos_id, tokenizer.eos_id, tokenizer.pad_id)]
    assert specials == [model.bos, model.eos, model.pad]
    if model.hello:
        assert tokenizer.encode_batch(["Hello world, 1234!"]).ids.tolist() == model.hello


def test_a_fast_engine_proves_itself_and_gives_its_ids(
    tokenizer: Tokenizer, chosen: Chosen, texts: Sequence[str]
) -> None:
    assert chosen.tokenizer.engine.startswith("gigatoken"), chosen.left_out
    fast, own = chosen.tokenizer.encode_batch(texts, 2), tokenizer.encode_batch(texts, 2)
    assert np.array_equal(fast.ids, own.ids)
    assert np.array_equal(fast.offsets, own.offsets)


def test_its_special_tokens_in_a_text_are_text(model: Model, tokenizer: Tokenizer, chosen: Chosen) -> None:
    named = [name for name in (model.bos, model.eos, model.pad, "<|im_start|>", "[INST]", "<|eot_id|>") if name]
    text = "One " + " and ".join(named) + " two."
    reserved = {tokenizer.bos_id, tokenizer.eos_id, tokenizer.pad_id}
    for encoder in (tokenizer, chosen.tokenizer):
        ids = encoder.encode_batch([text]).ids
        assert not reserved & set(ids.tolist())
        assert tokenizer.decode(ids) == text


def test_a_store_of_its_ids_is_filled_and_read(tokenizer: Tokenizer, texts: Sequence[str], tmp_path: Path) -> None:
    store = TokenStore(tmp_path, tokenizer)
    store.fill((bytes([n]) * 16, text) for n, text in enumerate(texts[:5]))
    assert [tokenizer.decode(store.ids(bytes([n]) * 16)) for n in range(5)] == texts[:5]
    assert store.ids(bytes(16)).dtype == np.uint32
