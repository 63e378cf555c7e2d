"""The token store: every text is encoded once, found by its hash, and whole parts outlive a kill."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from litelong import UsageError
from tools.files import content_hash
from tools.tokens import Encoded, Tokenizer, TokenStore
from tools.tokens.chunk_table import ChunkTable
from tools.tokens.parts import read_arrays

WORDS = ["sea", "whale", "reef", "coral", "tide", "<|endoftext|>", "naïve", "文"]


class Counting:
    """A real tokenizer that counts the texts it is given."""

    def __init__(self, inner: Tokenizer) -> None:
        self.inner, self.encoded = inner, 0
        self.name, self.fingerprint, self.vocab_size = inner.name, inner.fingerprint, inner.vocab_size
        self.engine, self.specials = inner.engine, inner.specials
        self.bos_id, self.eos_id, self.pad_id = inner.bos_id, inner.eos_id, inner.pad_id

    def encode_batch(self, texts: Sequence[str], threads: int = 1) -> Encoded:
        self.encoded += len(texts)
        return self.inner.encode_batch(texts, threads)

    def decode(self, ids: Sequence[int] | NDArray[np.integer]) -> str:
        return self.inner.decode(ids)

    def borders(self, text: str, ids: NDArray[np.integer]) -> NDArray[np.int64]:
        return self.inner.borders(text, ids)


def keyed(texts: Sequence[str]) -> list[tuple[bytes, str]]:
    return [(content_hash(text), text) for text in texts]


def random_texts(count: int, seed: int) -> list[str]:
    random = Random(seed)
    return [f"{n} " + " ".join(random.choices(WORDS, k=random.randint(0, 60))) for n in range(count)]


def files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("part-*.ids"))}


@settings(max_examples=30, deadline=None)
@given(texts=st.lists(st.text(max_size=50), max_size=30), part_tokens=st.integers(1, 200))
def test_what_comes_out_is_what_the_tokenizer_gives(cl100k: Tokenizer, texts: list[str], part_tokens: int) -> None:
    with TemporaryDirectory() as folder:
        store = TokenStore(Path(folder), cl100k)
        for half in (texts[::2], texts):
            store.fill(keyed(half), part_tokens=part_tokens)
        for opened in (store, TokenStore(Path(folder), cl100k)):
            for text in texts:
                expected = cl100k.encode_batch([text]).ids
                assert np.array_equal(opened.ids(content_hash(text)), expected)
                assert opened.length(content_hash(text)) == len(expected)
                assert content_hash(text) in opened
            lengths = opened.lengths([content_hash(text) for text in dict.fromkeys(texts)])
            assert (lengths.dtype.str, lengths.sum()) == ("<i8", opened.total_tokens)
            assert len(opened) == len(set(texts))


def test_views_are_read_only_slices_of_the_file(cl100k: Tokenizer, trained: Tokenizer, tmp_path: Path) -> None:
    for tokenizer, dtype in ((cl100k, "<u4"), (trained, "<u2")):
        store = TokenStore(tmp_path, tokenizer)
        store.fill(keyed(["whale reef coral", ""]))
        ids = store.ids(content_hash("whale reef coral"))
        assert (ids.dtype.str, ids.flags.owndata) == (dtype, False)
        assert tokenizer.decode(ids[1:]) == tokenizer.decode(ids)[len(tokenizer.decode(ids[:1])) :]
        assert len(store.ids(content_hash(""))) == 0
        with pytest.raises(ValueError, match="read-only"):
            ids[0] = 0


def test_nothing_is_encoded_twice(cl100k: Tokenizer, tmp_path: Path) -> None:
    tokenizer = Counting(cl100k)
    store = TokenStore(tmp_path, tokenizer)
    texts = random_texts(50, seed=0)
    store.fill(keyed(texts[:30] * 2))
    assert tokenizer.encoded == 30
    store.fill(keyed(texts))
    TokenStore(tmp_path, tokenizer).fill(keyed(texts))
    assert tokenizer.encoded == 50


def test_a_text_that_comes_again_in_a_later_part_is_not_encoded_again(
    cl100k: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.tokens.store._BATCH_DOCUMENTS", 2)
    tokenizer = Counting(cl100k)
    texts = random_texts(40, seed=5)
    TokenStore(tmp_path, tokenizer).fill(keyed([*texts[:30], *texts[::-1], *texts]), part_tokens=1)
    assert tokenizer.encoded == 40
    assert len(files(tmp_path)) == 20


def test_the_time_of_a_fill_grows_as_its_parts_do(
    cl100k: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts of the store and of its chunk table are read a few times, however many come after them."""
    reads = Counter[Path]()

    def counted(path: Path, *names: str) -> list[NDArray[Any]]:
        reads[path] += 1
        return read_arrays(path, *names)

    for module in ("parts", "chunk_table"):
        monkeypatch.setattr(f"tools.tokens.{module}.read_arrays", counted)
    monkeypatch.setattr("tools.tokens.store._BATCH_DOCUMENTS", 1)
    monkeypatch.setattr("tools.tokens.chunk_table._PART_DOCUMENTS", 1)
    texts = keyed(random_texts(70, seed=6))
    store = TokenStore(tmp_path, cl100k)
    store.fill(texts, part_tokens=1)
    table = ChunkTable(store, 100)
    table.fill(texts)
    # Of the store: 4 times to tell what is held, at the end, and when the chunk table makes sure that it is alone.
    assert (len(reads), max(reads.values())) == (140, 6)
    assert len(store) == len(table) == 70


