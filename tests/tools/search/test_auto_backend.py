"""`search.backend: auto`: decided by what the whole corpus amounts to, said in the log and in the manifest."""

import logging
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tools.corpus.document import Document
from tools.search import SearchSettings, backends, build_index, open_index
from tools.search.folder import read_manifest


@pytest.fixture(autouse=True)
def low_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "WHOOSH_DOCUMENTS", 10)
    monkeypatch.setattr(backends, "WHOOSH_CHARACTERS", 1_000)


def documents(lengths: list[int]) -> list[Document]:
    return [Document(f"doc-{n}", "", ("whale " * length)[:length], 0, n) for n, length in enumerate(lengths)]


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([], "whoosh"),
        ([20] * 10, "whoosh"),
        ([20] * 11, "tantivy"),
        ([100] * 10, "whoosh"),
        ([100] * 9 + [101], "tantivy"),
        ([5_000], "tantivy"),
    ],
)
def test_the_size_of_the_corpus_decides_in_whatever_order_it_comes(
    tmp_path: Path, lengths: list[int], expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    random = Random(0)
    for attempt in range(3):
        caplog.clear()
        random.shuffle(lengths)
        ticks: list[int] = []
        path = tmp_path / str(attempt)
        with caplog.at_level(logging.INFO, logger="tools.search"):
            index = build_index(iter(documents(lengths)), path, SearchSettings(), ticks.append)
        assert index.backend == index.settings.backend == expected
        assert len(index) == sum(ticks) == len(lengths)
        assert len(index.search("whale", 50)) == len(lengths)
        index.close()
        manifest = read_manifest(path)
        assert manifest.backend == expected
        assert f"auto: {expected}" in manifest.chosen
        assert "10 documents and 1,000 characters" in manifest.chosen
        assert manifest.chosen in caplog.text
        assert backends.settled(SearchSettings(), len(lengths), sum(lengths)).backend == expected


def test_k1_and_b_have_no_part_in_it(tmp_path: Path) -> None:
    for name, count in (("whoosh", 5), ("tantivy", 30)):
        index = build_index(documents([20] * count), tmp_path / name, SearchSettings(k1=0.9, b=0.4))
        assert (index.backend, index.settings.constants) == (name, (0.9, 0.4))
        index.close()


def test_a_backend_that_is_named_is_taken_and_an_addition_keeps_it(tmp_path: Path) -> None:
    for name in backends.BACKENDS:
        build_index(documents([20] * 5), tmp_path / name, SearchSettings(name)).close()
        index = open_index(tmp_path / name)
        index.add(documents([20] * 40)[5:])
        assert (index.backend, len(index), read_manifest(tmp_path / name).chosen) == (name, 40, "by name")
        index.close()


def test_no_more_documents_are_held_than_the_limits_allow() -> None:
    read = 0

    def stream() -> Iterator[Document]:
        nonlocal read
        for document in documents([20] * 100):
            read += 1
            yield document

    choice, found = backends.choose(stream())
    assert (choice.backend, read) == ("tantivy", 11)
    assert [document.doc_id for document in found] == [f"doc-{n}" for n in range(100)]
