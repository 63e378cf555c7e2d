"""The catalogue: every item accounted for, exact duplicates dropped, doc_ids unique, bounded memory."""

import sqlite3
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litelong import UsageError
from tools.corpus import Catalog, CatalogCounts, Document, Duplicate, Entry, Reject
from tools.files import content_hash


def document(doc_id: str, text: str, position: int = 0) -> Document:
    return Document(doc_id, f"title of {doc_id}", text, 0, position)


def built(path: Path, *items: Document | Reject) -> Catalog:
    catalog = Catalog.create(path)
    list(catalog.admit(items))
    return catalog


def test_every_item_is_accounted_for(tmp_path: Path) -> None:
    reject = Reject("a.jsonl", 3, "empty text")
    with Catalog.create(tmp_path / "c.sqlite") as catalog:
        items: list[Document | Reject] = [document("a", "one"), document("b", "two", 7), reject, document("c", "one")]
        assert [item.doc_id for item in catalog.admit(items)] == ["a", "b"]
        assert catalog.counts() == CatalogCounts(4, 2, 1, 1, 6)
        assert list(catalog.rejects()) == [reject]
        assert list(catalog.duplicates()) == [Duplicate("c", "a")]
        assert len(catalog) == 2
        assert catalog.entry("b") == Entry("b", "title of b", 3, content_hash("two"), 0, 7)


def test_the_same_from_a_file_opened_again(tmp_path: Path) -> None:
    built(tmp_path / "c.sqlite", document("a", "one"), Reject("x", 1, "no text"), document("b", "one")).close()
    with Catalog.open(tmp_path / "c.sqlite") as catalog:
        assert catalog.counts() == CatalogCounts(3, 1, 1, 1, 3)
        assert list(catalog.duplicates()) == [Duplicate("b", "a")]
        with pytest.raises(ValueError, match="read only"):
            next(catalog.admit([]))


def test_two_texts_with_one_doc_id_are_both_kept(tmp_path: Path) -> None:
    later = f"a#{content_hash('two').hex()[:8]}"
    with Catalog.create(tmp_path / "c.sqlite") as catalog:
        admitted = list(catalog.admit([document("a", "one"), document("a", "two"), document("a", "two")]))
        assert [item.doc_id for item in admitted] == ["a", later]
        assert list(catalog.duplicates()) == [Duplicate("a", later)]


def test_a_doc_id_that_looks_like_a_renamed_one(tmp_path: Path) -> None:
    digest = content_hash("two").hex()
    with built(
        tmp_path / "c.sqlite", document(f"a#{digest[:8]}", "zero"), document("a", "one"), document("a", "two")
    ) as catalog:
        assert catalog.entry(f"a#{digest}").content_hash == content_hash("two")


def test_entries_come_in_the_order_asked(tmp_path: Path) -> None:
    with built(tmp_path / "c.sqlite", *(document(f"d{n}", f"text {n}") for n in range(2500))) as catalog:
        asked = [f"d{n}" for n in range(2499, -1, -1)] + ["d7", "d7"]
        assert [entry.doc_id for entry in catalog.entries(asked)] == asked
        assert catalog.entries([]) == []
        with pytest.raises(KeyError, match="nowhere"):
            catalog.entries(["d1", "nowhere"])
        with pytest.raises(KeyError):
            catalog.entry("nowhere")
        hashes = [entry.content_hash for entry in catalog.all_entries()]
        assert hashes == sorted(content_hash(f"text {n}") for n in range(2500))


def test_entries_in_the_order_of_their_hashes_come_once_however_often_they_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.lookup._SORTED_AT_ONCE", 100)  # several ranges of hashes
    with built(tmp_path / "c.sqlite", *(document(f"d{n}", f"text {n}") for n in range(2500))) as catalog:
        asked = [f"d{n}" for n in range(0, 2500, 2)] * 2 + ["d7"]
        found = list(catalog.ordered(asked, tmp_path))
        assert found == sorted(catalog.entries(list(dict.fromkeys(asked))), key=lambda entry: entry.content_hash)
        assert list(catalog.ordered([])) == []
        with pytest.raises(KeyError, match="nowhere"):
            list(catalog.ordered(["d1", "nowhere"]))


