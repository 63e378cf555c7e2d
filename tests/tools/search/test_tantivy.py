"""The tantivy backend: scores that no order of adding can change, and folders that cannot be written."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import time

import numpy as np
import pytest

from litelong import UsageError
from tools.corpus.document import Document
from tools.search import SearchSettings, WeightedWord, build_index, open_index, rounding
from tools.search.backends import BACKENDS
from tools.search.tantivy_index import searcher_of
from tools.search.tantivy_scoring import fetch

WORDS = [f"w{n}" for n in range(90)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    random = Random(0)
    shares = [1 / (n + 2) for n in range(len(WORDS))]
    texts = [" ".join(random.choices(WORDS, shares, k=random.randint(5, 200))) for _ in range(3_000)]
    path = tmp_path_factory.mktemp("tantivy") / "index"
    build_index((Document(str(n), "", t, 0, n) for n, t in enumerate(texts)), path, SearchSettings("tantivy")).close()
    return path


@pytest.mark.parametrize("bits", [11, 18])
def test_no_order_of_adding_up_changes_a_score(folder: Path, bits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words are given in another order, which changes tantivy's own sums; with 18 bits many more scores are doubtful."""
    monkeypatch.setattr(rounding, "_DROPPED", 53 - bits)
    random = Random(1)
    searcher = searcher_of(folder / "data-00001")
    for count in (3, 5, 9, 20, 40, 64) * 5:
        terms = [WeightedWord(word, random.choice([1.0, 1.0, 0.7, 3.3])) for word in random.sample(WORDS, count)]
        answers = set()
        for _ in range(4):
            random.shuffle(terms)
            found = fetch(searcher, terms, 200).found()
            least = np.sort(found.steps)[-200:][0]
            ranked = zip(found.numbers.tolist(), found.steps.tolist(), strict=True)
            answers.add(frozenset((number, step) for number, step in ranked if step >= least))
        assert len(answers) == 1


def test_the_cut_holds_whatever_ties_with_it(folder: Path) -> None:
    """Among all 3,000 scores, those at or above the k-th are what a search for k finds."""
    random = Random(2)
    searcher = searcher_of(folder / "data-00001")
    for k in (1, 7, 60, 700):
        terms = [WeightedWord(word) for word in random.sample(WORDS, 6)]
        every, found = (fetch(searcher, terms, depth).found() for depth in (3_000, k))
        least = np.sort(every.steps)[-k]
        assert set(every.numbers[every.steps >= least]) == set(found.numbers[found.steps >= least])


def test_folders_of_links_that_killed_processes_left_are_removed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that may be in use are not, nor are folders of another name; what the links lead to stays."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    kept = tmp_path / "elsewhere" / "kept.txt"
    kept.parent.mkdir()
    kept.write_text("a file that a link leads to")
    hours_ago = time() - 7_200
    for name, made in (
        ("litelong-index-old", hours_ago),
        ("litelong-index-new", time()),
        ("other-index-old", hours_ago),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "link").symlink_to(kept)
        os.utime(tmp_path / name, (made, made))
    (tmp_path / "litelong-index-link").symlink_to(kept.parent)
    os.utime(tmp_path / "litelong-index-link", (hours_ago, hours_ago), follow_symlinks=False)
    open_index(folder).close()
    left = {entry.name for entry in tmp_path.iterdir()}
    assert left == {"elsewhere", "litelong-index-new", "litelong-index-link", "other-index-old"}
    assert kept.exists()


@contextmanager
def without_rights() -> Iterator[None]:
    """Root may write everywhere, so as root be nobody for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_folder_that_cannot_be_written_is_searched_and_not_added_to(backend: str) -> None:
    """tantivy takes a lock file even to read. The folder lies where another user can reach it."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as place:
        path = Path(place) / "index"
        document = Document("whale", "", "the whale", 0, 0)
        index = build_index([document], path, SearchSettings(backend))
        index.search("whales", 5)  # whatever Python imports for it: nobody may not read where Python lies
        index.close()
        Path(place).chmod(0o755)
        for entry in (path, *path.rglob("*")):
            entry.chmod(0o555)
        with without_rights():
            index = open_index(path)
            assert [hit.doc_id for hit in index.search("whales", 5)] == ["whale"]
            with pytest.raises(UsageError, match="cannot be written"):
                index.add([document])
            with pytest.raises(UsageError, match="cannot be written"):
                build_index([document], path, SearchSettings(backend))
            with pytest.raises(UsageError, match="cannot be written"):
                build_index([document], Path(place) / "new", SearchSettings(backend))
            index.close()
        path.chmod(0o755)
