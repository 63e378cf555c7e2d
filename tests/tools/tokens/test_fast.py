"""Faster engines: the same ids as the tokenizer's own, or they are not used."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as Engine
from tokenizers import pre_tokenizers

from tools.tokens import Encoded, Tokenizer, TokenStore, fast, load_tokenizer
from tools.tokens.engines import Engine as Fast
from tools.tokens.engines import Gigatoken, engines_for
from tools.tokens.fast import Chosen, DifferenceError, FastTokenizer, choose, unread_characters

PIECES = [
    *("can't", "I'LL", "'ſ", "<|endoftext|>", "<s>", "</s>", " ", "\n", "\r\n", "\t", "\u3000", "\u2028", "1234567", "٣٤٥", "½"),
    *("文字", "한글", "é", "e\u0301", "\u0301", "😀", "👨‍👩‍👧", "\x00", "\x85", "\u200b", "\ufeff", "\U00032691", "\ue000"),
    *("whale", " whale", "Whale", "HTTPServer", "--", "...", "?!", "\ud800", "\U0001faf7", "ꟑ", "𞓐"),
]  # fmt: skip
TEXT = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=30).map("".join)


@pytest.fixture(scope="module")
def fast_cl100k(cl100k: Tokenizer) -> Tokenizer:
    chosen = choose(cl100k, ["The whale swims.", "文字"])
    assert chosen.tokenizer.engine.startswith("gigatoken"), chosen.left_out
    return chosen.tokenizer


@pytest.fixture(scope="module")
def fast_trained(trained: Tokenizer) -> Tokenizer:
    chosen = choose(trained, ["The whale swims."])
    assert chosen.tokenizer.engine.split()[0] in ("gigatoken", "tokie"), chosen.left_out
    return chosen.tokenizer


@settings(deadline=None, max_examples=300)
@given(texts=st.lists(TEXT, max_size=12), threads=st.sampled_from([1, 2]))
def test_ids_are_the_tokenizers_own_on_hostile_texts(
    cl100k: Tokenizer,
    trained: Tokenizer,
    fast_cl100k: Tokenizer,
    fast_trained: Tokenizer,
    texts: list[str],
    threads: int,
) -> None:
    for tokenizer, other in ((cl100k, fast_cl100k), (trained, fast_trained)):
        one, two = tokenizer.encode_batch(texts), other.encode_batch(texts, threads)
        assert np.array_equal(one.ids, two.ids)
        assert np.array_equal(one.offsets, two.offsets)


def test_it_is_the_same_tokenizer_otherwise(cl100k: Tokenizer, fast_cl100k: Tokenizer) -> None:
    assert fast_cl100k.fingerprint == cl100k.fingerprint
    assert (fast_cl100k.eos_id, fast_cl100k.vocab_size) == (cl100k.eos_id, cl100k.vocab_size)
    assert fast_cl100k.decode([100257]) == "<|endoftext|>"
    assert (cl100k.engine, fast_cl100k.engine.split()[0]) == ("tiktoken", "gigatoken")


@pytest.mark.parametrize("run", [" \t" * 600_000 + "x", " " * 1_100_000 + "x", "a" * 300_000, "\n" * 300_000])
def test_long_runs_of_one_character(cl100k: Tokenizer, fast_cl100k: Tokenizer, run: str) -> None:
    assert np.array_equal(fast_cl100k.encode_batch([run]).ids, cl100k.encode_batch([run]).ids)


class Liar:
    """A real engine that errs on texts which hold a word."""

    def __init__(self, inner: Fast, word: str) -> None:
        self.name, self._inner, self._word = "liar", inner, word

    def encode(self, texts: list[str]) -> Encoded:
        encoded = self._inner.encode(texts)
        ids = encoded.ids.copy()
        for number, text in enumerate(texts):
            if self._word in text:
                ids[encoded.offsets[number]] += 1
        return Encoded(ids, encoded.offsets)


@pytest.fixture
def liar(cl100k: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """The only engine there is errs on texts that hold the word."""
    load = dict(engines_for(cl100k))["gigatoken"]

    def install(word: str) -> None:
        monkeypatch.setattr(fast, "engines_for", lambda _: [("liar", lambda: Liar(load(), word))])

    return install


def test_an_engine_that_errs_on_the_sample_or_on_hostile_strings_is_left_out(
    cl100k: Tokenizer, liar: Callable[[str], None]
) -> None:
    for word in ("whale", "<|endoftext|>"):
        liar(word)
        chosen = choose(cl100k, ["A reef.", "The whale swims."])
        assert chosen.tokenizer is cl100k
        assert "gives other ids for" in chosen.left_out["liar"]


def test_characters_that_an_engine_misreads_go_to_the_tokenizer(cl100k: Tokenizer, liar: Callable[[str], None]) -> None:
    liar("ß")
    chosen = choose(cl100k, ["The whale swims."])
    assert chosen.tokenizer.engine == "liar"
    texts = ["Straße", "Strasse", "ß"]
    assert np.array_equal(chosen.tokenizer.encode_batch(texts).ids, cl100k.encode_batch(texts).ids)


def test_an_engine_that_is_missing_or_knows_no_such_vocabulary_is_left_out(
    cl100k: Tokenizer, train: Callable[..., Engine], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def missing() -> Gigatoken:
        raise ImportError

    with monkeypatch.context() as patched:
        patched.setattr(fast, "engines_for", lambda _: [("gigatoken", missing)])
        assert choose(cl100k, []) == Chosen(cl100k, {"gigatoken": "not installed (extra fast)"})
    odd = train()
    odd.pre_tokenizer = pre_tokenizers.Split("w", "isolated")
    odd.save(str(tmp_path / "tokenizer.json"))
    chosen = choose(load_tokenizer(".", tmp_path), ["The whale swims."])
    assert "gigatoken" in chosen.left_out


def test_a_checked_text_with_other_ids_stops_the_engine_and_what_it_encoded_is_forgotten(
    cl100k: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fast, "CHECKED", 1)
    engine = Liar(dict(engines_for(cl100k))["gigatoken"](), "squid")
    errs = FastTokenizer(cl100k, engine, unread_characters(cl100k, engine))
    store = TokenStore(tmp_path, cl100k)
    store.fill([(bytes(16), "by the tokenizer itself")])

    def texts() -> Iterator[tuple[bytes, str]]:
        for number, text in enumerate(["whale", "reef", "squid", "tide"], 1):
            yield bytes([number] * 16), text

    with pytest.raises(DifferenceError, match="other ids than cl100k_base for 'squid'"):
        for item in texts():
            store.fill([item], encoder=errs)
    assert len(store) == 3
    assert store.engines([bytes([n] * 16) for n in range(3)]) == ["liar", "tiktoken"]
    store.forget("liar")
    assert len(store) == 1
    assert store.engines([bytes(16)]) == ["tiktoken"]
    store.fill(texts())
    assert all(np.array_equal(store.ids(key), cl100k.encode_batch([text]).ids) for key, text in texts())