ids_and_texts = st.lists(st.tuples(st.sampled_from("abc"), st.text(st.sampled_from("xyz"), min_size=1, max_size=2)))


@settings(max_examples=60, deadline=None)
@given(items=ids_and_texts)
def test_texts_and_doc_ids_are_unique_and_nothing_is_lost(items: list[tuple[str, str]]) -> None:
    with TemporaryDirectory() as folder, Catalog.create(Path(folder) / "c") as catalog:
        admitted = list(catalog.admit(document(doc_id, text) for doc_id, text in items))
        assert [item.text for item in admitted] == list(dict.fromkeys(text for _, text in items))
        assert len({item.doc_id for item in admitted}) == len(admitted)
        counts = catalog.counts()
        assert counts.documents + counts.duplicates + counts.rejected == counts.read == len(items)
        assert counts.characters == sum(len(item.text) for item in admitted)
        assert {entry.doc_id for entry in catalog.all_entries()} == {item.doc_id for item in admitted}


def test_admitting_in_two_parts_is_one_catalogue(tmp_path: Path) -> None:
    with built(tmp_path / "c", document("a", "one")) as catalog:
        assert [item.doc_id for item in catalog.admit([document("b", "one"), document("c", "two")])] == ["c"]
        assert catalog.counts() == CatalogCounts(3, 2, 1, 0, 6)


def test_memory_does_not_grow_with_duplicates(tmp_path: Path) -> None:
    def items() -> Iterator[Document]:
        for number in range(60_000):
            yield document(f"d{number}", f"{number % 20_000} " * 100)

    with Catalog.create(tmp_path / "c") as catalog:
        tracemalloc.start()
        admitted = sum(1 for _ in catalog.admit(items()))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert (admitted, catalog.counts().duplicates) == (20_000, 40_000)
        assert peak < 2_000_000


def test_reading_from_several_threads(tmp_path: Path) -> None:
    built(tmp_path / "c", *(document(f"d{n}", f"text {n}") for n in range(500))).close()
    with Catalog.open(tmp_path / "c") as catalog, ThreadPoolExecutor(8) as pool:
        asked = [f"d{n}" for n in range(500)]
        found = list(pool.map(catalog.entry, asked))
        assert [entry.doc_id for entry in found] == asked
        assert all(len(list(entries)) == 500 for entries in pool.map(lambda _: list(catalog.all_entries()), range(8)))


def test_files_that_are_no_finished_catalogue(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no catalogue there: build the index first"):
        Catalog.open(tmp_path / "none")
    (tmp_path / "text").write_text("not a database, but long enough to look at" * 100)
    with sqlite3.connect(tmp_path / "other") as other:
        other.execute("CREATE TABLE t (x)")
    other.close()
    for name in ("text", "other"):
        with pytest.raises(UsageError, match="not a catalogue of litelong: build the index again"):
            Catalog.open(tmp_path / name)


def test_an_older_catalogue_is_built_again(tmp_path: Path) -> None:
    built(tmp_path / "c", document("a", "one")).close()
    with sqlite3.connect(tmp_path / "c") as old:
        old.execute("PRAGMA user_version = 99")
    old.close()
    with pytest.raises(UsageError, match="of another version of litelong: build the index again"):
        Catalog.open(tmp_path / "c")


def test_a_build_broken_off_is_not_a_catalogue(tmp_path: Path) -> None:
    with Catalog.create(tmp_path / "c") as catalog:
        next(catalog.admit([document("a", "one"), document("b", "two")]))
    with pytest.raises(UsageError, match="never finished: build the index again"):
        Catalog.open(tmp_path / "c")
    with Catalog.create(tmp_path / "c") as again:
        assert len(list(again.admit([document("a", "one")]))) == 1
    Catalog.open(tmp_path / "c").close()
