"""Knotted documents that can be traced back: samples full with their marks, and marks that say what they should."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as Engine
from tokenizers import decoders, models, pre_tokenizers, trainers

from litelong import UsageError
from tests.tools.packing.jobs import Job, unit
from tools.columns import Hashes, Names
from tools.files import content_hash
from tools.packing.check import check_sample
from tools.packing.gather import Specials, gather
from tools.packing.layout import check_knotted
from tools.packing.ledger import added, token_accounts
from tools.packing.line import LEAST_TEXT
from tools.packing.marks import LETTERS, Marks, MarkSizes
from tools.packing.recipe import Settings
from tools.packing.tables import Layout, PlannedSample, Tables
from tools.packing.write import Shape
from tools.tokens import Tokenizer, TokenStore, load_tokenizer

SIZES = MarkSizes(label=7, heads=(4, 5), tails=(3, 4), traces=(12, 18))
AROUND = {2: 7 + 7 + 4 + 3 + 12, 3: 7 * 3 + 4 + 5 + 3 + 4 + 18}


@st.composite
def jobs(draw: st.DrawFn) -> Job:
    recipe = draw(st.sampled_from(["utk", "litelong+utk"]))
    sizes = st.integers(1, 400) | st.integers(100, 3_000) | st.integers(100, 200_000)
    lengths = draw(st.lists(sizes, min_size=1, max_size=40))
    names = [f"d{n}" for n in range(len(lengths))]
    tables = Tables(Names(names), Hashes(map(content_hash, names)), np.array(lengths, np.int64))
    rows = st.lists(st.integers(0, len(lengths) - 1), unique=True, max_size=30)
    units = [unit(f"t-{n}", own) for n, own in enumerate(draw(st.lists(rows, min_size=1, max_size=4)))]
    if recipe == "utk":
        units = [unit("corpus", list(range(len(lengths))))]
    layout = Layout(draw(st.sampled_from([32, 200, 1024, 4096, 131_072])), draw(st.booleans()), False, SIZES)
    chosen = Settings(
        layout,
        draw(st.integers(1, 3)),
        "rank",
        draw(st.none() | st.integers(1, 20_000)),
        draw(st.integers(0, 100)),
        remainder=draw(st.sampled_from(["unused", "pool"])),
        padding=draw(st.booleans()),
        tails=draw(st.sampled_from(["carry", "cut"])),
    )
    return Job(recipe, tables, units, chosen)


def marks_of(sample: PlannedSample) -> dict[int, int]:
    """Ids of marks around each document of a sample: all or none."""
    pieces = Counter(segment.document for segment in sample.segments)
    return {document: AROUND.get(count, 0) for document, count in pieces.items()}


@settings(deadline=None, max_examples=150)
@given(job=jobs())
def test_pieces_and_their_marks_fill_every_sample(job: Job) -> None:
    plan, _ = job.plan()
    layout = job.settings.layout
    for sample in plan.samples:
        table = sample.table
        counts = Counter(table["document"].tolist())
        end = int(layout.bos)
        for segment in sample.segments:
            of = counts[segment.document]
            end += SIZES.before(segment.chunk) if of > 1 else 0
            assert segment.start == end
            assert segment.length >= 1
            end += segment.length + (SIZES.behind(segment.chunk, of) if of > 1 else 0)
        assert end == layout.context_length - sample.padding
        row = {"segments": [{**s._asdict(), "doc_id": s.document} for s in sample.segments]}
        assert check_knotted(row, marked=True) == []


@settings(deadline=None, max_examples=150)
@given(job=jobs())
def test_marks_are_special_ids_and_no_token_is_lost(job: Job) -> None:
    plan, units = job.plan()
    length = job.settings.layout.context_length
    every = unit("others", list(range(len(job.tables))))
    accounts = token_accounts(job.tables.lengths, np.zeros(len(job.tables), np.int64), [*units, every], plan, length)
    assert [account.errors() for account in accounts] == [[] for _ in accounts]
    total = added(accounts, length)
    assert total.repeated == 0
    assert total.special == sum(job.settings.layout.bos + sum(marks_of(sample).values()) for sample in plan.samples)
    if job.recipe == "utk" and job.settings.tails == "carry" and job.settings.target_tokens is None:
        assert total.encoded - total.packed < (1 if job.settings.padding else length)


@settings(deadline=None, max_examples=100)
@given(job=jobs())
def test_a_document_has_marks_where_it_has_enough_text_for_them(job: Job) -> None:
    plan, _ = job.plan()
    for sample in plan.samples:
        marks = marks_of(sample)
        lengths = Counter[int]()
        for segment in sample.segments:
            lengths[segment.document] += segment.length
        ends = {s.document: s.doc_start + s.length for s in sorted(sample.segments, key=lambda s: s.doc_start)}
        for document, length in lengths.items():
            if ends[document] == job.tables.lengths[document]:  # not cut here
                assert (length < LEAST_TEXT * AROUND[2]) <= (marks[document] == 0)
                assert (length >= LEAST_TEXT * AROUND[3]) <= (marks[document] > 0)
            assert length >= marks[document]


def sentence_pieces() -> Engine:
    """As Llama 2 and Mistral have it: spaces are characters, and a text begins with one."""
    engine = Engine(models.BPE(byte_fallback=True, unk_token="<unk>"))
    engine.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    engine.decoder = decoders.Sequence([decoders.Metaspace(), decoders.ByteFallback(), decoders.Fuse()])
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=700, special_tokens=["<unk>", "<s>", "</s>", *bytes_], show_progress=False)
    engine.train_from_iterator([f"{LETTERS} <pieces of A, B and C> after the cut 1 2"] * 10, trainer)
    return engine


def byte_level() -> Engine:
    engine = Engine(models.BPE())
    engine.pre_tokenizer, engine.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=300, initial_alphabet=alphabet, special_tokens=["<s>", "<piece "], show_progress=False
    )
    engine.train_from_iterator(["the cut pieces"] * 10, trainer)
    return engine


@pytest.fixture(
    scope="module", params=["cl100k_base", "byte-level", "sentence pieces", "llama3", "qwen2_5", "mistral_nemo"]
)
def tokenizer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    if request.param == "cl100k_base":
        return load_tokenizer("cl100k_base", Path())
    if "_" in request.param or request.param == "llama3":
        folder: Path = request.getfixturevalue("tokenizer_folder")(request.param)
        return load_tokenizer("tokenizer.json", folder)
    engine = byte_level() if request.param == "byte-level" else sentence_pieces()
    folder = tmp_path_factory.mktemp("tokenizer")
    engine.save(str(folder / "tokenizer.json"))
    return load_tokenizer("tokenizer.json", folder)


def told(ids: Any, tokenizer: Tokenizer) -> str:
    """What the ids say, without spaces, of which tokenizers put some of their own between fragments."""
    return "".join(tokenizer.decode(ids).split())


def test_marks_say_which_pieces_are_a_documents_and_take_what_was_planned(tokenizer: Tokenizer) -> None:
    marks = Marks.of(tokenizer, 4096, 0)
    documents, pieces = ["b", "a", "c", "a", "b", "b"], [1, 0, 0, 1, 0, 2]
    gaps = marks.gaps("utk-000000", documents, pieces)
    apart = np.split(gaps.ids, np.cumsum(gaps.sizes)[:-1])
    b1, a0, between, a1, b0, b2, end = (told(ids, tokenizer) for ids in apart)
    names = {text: re.findall("<piece([A-Z]+)>", text)[0] for text in (b1, a0, a1, b0, b2)}
    assert len(set(names.values())) == 5
    assert {len(name) for name in names.values()} == {marks.letters_a_label}
    assert b1 == f"<piece{names[b1]}><aftercut1>"
    assert a0 == f"<cut2><piece{names[a0]}>"
    assert between == "<cut1>"
    assert a1 == f"<piece{names[a1]}><aftercut1>"
    assert b0 == f"<pieces{names[a0]},{names[a1]}><piece{names[b0]}>"
    assert b2 == f"<cut1><piece{names[b2]}><aftercut2>"
    assert end == f"<pieces{names[b0]},{names[b1]},{names[b2]}>"
    sizes, own = marks.sizes, Counter(documents)
    spent = sum(
        sizes.before(piece) + sizes.behind(piece, own[name])
        for name, piece in zip(documents, pieces, strict=True)
        if own[name] > 1
    )
    assert spent == len(gaps.ids) == sizes.around(2) + sizes.around(3)
    assert told(gaps.ids[gaps.learnt], tokenizer) == "".join(names[text] for text in (a0, a1, b0, b1, b2))
    assert not {tokenizer.bos_id, tokenizer.eos_id, tokenizer.pad_id} & set(gaps.ids.tolist())


def test_labels_are_a_matter_of_seed_and_sample_and_enough_for_every_piece(tokenizer: Tokenizer) -> None:
    def labels(seed: int, sample_id: str) -> list[int]:
        gaps = Marks.of(tokenizer, 4096, seed).gaps(sample_id, ["a", "a"], [0, 1])
        found: list[int] = gaps.ids[gaps.learnt].tolist()
        return found

    assert labels(0, "x") == labels(0, "x")
    assert len({str(labels(seed, name)) for seed in (0, 1) for name in ("x", "y")}) == 4
    for length in (16, 1024, 1 << 20, 1 << 24):
        marks = Marks.of(tokenizer, length, 0)
        assert len(marks.letters) ** marks.letters_a_label >= length
    marks = Marks.of(tokenizer, 1024, 0)
    many = marks.gaps("x", np.repeat(np.arange(500), 2), [0, 1] * 500)
    assert len(np.unique(many.ids[many.learnt].reshape(1000, -1), axis=0)) == 1000


@pytest.mark.parametrize("pieces", [[0, 2], [1, 2], [0, 0], [0, -1], [0, 1, 2, 3]])
def test_pieces_that_no_marks_fit_are_said_to_be(pieces: list[int]) -> None:
    marks = Marks.of(load_tokenizer("cl100k_base", Path()), 1024, 0)
    with pytest.raises(ValueError, match=r"pieces that are not numbered|a piece of a document twice"):
        marks.gaps("x", ["a"] * len(pieces), pieces)


def test_a_tokenizer_that_tells_no_letters_apart_is_refused_in_one_line(tmp_path: Path) -> None:
    words = {"<unk>": 0, "sea": 1, "A": 2, "B": 3}
    engine = Engine(models.WordLevel(words, unk_token="<unk>"))
    engine.pre_tokenizer = pre_tokenizers.Whitespace()
    engine.save(str(tmp_path / "tokenizer.json"))
    tokenizer = load_tokenizer("tokenizer.json", tmp_path)
    with pytest.raises(
        UsageError, match=r"packing\.back_trace: .* tells only 3 capital letters apart, .* back_trace: false"
    ):
        Marks.of(tokenizer, 1024, 0)


def test_the_number_of_pieces_is_the_documents_own_and_changes_with_the_seed() -> None:
    names = [f"d{n}" for n in range(400)]
    tables = Tables(Names(names), Hashes(map(content_hash, names)), np.full(400, 600))
    chosen = Settings(Layout(5_000, False, False, SIZES), 1, "rank", None, 0)

    def counts(seed: int, rows: list[int]) -> dict[int, int]:
        job = Job("utk", tables, [unit("corpus", rows)], chosen._replace(seed=seed))
        found: dict[int, int] = {}
        for sample in job.plan()[0].samples:
            pieces, text = Counter(s.document for s in sample.segments), Counter[int]()
            for s in sample.segments:
                text[s.document] += s.length
            found.update({row: count for row, count in pieces.items() if text[row] == 600})
        return found

    one, some, other = counts(0, list(range(400))), counts(0, list(range(0, 400, 2))), counts(1, list(range(400)))
    assert 0.35 < sum(count == 2 for count in one.values()) / len(one) < 0.65
    both = one.keys() & some.keys()
    assert [one[row] for row in both] == [some[row] for row in both]
    both = one.keys() & other.keys()
    assert [one[row] for row in both] != [other[row] for row in both]


def test_written_samples_hold_their_marks_and_each_wrong_id_is_found(cl100k: Tokenizer, tmp_path: Path) -> None:
    texts = {f"docs/{n}.txt": f"{n} " + "The whale and the reef, naïve 文. " * (n + 3) for n in range(30)}
    keys = {content_hash(text): doc_id for doc_id, text in texts.items()}
    store = TokenStore(tmp_path, cl100k)
    store.fill((content_hash(text), text) for text in texts.values())
    marks = Marks.of(cl100k, 900, 3)
    specials, hashes = Specials(None, None, marks=marks), sorted(keys)
    tables = Tables(Names(keys[key] for key in hashes), Hashes(hashes), store.lengths(hashes))
    job = Job("utk", tables, [unit("corpus", list(range(30)))], Settings(specials.layout(900), 1, "rank", None, 3))
    plan, _ = job.plan()
    written = gather(plan.samples, store.locate(hashes), specials, 900).reshape(-1, 900)
    traced = 0
    for sample, ids in zip(plan.samples, written, strict=True):
        segments = [{**s._asdict(), "doc_id": tables.doc_ids[s.document], "role": str(s.role)} for s in sample.segments]
        row = {
            "sample_id": sample.sample_id,
            "input_ids": ids,
            "n_tokens": 900,
            "doc_lens": [900],
            "segments": segments,
        }

        def problems(row: dict[str, Any]) -> list[str]:
            return check_sample(row, lambda doc_id: store.ids(content_hash(texts[doc_id])), specials, Shape(900))

        assert problems(row) == []
        if len(segments) == len({s["doc_id"] for s in segments}):
            continue  # of short documents alone
        traced += 1
        assert problems({**row, "sample_id": "another"}), "labels are the sample's own"
        text = np.zeros(900, np.bool_)
        for s in segments:
            text[s["start"] : s["start"] + s["length"]] = True
        for place in np.flatnonzero(~text)[::9].tolist():
            changed = ids.copy()
            changed[place] = 5
            assert any(f"at position {place} " in problem for problem in problems({**row, "input_ids": changed}))
        counted = marks.loss_mask(row)
        assert counted[text].all()
        assert 0 < counted[~text].sum() < (~text).sum()
        labels = cl100k.decode(ids[~text & counted])
        assert labels.isalpha()
        assert labels.isupper()
    assert traced >= 4
