"""Any texts, in any format, read back the same, and fetch gives what read gave."""

import gzip
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.corpus import Corpus, Document, open_corpus

texts_of_any_kind = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda text: not text.isspace()), min_size=1
)


def write(form: str, folder: Path, texts: list[str]) -> str:
    rows = "".join(json.dumps({"text": text}) + "\n" for text in texts).encode()
    match form:
        case "folder":
            for number, text in enumerate(texts):
                # A mark before each text keeps a NUL or a byte order mark in it from being what a file's start means.
                (folder / f"{number:04d}.txt").write_bytes(("x" * 8192 + text).encode())
            return "."
        case "jsonl":
            (folder / "a.jsonl").write_bytes(rows)
        case "jsonl.gz":
            (folder / "a.jsonl.gz").write_bytes(gzip.compress(rows))
        case "jsonl.zst":
            (folder / "a.jsonl.zst").write_bytes(zstandard.compress(rows))
        case _:
            pq.write_table(pa.table({"text": texts}), folder / "a.parquet", row_group_size=3)
            if form == "parquet.gz":
                (folder / "a.parquet.gz").write_bytes(gzip.compress((folder / "a.parquet").read_bytes()))
    return f"a.{form}"


def read(corpus: Corpus) -> list[Document]:
    return [item for item in corpus.read() if isinstance(item, Document)]


@pytest.mark.parametrize("form", ["folder", "jsonl", "jsonl.gz", "jsonl.zst", "parquet", "parquet.gz"])
@settings(max_examples=40, deadline=None)
@given(texts=texts_of_any_kind, data=st.data())
def test_texts_come_back_as_they_were(form: str, texts: list[str], data: st.DataObject) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").mkdir()
        entry = write(form, folder / "data", texts)
        corpus = open_corpus([entry], base=folder / "data", blocks=folder / "blocks")
        documents = read(corpus)
        mark = "x" * 8192 if form == "folder" else ""
        assert [document.text for document in documents] == [mark + text for text in texts]
        assert [document.position for document in documents] == sorted({document.position for document in documents})
        assert len({document.doc_id for document in documents}) == len(texts)
        chosen = sorted(data.draw(st.sets(st.integers(0, len(texts) - 1))))
        again = open_corpus([entry], base=folder / "data", blocks=folder / "blocks").sources[0]
        fetched = list(again.fetch([documents[number].position for number in chosen]))
        assert fetched == [documents[number].text for number in chosen]


@pytest.mark.parametrize("form", ["jsonl.gz", "jsonl.zst"])
def test_blocks_hold_texts_larger_than_a_block(form: str, tmp_path: Path) -> None:
    texts = ["a" * 3_000_000, "small", *[f"{number} " * 5000 for number in range(200)], "ä" * 1_500_000, "last"]
    corpus = open_corpus([write(form, tmp_path, texts)], base=tmp_path, blocks=tmp_path / "blocks")
    positions = [document.position for document in read(corpus)]
    for step in (1, 7, 101):
        assert list(corpus.sources[0].fetch(positions[::step])) == texts[::step]
    assert [path.name for path in (tmp_path / "blocks").iterdir()] == ["000000.blocks"]


def test_positions_do_not_depend_on_a_block_store(tmp_path: Path) -> None:
    entry = write("jsonl.zst", tmp_path, [f"{number} " * 9000 for number in range(99)])
    stored = open_corpus([entry], base=tmp_path, blocks=tmp_path / "blocks")
    assert read(stored) == read(open_corpus([entry], base=tmp_path))


def test_a_reading_broken_off_leaves_no_block_store(tmp_path: Path) -> None:
    entry = write("jsonl.gz", tmp_path, ["one", "two", "three"])
    reading = open_corpus([entry], base=tmp_path, blocks=tmp_path / "blocks").sources[0].read()
    assert isinstance(next(reading), Document)
    reading.close()  # type: ignore[attr-defined]
    assert not list((tmp_path / "blocks").iterdir())
