"""Meta-chunks: nothing lost, nothing over-long, cut where a reader would cut; borders are those of the document's own tokens."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as Engine
from tokenizers import models, normalizers, pre_tokenizers, processors, trainers

from tools.tokens import Tokenizer, load_tokenizer
from tools.tokens.borders import ChunkUnit, token_chunks
from tools.tokens.chunks import meta_chunks

WORDS = [
    "whale",
    " ",
    "\n",
    "\n\n",
    ". ",
    "! ",
    "文字。",
    "é",
    "😀",
    "👨‍👩‍👧",
    "\r\n",
    "\t",
    "x" * 30,
    "1234",
    "\u0301",
    "ﬁ",
    "e\u0301",
]
TEXT = st.one_of(
    st.lists(st.sampled_from(WORDS), max_size=60).map("".join),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=80),
)


@given(text=TEXT, granularity=st.integers(1, 60))
def test_chunks_are_contiguous_cover_the_text_and_are_not_over_long(text: str, granularity: int) -> None:
    spans = meta_chunks(text, granularity)
    assert "".join(text[begin:end] for begin, end in spans) == text
    assert all(0 < end - begin <= granularity for begin, end in spans)
    assert all(one[1] == other[0] for one, other in pairwise(spans))


@given(text=TEXT, granularity=st.integers(1, 60))
def test_chunks_are_greedy_by_paragraph(text: str, granularity: int) -> None:
    """A chunk that ends inside a paragraph holds no whole one, and no chunk leaves out a paragraph that would have fitted."""
    for begin, end in meta_chunks(text, granularity):
        if end == len(text):
            continue
        if text[end - 1] != "\n":
            assert "\n" not in text[begin : begin + granularity]
        else:
            assert "\n" not in text[end : begin + granularity]


def test_an_over_long_paragraph_is_cut_after_a_sentence_else_at_a_space_else_hard() -> None:
    def pieces(text: str, granularity: int) -> list[str]:
        return [text[begin:end] for begin, end in meta_chunks(text, granularity)]

    assert pieces("One two. Three four five.\nSix", 12) == ["One two. ", "Three four ", "five.\nSix"]
    assert pieces("abcdefgh", 3) == ["abc", "def", "gh"]
    assert pieces("a. bcd efghij k", 10) == ["a. bcd ", "efghij k"], "a full stop near the start makes no sliver"
    assert pieces("a bcdefghij k", 10) == ["a ", "bcdefghij ", "k"], "a word is cut only where it is too long by itself"
    assert pieces("鯨は泳ぐ。海は深い。", 7) == ["鯨は泳ぐ。", "海は深い。"]
    assert pieces("", 5) == []
    with pytest.raises(ValueError, match="at least one"):
        meta_chunks("a", 0)


@pytest.fixture(scope="module")
def normalising(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    """A tokenizer whose tokens are not the text's bytes: NFKC, words split at white space, white space thrown away."""
    engine = Engine(models.BPE(unk_token="[UNK]"))
    engine.normalizer = normalizers.NFKC()
    engine.pre_tokenizer = pre_tokenizers.Whitespace()
    engine.train_from_iterator(
        ["whale 1234 x xx é"] * 3, trainers.BpeTrainer(vocab_size=60, special_tokens=["[UNK]"], show_progress=False)
    )
    path = tmp_path_factory.mktemp("normalising") / "tokenizer.json"
    engine.save(str(path))
    return load_tokenizer(path.name, path.parent)


