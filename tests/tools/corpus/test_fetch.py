"""Fetching: one ordered pass over every kind of source, each text proven by its content hash."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from litelong import UsageError
from tools.corpus import Catalog, Corpus, Entry, fetch_texts, read_text
from tools.files import content_hash

Opener = Callable[..., Corpus]


def fill(data: Path) -> None:
    def lines(name: str) -> bytes:
        return "".join(json.dumps({"text": f"{name} {n}"}) + "\n" for n in range(50)).encode()

    for number in range(20):
        (data / f"{number}.txt").write_text(f"file {number}")
    (data / "a.jsonl").write_bytes(lines("a"))
    (data / "b.jsonl.gz").write_bytes(gzip.compress(lines("b")))
    pq.write_table(pa.table({"text": [f"c {n}" for n in range(50)]}), data / "c.parquet", row_group_size=7)


@pytest.fixture
def catalog(data: Path, opened: Opener, tmp_path: Path) -> Catalog:
    fill(data)
    with Catalog.create(tmp_path / "catalog") as building:
        list(building.admit(opened(".").read()))
    return Catalog.open(tmp_path / "catalog")


def test_every_text_comes_back_in_the_order_of_the_corpus(catalog: Catalog, opened: Opener) -> None:
    with catalog:
        entries = list(catalog.all_entries())
        Random(1).shuffle(entries)
        ticks: list[int] = []
        found = list(fetch_texts(opened("."), entries + entries[:5], ticks.append))
    assert len(found) == len(entries) == sum(ticks) == 170
    assert all(content_hash(text) == entry.content_hash for entry, text in found)
    places = [(entry.source, entry.position) for entry, _ in found]
    assert places == sorted(places)


def test_one_text(catalog: Catalog, opened: Opener) -> None:
    with catalog:
        corpus = opened(".")
        for doc_id, text in [
            ("7.txt", "file 7"),
            ("a.jsonl:3", "a 2"),
            ("b.jsonl.gz:50", "b 49"),
            ("c.parquet:9", "c 8"),
        ]:
            assert read_text(corpus, catalog.entry(doc_id)) == text


def rewrite(path: Path) -> None:
    if path.suffix == ".parquet":
        pq.write_table(pa.table({"text": [f"other {n}" for n in range(50)]}), path)
    else:
        path.write_bytes(path.read_bytes().replace(b" ", b"_", 1).replace(b'{"text":_', b'{"text": X'))


@pytest.mark.parametrize("doc_id", ["7.txt", "a.jsonl:1", "c.parquet:9"])
def test_a_text_that_changed_is_said(catalog: Catalog, data: Path, opened: Opener, doc_id: str) -> None:
    name = doc_id.partition(":")[0]
    rewrite(data / name)
    with catalog, pytest.raises(UsageError, match="changed since it was indexed: build the index again"):
        read_text(opened("."), catalog.entry(doc_id))


@pytest.mark.parametrize(
    ("doc_id", "cut"), [("7.txt", 0), ("19.txt", 0), ("a.jsonl:50", 300), ("a.jsonl:1", 0), ("c.parquet:50", 0)]
)
def test_a_file_that_was_cut_or_went_away_is_said(
    catalog: Catalog, data: Path, opened: Opener, doc_id: str, cut: int
) -> None:
    corpus = opened(".")
    path = data / doc_id.partition(":")[0]
    if path.suffix == ".parquet":
        pq.write_table(pa.table({"text": ["c 0"]}), path)
    else:
        path.write_bytes(path.read_bytes()[:cut])
    with catalog:
        with pytest.raises(UsageError, match="changed since it was indexed: build the index again"):
            read_text(corpus, catalog.entry(doc_id))
        path.unlink()
        with pytest.raises(UsageError, match="changed since it was indexed: build the index again"):
            read_text(corpus, catalog.entry(doc_id))


@pytest.mark.parametrize("name", ["a.jsonl", "c.parquet"])
def test_a_file_whose_columns_went_away_is_said(catalog: Catalog, data: Path, opened: Opener, name: str) -> None:
    if name.endswith("parquet"):
        pq.write_table(pa.table({"p": ["x"], "q": ["y"]}), data / name)
    else:
        (data / name).write_text('{"p": "x", "q": "y"}\n')
    with catalog, pytest.raises(UsageError, match=f"^{name} changed since it was indexed: build the index again"):
        read_text(opened("."), catalog.entry(f"{name}:1"))


def test_a_block_store_that_went_away_is_said(catalog: Catalog, opened: Opener, tmp_path: Path) -> None:
    for path in (tmp_path / "blocks").iterdir():
        path.unlink()
    with catalog, pytest.raises(UsageError, match=r"^b\.jsonl\.gz changed since it was indexed"):
        read_text(opened("."), catalog.entry("b.jsonl.gz:1"))


def test_a_corpus_with_fewer_sources_has_changed(opened: Opener, data: Path) -> None:
    fill(data)
    entry = Entry("x", "x", 1, bytes(16), 9, 0)
    with pytest.raises(UsageError, match="corpus 'mine' changed since it was indexed"):
        read_text(opened(".", name="mine"), entry)
