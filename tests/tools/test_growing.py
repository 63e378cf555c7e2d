"""An indexed corpus that grows: the same as built anew, whatever grew; nothing is deleted; a kill leaves the old or the new."""

import gzip
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st

from litelong import UsageError
from tools.growing import add
from tools.indexed import CorpusSpec, IndexedCorpus, build, open_indexed
from tools.search import Hit, SearchSettings, backends

WORDS = "whale reef coral tide moon ship sail storm wind rain cloud river".split()  # noqa: SIM905
QUERIES = ["whale", "reef coral tide", "storm moon number7"]


def text(number: int) -> str:
    rng = random.Random(number)
    return f"number{number} " + " ".join(rng.choices(WORDS, k=rng.randint(1, 40)))


def spec(folder: Path, *names: str) -> CorpusSpec:
    return CorpusSpec(tuple(str(folder / name) for name in names or ("",)))


def append(path: Path, numbers: range | list[int]) -> None:
    """More rows for a file: JSONL, compressed JSONL, or with a folder's name, more text files."""
    rows = b"".join(orjson.dumps({"id": f"{path.name}-{n}", "text": text(n)}) + b"\n" for n in numbers)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".gz":
        whole = gzip.decompress(path.read_bytes()) if path.exists() else b""
        path.write_bytes(gzip.compress(whole + rows))
    elif path.suffix:
        with path.open("ab") as stream:
            stream.write(rows)
    else:
        path.mkdir(exist_ok=True)
        for number in numbers:
            (path / f"{number % 7}-{number}.txt").write_text(text(number))


def what_it_holds(indexed: IndexedCorpus) -> tuple[object, ...]:
    """All that a run sees of an index."""
    entries = list(indexed.entries())
    doc_ids = [entry.doc_id for entry in entries]
    return (
        [(e.doc_id, e.title, e.n_chars, e.content_hash, e.origin) for e in entries],
        indexed.texts(doc_ids),
        indexed.index.search_many(QUERIES, 50),
        [indexed.index.document_frequency(word) for word in WORDS],
        indexed.counts(),
        sorted(indexed.catalog.duplicates()),
        sorted((r.where, r.position, r.reason) for r in indexed.catalog.rejects()),
        indexed.fingerprint,
    )


def opened(path: Path) -> tuple[object, ...]:
    indexed = open_indexed(path)
    indexed.check_unchanged()
    held = what_it_holds(indexed)
    indexed.close()
    return held


PLACES = ("b.jsonl", "m.jsonl.gz", "texts", "sub/a.jsonl", "z.jsonl.gz")


@settings(max_examples=12, deadline=None)
@given(
    begin=st.lists(st.sampled_from(PLACES), min_size=1, max_size=4),
    steps=st.lists(st.lists(st.sampled_from(PLACES), min_size=1, max_size=3), min_size=1, max_size=2),
    odd=st.booleans(),
    backend=st.sampled_from(["whoosh", "tantivy"]),
)
def test_a_corpus_that_grew_is_as_one_built_anew(
    begin: list[str], steps: list[list[str]], odd: bool, backend: str
) -> None:
    with TemporaryDirectory() as name:
        folder, counter = Path(name) / "corpus", iter(range(0, 10_000, 10))
        folder.mkdir()

        def grow(places: list[str]) -> None:
            for place in places:
                start = next(counter)
                append(folder / place, range(start, start + 9))
                if odd:
                    with (folder / "b.jsonl").open("ab") as stream:  # a reject, and a duplicate of the row before
                        stream.write(b'{"id": "x", "text": ""}\n{"id": "y", "text": "whale again"}\n')

        grow(begin)
        build(spec(folder), Path(name) / "grown", SearchSettings(backend)).close()
        for places in steps:
            grow(places)
            add(Path(name) / "grown")
        build(spec(folder), Path(name) / "anew", SearchSettings(backend)).close()
        assert opened(Path(name) / "grown") == opened(Path(name) / "anew")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    for number, place in enumerate(PLACES):
        append(folder / place, range(100 * number, 100 * number + 20))
    return folder


@pytest.fixture
def index(corpus: Path, tmp_path: Path) -> Path:
    build(spec(corpus), tmp_path / "index", SearchSettings()).close()
    return tmp_path / "index"


def hits(index: Path) -> list[list[Hit]]:
    indexed = open_indexed(index)
    found = list(map(list, indexed.index.search_many(QUERIES, 50)))
    indexed.close()
    return found


def test_other_paths_are_added_to_the_corpus(corpus: Path, index: Path, tmp_path: Path) -> None:
    append(tmp_path / "more.jsonl", range(900, 910))
    before, after = add(index, [str(tmp_path / "more.jsonl")])
    assert (before.documents, after.documents) == (100, 110)
    build(CorpusSpec((f"{corpus}", str(tmp_path / "more.jsonl"))), tmp_path / "anew", SearchSettings()).close()
    assert opened(index) == opened(tmp_path / "anew")