@pytest.fixture(scope="module")
def spiece(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    """As Mistral's: spaces become U+2581, one is put before the text, unknown characters fall back to bytes."""
    engine = Engine(models.BPE(byte_fallback=True, unk_token="<unk>"))
    engine.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    specials = ["<unk>", *(f"<0x{byte:02X}>" for byte in range(256))]
    engine.train_from_iterator(
        ["the whale swims. 1234"] * 3, trainers.BpeTrainer(vocab_size=320, special_tokens=specials, show_progress=False)
    )
    path = tmp_path_factory.mktemp("spiece") / "tokenizer.json"
    engine.save(str(path))
    return load_tokenizer(path.name, path.parent)


@pytest.fixture(scope="module")
def trimming(train: Callable[..., Engine], tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    """As RoBERTa's: its post-processor says of " whale" that it begins at the "w"."""
    engine = train()
    engine.post_processor = processors.ByteLevel(trim_offsets=True)
    path = tmp_path_factory.mktemp("trimming") / "tokenizer.json"
    engine.save(str(path))
    return load_tokenizer(path.name, path.parent)


@settings(deadline=None)
@given(text=TEXT)
@example(text="")
@example(text=" \n ")
@example(text="the  whale")
def test_borders_of_byte_level_tokenizers_are_where_decoding_says(
    cl100k: Tokenizer, trained: Tokenizer, trimming: Tokenizer, text: str
) -> None:
    for tokenizer in (cl100k, trained, trimming):
        ids = tokenizer.encode_batch([text]).ids
        borders = tokenizer.borders(text, ids)
        assert len(borders) == len(ids) + 1
        for token, border in enumerate(borders.tolist()):
            before = tokenizer.decode(ids[:token])
            if border >= 0:
                assert before == text[:border]
            else:
                assert before.endswith("\ufffd"), "only a border inside a character is none"


@settings(deadline=None)
@given(text=TEXT, granularity=st.integers(1, 40), unit=st.sampled_from(["characters", "tokens"]))
@example(text="\n\n  \n x" * 9, granularity=1, unit="characters")
def test_chunks_of_tokens_cover_them_and_keep_the_granularity(
    cl100k: Tokenizer,
    trained: Tokenizer,
    normalising: Tokenizer,
    spiece: Tokenizer,
    text: str,
    granularity: int,
    unit: ChunkUnit,
) -> None:
    for tokenizer in (cl100k, trained, normalising, spiece):
        ids = tokenizer.encode_batch([text]).ids
        borders = tokenizer.borders(text, ids)
        firsts = token_chunks(text, borders, granularity, unit)
        assert (firsts[0], firsts[-1]) == (0, len(ids))
        assert (np.diff(firsts) > 0).all()
        assert (borders[firsts] >= 0).all(), "a chunk has a text of its own"
        assert borders[firsts[-1]] == len(text) or not len(ids)
        lengths = np.diff(firsts if unit == "tokens" else borders[firsts])
        inner = [np.count_nonzero(borders[a + 1 : b] >= 0) for a, b in pairwise(firsts.tolist())]
        assert all(length <= granularity or not within for length, within in zip(lengths, inner, strict=True))


def test_borders_of_chunks_in_english_are_those_of_the_text(cl100k: Tokenizer) -> None:
    text = "".join(f"Paragraph {n} tells of whales and tides.\n" + "\n" * (n % 3) for n in range(200))
    ids = cl100k.encode_batch([text]).ids
    firsts = token_chunks(text, cl100k.borders(text, ids), 500)
    moved = [cl100k.decode(ids[a:b]) for a, b in pairwise(firsts.tolist())]
    assert "".join(moved) == text
    assert all(piece.endswith("\n") and len(piece) <= 500 for piece in moved)


def test_a_paragraph_whose_end_is_inside_a_token_stays_whole(cl100k: Tokenizer) -> None:
    """cl100k_base has ".\\n\\n" as one token: where only its first line end fits, the paragraph belongs to the next chunk."""
    text = "".join(f"Number {n} tells of tides. And of whales.\n\n" for n in range(40))
    ids = cl100k.encode_batch([text]).ids
    borders = cl100k.borders(text, ids)
    for granularity in range(60, 180):
        firsts = token_chunks(text, borders, granularity).tolist()
        pieces = [cl100k.decode(ids[a:b]) for a, b in pairwise(firsts)]
        assert all(piece.endswith(".\n\n") for piece in pieces)
        both = [len(one) + other.index("\n\n") + 2 for one, other in pairwise(pieces)]
        assert min(both) > granularity, "greedy: no paragraph more would have fitted"


def test_foreign_ids_are_refused(cl100k: Tokenizer, trained: Tokenizer) -> None:
    for tokenizer in (cl100k, trained):
        with pytest.raises(ValueError, match="for a text of"):
            tokenizer.borders("The whale swims", tokenizer.encode_batch(["Another text altogether"]).ids)


def test_a_tokenizer_file_by_path_has_borders(trained_file: Path) -> None:
    tokenizer = load_tokenizer(str(trained_file), Path())
    assert tokenizer.borders("ab", tokenizer.encode_batch(["ab"]).ids).tolist() == [0, 1, 2]
