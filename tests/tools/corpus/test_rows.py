"""Rows of JSONL and Parquet: which column is the text, which rows are rejects, which files stop the build."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from litelong import UsageError
from tools.corpus import Corpus, Document, Reject

Opener = Callable[..., Corpus]


def jsonl(path: Path, *rows: Any) -> None:
    lines = (row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows)
    path.write_bytes(b"".join(line + b"\n" for line in lines))


def only(corpus: Corpus) -> list[tuple[str, str, str]]:
    return [(item.doc_id, item.title, item.text) for item in corpus.read() if isinstance(item, Document)]


def test_columns_are_found_by_name(data: Path, opened: Opener) -> None:
    jsonl(
        data / "a.jsonl", {"Content": "one", "title": "T  t", "_id": 7, "body": 3}, {"Content": "# Two\n", "_id": None}
    )
    assert only(opened("a.jsonl")) == [("7", "T t", "one"), ("a.jsonl:2", "Two", "# Two\n")]


def test_the_only_string_column_is_the_text(data: Path, opened: Opener) -> None:
    jsonl(data / "a.ndjson", {"n": 1, "speech": "one"})
    jsonl(data / "b.jsonl", {"uuid": "u", "speech": "two"})
    assert [text for _, _, text in only(opened("."))] == ["one", "two"]


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_a_column_that_cannot_be_found_is_said(data: Path, opened: Opener, suffix: str) -> None:
    if suffix == "jsonl":
        jsonl(data / "a.jsonl", {"p": "one", "q": "two", "n": 1})
    else:
        pq.write_table(pa.table({"p": ["one"], "q": ["two"], "n": [1]}), data / "a.parquet")
    there = r"p \(string\), q \(string\), n \((number|int64)\)"
    for settings, line in [
        ({}, rf"which column is the text\? It has {there}; set corpus\.text_field"),
        ({"text_field": "r"}, rf"no column 'r': it has {there}; set corpus\.text_field"),
        ({"text_field": "n"}, rf"column 'n' is no text: it has {there}; set corpus\.text_field"),
        ({"text_field": "p", "id_field": "r"}, rf"no column 'r': it has {there}; set corpus\.id_field"),
    ]:
        with pytest.raises(UsageError, match=rf"^a\.{suffix}: {line}$"):
            list(opened(f"a.{suffix}", **settings).read())
    assert only(opened(f"a.{suffix}", text_field="q", id_field="n")) == [("1", "two", "two")]


def origins(corpus: Corpus) -> dict[str, str]:
    return {item.doc_id: item.origin for item in corpus.read() if isinstance(item, Document)}


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_where_a_row_is_from_stands_in_a_column_or_is_its_file(data: Path, opened: Opener, suffix: str) -> None:
    rows = [{"id": "a", "text": "one", "set": "wiki"}, {"id": "b", "text": "two", "set": None}]
    if suffix == "jsonl":
        jsonl(data / "x.jsonl", *rows)
    else:
        pq.write_table(pa.Table.from_pylist(rows), data / "x.parquet")
    name = f"x.{suffix}"
    assert origins(opened(name)) == {"a": name, "b": name}
    assert origins(opened(name, source_field="set")) == {"a": "wiki", "b": name}
    assert origins(opened(name, source_field="id")) == {"a": "a", "b": "b"}
    with pytest.raises(UsageError, match=rf"^x\.{suffix}: no column 'sets': it has .*; set corpus\.source_field$"):
        list(opened(name, source_field="sets").read())


def test_where_a_text_file_is_from_is_its_top_folder(data: Path, opened: Opener) -> None:
    for file in ("in/wiki/a/1.txt", "in/wiki/2.txt", "in/3.txt"):
        (data / file).parent.mkdir(parents=True, exist_ok=True)
        (data / file).write_text("text")
    assert origins(opened("in")) == {"wiki/a/1.txt": "wiki", "wiki/2.txt": "wiki", "3.txt": "in"}


def test_every_bad_row_is_a_reject_with_its_line(data: Path, opened: Opener) -> None:
    jsonl(
        data / "a.jsonl",
        {"text": "good", "score": 1},
        b"{not json",
        b"",
        [1],
        {"other": "x"},
        {"text": 5},
        {"text": ""},
        {"text": " \n"},
        b'{"text": "caf\xe9"}',
        b'{"text": "bad \\ud800"}',
        b'{"text": "kept", "score": NaN, "note": "\\udfff"}',
        b"[" * 100_000,
    )
    items = list(opened("a.jsonl").read())
    found = [(item.position, item.reason.partition(":")[0]) for item in items if isinstance(item, Reject)]
    assert found == [
        (2, "not JSON"),
        (3, "empty line"),
        (4, "not a JSON object but array"),
        (5, "no text"),
        (6, "text is int, not a string"),
        (7, "empty text"),
        (8, "empty text"),
        (9, "invalid UTF-8 at byte 13 of the line"),
        (10, "lone surrogate at character 4"),
        (12, "not JSON"),
    ]
    assert [item.text for item in items if isinstance(item, Document)] == ["good", "kept"]
    assert {item.where for item in items if isinstance(item, Reject)} == {"a.jsonl"}


def test_the_text_column_may_appear_after_bad_and_late_rows(data: Path, opened: Opener) -> None:
    jsonl(data / "a.jsonl", *[b"oops"] * 250, {"id": "x", "text": "late"})
    corpus = opened("a.jsonl")
    documents = [item for item in corpus.read() if isinstance(item, Document)]
    assert [document.text for document in documents] == ["late"]
    assert list(corpus.sources[0].fetch([documents[0].position])) == ["late"]


def test_a_byte_order_mark_before_the_first_line(data: Path, opened: Opener) -> None:
    (data / "a.jsonl").write_bytes(b'\xef\xbb\xbf{"text": "one"}\n{"text": "two"}')
    corpus = opened("a.jsonl")
    positions = [item.position for item in corpus.read() if isinstance(item, Document)]
    assert list(corpus.sources[0].fetch(positions)) == ["one", "two"]


def test_parquet_rows_that_are_no_text(data: Path, opened: Opener) -> None:
    raw = pa.array([b"good", b"caf\xe9", None, b" ", b"also good"]).view(pa.string())
    pq.write_table(
        pa.table({"text": raw, "docid": [1, 2, 3, 4, None], "title": ["T", "", "", "", None]}), data / "a.parquet"
    )
    items = list(opened("a.parquet").read())
    assert [item for item in items if isinstance(item, Reject)] == [
        Reject("a.parquet", 2, "invalid UTF-8 at byte 3"),
        Reject("a.parquet", 3, "no text"),
        Reject("a.parquet", 4, "empty text"),
    ]
    assert only(opened("a.parquet")) == [("1", "T", "good"), ("a.parquet:5", "also good", "also good")]


@pytest.mark.parametrize("kind", [pa.large_string(), pa.binary(), pa.dictionary(pa.int32(), pa.string())])
def test_parquet_texts_of_every_arrow_type(data: Path, opened: Opener, kind: pa.DataType) -> None:
    texts = ["one", "zwö", "one"]
    column = pa.array(texts).dictionary_encode() if pa.types.is_dictionary(kind) else pa.array(texts).cast(kind)
    pq.write_table(pa.table({"text": column}), data / "a.parquet")
    corpus = opened("a.parquet")
    assert [text for _, _, text in only(corpus)] == texts
    assert list(corpus.sources[0].fetch([0, 2])) == ["one", "one"]


def test_parquet_is_fetched_across_row_groups(data: Path, opened: Opener) -> None:
    texts = [f"text {number} " + "x" * 20_000 for number in range(1000)]
    pq.write_table(pa.table({"text": texts, "n": range(1000)}), data / "a.parquet", row_group_size=300)
    source = opened("a.parquet").sources[0]
    wanted = [0, 1, 299, 300, 650, 999]
    assert list(source.fetch(wanted)) == [texts[row] for row in wanted]
    with pytest.raises(UsageError, match="changed since it was indexed"):
        list(source.fetch([998, 1000]))


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.parquet"])
def test_a_file_without_rows_is_a_reject(data: Path, opened: Opener, name: str) -> None:
    if name.endswith("parquet"):
        pq.write_table(pa.table({"text": pa.array([], pa.string())}), data / name)
    else:
        (data / name).write_bytes(gzip.compress(b"") if name.endswith("gz") else b"")
    assert list(opened(name).read()) == [Reject(name, 0, "empty file")]


def packed(suffix: str) -> bytes:
    lines = b"".join(json.dumps({"text": f"text {number}"}).encode() + b"\n" for number in range(5000))
    if suffix == "gz":
        return gzip.compress(lines)
    # As the zstd command does; in a frame without a checksum no reader can tell damage from text.
    return zstandard.ZstdCompressor(write_checksum=True).compress(lines)


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_a_cut_off_compressed_file_stops_the_build(data: Path, opened: Opener, suffix: str, tmp_path: Path) -> None:
    whole = packed(suffix)
    for content in (whole[:-20], whole[: len(whole) // 2], whole[:100] + b"\xff" * 200 + whole[300:]):
        (data / f"a.jsonl.{suffix}").write_bytes(content)
        with pytest.raises(UsageError, match=rf"^a\.jsonl\.{suffix}: broken or cut off .* file .*: fetch it again"):
            list(opened(f"a.jsonl.{suffix}").read())
    assert not list((tmp_path / "blocks").iterdir())


@pytest.mark.parametrize("suffix", ["gz", "zst"])
@pytest.mark.parametrize("content", [b"", b'{"text": "plain"}\n'])
def test_a_file_that_is_not_what_its_suffix_says(data: Path, opened: Opener, suffix: str, content: bytes) -> None:
    (data / f"a.jsonl.{suffix}").write_bytes(content)
    with pytest.raises(UsageError, match=rf"^a\.jsonl\.{suffix}: not a .* file although its suffix says so"):
        list(opened(f"a.jsonl.{suffix}").read())


def test_a_broken_parquet_file_stops_the_build(data: Path, opened: Opener) -> None:
    pq.write_table(pa.table({"text": ["x" * 100] * 100}), data / "a.parquet")
    whole = (data / "a.parquet").read_bytes()
    for content in (whole[:-30], b"", b"not parquet", whole[:20] + b"\xff" * 30 + whole[50:]):
        (data / "a.parquet").write_bytes(content)
        with pytest.raises(UsageError, match=r"^a\.parquet: broken or cut off Parquet file"):
            list(opened("a.parquet").read())


def test_several_frames_are_one_file(data: Path, opened: Opener) -> None:
    one, two = b'{"text": "one"}\n', b'{"text": "two"}\n'
    skippable = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc"
    (data / "a.jsonl.zst").write_bytes(zstandard.compress(one) + skippable + zstandard.compress(two))
    (data / "b.jsonl.gz").write_bytes(gzip.compress(one) + gzip.compress(two))
    assert [text for _, _, text in only(opened("."))] == ["one", "two", "one", "two"]


def test_compressed_rows_are_read_and_not_fetched_without_blocks(data: Path) -> None:
    from tools.corpus import open_corpus

    (data / "a.jsonl.gz").write_bytes(packed("gz"))
    corpus = open_corpus(["a.jsonl.gz"], base=data)
    positions = [item.position for item in corpus.read() if isinstance(item, Document)]
    assert len(positions) == 5000
    with pytest.raises(UsageError, match=r"^a\.jsonl\.gz: a compressed file can only be read from start to end"):
        list(corpus.sources[0].fetch(positions))