def test_what_is_as_it_was_is_neither_read_nor_indexed(index: Path, corpus: Path) -> None:
    data = sorted(index.iterdir())
    before, after = add(index)
    assert before == after
    assert sorted(p for p in index.iterdir() if p.name != "write.lock") == data
    append(corpus / "z.jsonl.gz", range(900, 903))
    inode = (corpus / "b.jsonl").stat().st_ino
    status = (corpus / "b.jsonl").stat()
    (corpus / "b.jsonl").write_bytes(b"x" * status.st_size)
    os.utime(corpus / "b.jsonl", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (corpus / "b.jsonl").stat().st_ino == inode
    ticks: list[int] = []
    _, after = add(index, (), ticks.append)
    assert (sum(ticks), after.documents) == (3, 103), "b.jsonl has its old stamp, so nobody looked into it"


def test_touched_and_moved_rows_keep_their_documents(index: Path, corpus: Path) -> None:
    held = hits(index)
    lines = (corpus / "b.jsonl").read_bytes().splitlines(keepends=True)
    (corpus / "b.jsonl").write_bytes(b"".join(reversed(lines)))
    before, after = add(index)
    assert before == after
    assert hits(index) == held
    opened(index)


@pytest.mark.parametrize("how", ["changed", "gone", "file gone", "renamed"])
def test_what_is_gone_or_changed_is_refused_and_the_index_stays(
    how: str, index: Path, corpus: Path, tree: Callable[[Path], object]
) -> None:
    held = tree(index)
    append(corpus / "new.jsonl", range(900, 905))
    victim = corpus / "texts" / "5-201.txt"
    if how == "changed":
        victim.write_text("another text")
    elif how == "gone":
        victim.unlink()
    elif how == "renamed":
        victim.rename(victim.with_name("other.txt"))
    else:
        (corpus / "sub" / "a.jsonl").unlink()
    with pytest.raises(
        UsageError,
        match=r"of its documents gone or changed since they were indexed, the first .*; --add deletes nothing",
    ):
        add(index)
    (index / "write.lock").unlink()
    assert tree(index) == held


def test_who_has_it_open_goes_on_while_it_grows(index: Path, corpus: Path) -> None:
    reader = open_indexed(index)
    held = what_it_holds(reader)
    append(corpus / "n.jsonl.gz", range(900, 930))
    add(index)
    assert what_it_holds(reader) == held
    reader.close()


def test_one_at_a_time_and_only_to_an_index(index: Path, tmp_path: Path) -> None:
    with FileLock(index / "write.lock"), pytest.raises(UsageError, match="another process is adding to it"):
        add(index)
    with pytest.raises(UsageError, match="no index here"):
        add(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


ADD = """
import sys
from pathlib import Path
from tools.growing import add
from tools.search import backends
backends.WHOOSH_DOCUMENTS = int(sys.argv[2])
add(Path(sys.argv[1]))
"""


@pytest.mark.parametrize("limit", [20_000, 500])
def test_a_kill_leaves_the_index_as_before_or_as_after(
    limit: int, index: Path, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it grows past what it has Whoosh for."""
    monkeypatch.setattr(backends, "WHOOSH_DOCUMENTS", limit)
    append(corpus / "b.jsonl", range(1_000, 4_000))
    before = hits(index)
    build(spec(corpus), tmp_path / "anew", SearchSettings()).close()
    after, rng = hits(tmp_path / "anew"), random.Random(0)
    for _ in range(8):
        process = subprocess.Popen([sys.executable, "-c", ADD, str(index), str(limit)])
        while process.poll() is None and not (index / "write.lock").exists():
            time.sleep(0.005)
        time.sleep(rng.uniform(0.0, 1.2))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert hits(index) in (before, after)
    add(index)
    assert hits(index) == after
    opened(index)


@pytest.mark.parametrize("limit", ["WHOOSH_DOCUMENTS", "WHOOSH_CHARACTERS"])
def test_what_auto_would_take_another_backend_for_is_built_anew(
    limit: str, index: Path, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However it was built, one corpus has one backend: also when an old text has moved, and the next addition adds again."""
    with closing(open_indexed(index)) as indexed:
        held = indexed.counts()
    monkeypatch.setattr(backends, limit, held.documents + 5 if limit == "WHOOSH_DOCUMENTS" else held.characters + 800)
    for number, expected in enumerate(("whoosh", "tantivy", "tantivy")):
        append(corpus / "b.jsonl", range(1_000 * (number + 1), 1_000 * (number + 1) + 4 + 20 * number))
        lines = (corpus / "b.jsonl").read_bytes().splitlines(keepends=True)
        (corpus / "b.jsonl").write_bytes(b"".join(reversed(lines)))
        ticks: list[int] = []
        _, after = add(index, (), ticks.append)
        build(spec(corpus), tmp_path / f"anew-{number}", SearchSettings()).close()
        assert opened(index) == opened(tmp_path / f"anew-{number}")
        indexed = open_indexed(index)
        assert indexed.index.backend == expected
        assert sum(ticks) == {0: 4, 1: after.documents, 2: 44}[number]
        indexed.close()


def test_what_is_gone_is_refused_before_anything_is_built_anew(
    index: Path, corpus: Path, tree: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    held = tree(index)
    monkeypatch.setattr(backends, "WHOOSH_DOCUMENTS", 100)
    append(corpus / "b.jsonl", range(900, 910))
    (corpus / "texts" / "5-201.txt").unlink()
    with pytest.raises(UsageError, match="gone or changed"):
        add(index)
    (index / "write.lock").unlink()
    assert tree(index) == held