def test_more_parts_than_a_process_may_open_files(cl100k: Tokenizer, tmp_path: Path) -> None:
    """Each mapped part is an open file: the process asks the system for more, and says so when it gets none."""
    program = (
        "import resource, sys; from pathlib import Path; from tools.tokens import TokenStore, load_tokenizer\n"
        "from tools.tokens import store; from tools.files import content_hash\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (40, int(sys.argv[2])))\n"
        "store._BATCH_DOCUMENTS = 1\n"
        "tokens = TokenStore(Path(sys.argv[1]), load_tokenizer('cl100k_base', Path()))\n"
        "tokens.fill(((content_hash(text), text) for text in map(str, range(60))), part_tokens=1)\n"
        "print(len(tokens), tokens.ids(content_hash('59')).tolist())"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run([*command, "4096"], check=False, capture_output=True, text=True)
    assert done.stdout.split()[0] == "60", done.stderr
    done = subprocess.run([*command, "40"], check=False, capture_output=True, text=True)
    assert "more parts than the system lets a process open files" in done.stderr


def test_threads_change_no_byte(cl100k: Tokenizer, tmp_path: Path) -> None:
    texts = random_texts(300, seed=1)
    for threads in (1, 2, 4):
        TokenStore(tmp_path / str(threads), cl100k).fill(keyed(texts), threads=threads, part_tokens=500)
    assert files(tmp_path / "1") == files(tmp_path / "2") == files(tmp_path / "4") != {}


def test_missing_names_each_absent_hash_once_in_order(cl100k: Tokenizer, tmp_path: Path) -> None:
    store = TokenStore(tmp_path, cl100k)
    store.fill(keyed(["a", "b"]))
    hashes = [content_hash(text) for text in "zbzay"]
    assert store.missing(hashes) == [content_hash("z"), content_hash("y")]
    assert store.missing([]) == []
    assert TokenStore(tmp_path / "empty", cl100k).missing(hashes[:1]) == hashes[:1]
    assert store.lengths([]).tolist() == []


def test_hashes_with_zero_bytes_are_told_apart(cl100k: Tokenizer, tmp_path: Path) -> None:
    hashes = [bytes(16), b"\x00" * 15 + b"\x01", b"\x01" + b"\x00" * 15, b"\x01" * 15 + b"\x00", b"\xff" * 16]
    texts = [f"text number {'x' * n}" for n in range(len(hashes))]
    store = TokenStore(tmp_path, cl100k)
    assert store.missing(hashes) == hashes
    store.fill(zip(hashes, texts, strict=True))
    store = TokenStore(tmp_path, cl100k)
    assert [cl100k.decode(store.ids(key)) for key in hashes] == texts
    assert store.missing([b"\x02" * 16, b"\x01" * 16]) == [b"\x02" * 16, b"\x01" * 16]


def test_a_hash_that_is_not_held_is_an_error_that_names_it(cl100k: Tokenizer, tmp_path: Path) -> None:
    store = TokenStore(tmp_path, cl100k)
    store.fill(keyed(["a"]))
    absent = content_hash("absent")
    for ask in (store.ids, store.length, lambda key: store.lengths([content_hash("a"), key])):
        with pytest.raises(KeyError, match=absent.hex()):
            ask(absent)
    with pytest.raises(ValueError, match="16 bytes"):
        store.length(b"short")


def test_what_a_killed_fill_left_is_removed_and_encoded_again(cl100k: Tokenizer, tmp_path: Path) -> None:
    texts = keyed(random_texts(200, seed=2))
    whole = TokenStore(tmp_path / "whole", cl100k)
    whole.fill(texts, part_tokens=100)
    store = TokenStore(tmp_path / "killed", cl100k)
    store.fill(texts[:120], part_tokens=100)
    folder = tmp_path / "killed" / cl100k.fingerprint
    last = max(folder.glob("part-*.npz"))
    last.unlink()  # killed between the two renames
    (folder / ".part-00099.ids.tmp").write_bytes(b"half a part")
    (folder / ".part-00098.npz.tmp").write_bytes(b"half a table")
    again = TokenStore(tmp_path / "killed", cl100k)
    assert len(again) < 120
    again.fill(texts, part_tokens=100)
    assert not list(folder.glob(".*.tmp"))
    assert [again.ids(key).tolist() for key, _ in texts] == [whole.ids(key).tolist() for key, _ in texts]
    assert len(again) == len(whole) == 200


def stopping(texts: list[tuple[bytes, str]], after: int) -> Iterator[tuple[bytes, str]]:
    yield from texts[:after]
    raise KeyboardInterrupt


def test_an_interrupted_fill_keeps_whole_parts_only(
    cl100k: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.tokens.store._BATCH_DOCUMENTS", 10)
    texts = keyed(random_texts(100, seed=3))
    with pytest.raises(KeyboardInterrupt):
        TokenStore(tmp_path, cl100k).fill(stopping(texts, 75), part_tokens=1_000)
    kept = TokenStore(tmp_path, cl100k)
    assert 0 < len(kept) < 75
    assert not list((tmp_path / cl100k.fingerprint).glob(".*.tmp"))
    kept.fill(texts, part_tokens=1_000)
    assert len(kept) == 100


def test_small_parts_give_the_same_ids_as_large_ones(
    cl100k: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.tokens.store._BATCH_DOCUMENTS", 3)
    texts = keyed(random_texts(60, seed=4))
    stores = [TokenStore(tmp_path / str(size), cl100k) for size in (1, 100, 1 << 26)]
    for store, size in zip(stores, (1, 100, 1 << 26), strict=True):
        store.fill(texts, part_tokens=size)
    assert len(files(tmp_path / "1")) == 20
    for key, _ in texts:
        assert stores[0].ids(key).tolist() == stores[1].ids(key).tolist() == stores[2].ids(key).tolist()


def test_two_tokenizers_share_a_store_without_meeting(cl100k: Tokenizer, trained: Tokenizer, tmp_path: Path) -> None:
    for tokenizer in (cl100k, trained):
        TokenStore(tmp_path, tokenizer).fill(keyed(["whale reef"]))
    for tokenizer in (cl100k, trained):
        assert tokenizer.decode(TokenStore(tmp_path, tokenizer).ids(content_hash("whale reef"))) == "whale reef"


def test_a_damaged_part_is_named(cl100k: Tokenizer, tmp_path: Path) -> None:
    folder = tmp_path / cl100k.fingerprint
    TokenStore(tmp_path, cl100k).fill(keyed(["whale reef"]))
    ids = folder / "part-00000.ids"
    ids.write_bytes(ids.read_bytes()[:-1])
    with pytest.raises(UsageError, match="part-00000"):
        TokenStore(tmp_path, cl100k)
    (folder / "part-00000.npz").write_bytes(b"no archive")
    with pytest.raises(UsageError, match="part-00000"):
        TokenStore(tmp_path, cl100k)
    (folder / "part-00000.npz").unlink()
    store = TokenStore(tmp_path, cl100k)
    store.fill(keyed(["whale reef"]))
    assert len(store) == 1
    (folder / "manifest.json").write_text('{"format": "something else"}')
    with pytest.raises(UsageError, match="not of this version"):
        TokenStore(tmp_path, cl100k)


def test_one_process_fills_at_a_time(cl100k: Tokenizer, tmp_path: Path) -> None:
    store = TokenStore(tmp_path, cl100k)
    with FileLock(tmp_path / cl100k.fingerprint / "fill.lock"), pytest.raises(UsageError, match="another process"):
        store.fill(keyed(["a"]))
    store.fill(keyed(["a"]))
    assert content_hash("a") in store


def test_ticks_count_every_text_seen(cl100k: Tokenizer, tmp_path: Path) -> None:
    store = TokenStore(tmp_path, cl100k)
    store.fill(keyed(["a", "b"]))
    ticks: list[int] = []
    store.fill(keyed(["a", "b", "c", "c"]), tick=ticks.append)
    assert sum(ticks) == 4
