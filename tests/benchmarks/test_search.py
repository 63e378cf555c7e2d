"""The search benchmarks: metrics by hand, both layouts of a collection, and the exact BM25 that engines are held against."""

from collections.abc import Callable
from math import log, log2
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.markdown import write_part
from benchmarks.search.collections import load_collection
from benchmarks.search.exact import ExactBM25
from benchmarks.search.judged import write_judged
from benchmarks.search.quality import average_precision, measure_quality, ndcg
from litelong import UsageError


def test_ndcg_counts_graded_gains_down_to_the_tenth() -> None:
    grades = {"a": 2, "b": 1}
    assert ndcg(["a", "b", "c"], grades) == 1.0
    assert ndcg(["c", "b", "a"], grades) == pytest.approx((1 / log2(3) + 2 / log2(4)) / (2 + 1 / log2(3)))
    assert ndcg([*"cdefghijkl", "a"], grades) == 0.0


def test_average_precision_counts_what_was_not_found() -> None:
    assert average_precision(["a", "x", "b"], {"a": 1, "b": 1, "c": 1}) == pytest.approx((1 + 2 / 3) / 3)


def test_exact_bm25_is_the_formula() -> None:
    texts = {"one": "whale whale ship", "two": "ship harbour", "three": "storm"}
    index = ExactBM25(texts)
    assert index.search("whales whale", 5) == ["one"]
    assert index.search("harbour ship", 5) == ["two", "one"]
    assert index.scores("whale")["one"] == pytest.approx(
        log(1 + 2.5 / 1.5) * 2 * 2.2 / (2 + 1.2 * (0.25 + 0.75 * 3 / 2))
    )


def beir(folder: Path) -> Path:
    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl").write_text(
        '{"_id": "d1", "title": "Whales", "text": "at sea"}\n{"_id": "d2", "text": "ship"}\n'
    )
    (folder / "queries.jsonl").write_text('{"_id": "q1", "text": "whale"}\n{"_id": "q2", "text": "unjudged"}\n')
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\n")
    return folder


def trec(folder: Path) -> Path:
    folder.mkdir()
    (folder / "texts.sgml").write_text(
        "<DOC>\n<DOCNO> d1 </DOCNO>\n<TEXT>Whales &amp; the sea</TEXT>\n</DOC>\n<DOC><DOCNO>d2</DOCNO><TEXT>ship</TEXT></DOC>"
    )
    (folder / "topics.txt").write_text("<top>\n<num> Number: q1\n<title> &#119;hale\n<desc> what\n</top>\n")
    (folder / "qrels.txt").write_text("q1 0 d1 2\nq1 0 d2 0\n")
    return folder


@pytest.mark.parametrize("layout", [beir, trec])
def test_a_collection_is_read_from_either_layout_and_measured(tmp_path: Path, layout: Callable[[Path], Path]) -> None:
    folder = layout(tmp_path / "collection")
    collection = load_collection(folder)
    assert collection.queries == {"q1": "whale"}
    assert collection.grades == {"q1": {"d1": 2}}
    assert "Whales" in collection.documents["d1"] and collection.documents["d2"] == "ship"
    page = measure_quality([folder])
    assert [line.split("|")[2].strip() for line in page.splitlines()[4:]] == ["exact BM25", "whoosh", "tantivy"]
    assert page.count("1.0000") == 6


def test_the_command_measures_folders_of_both_layouts(tmp_path: Path) -> None:
    folders = [beir(tmp_path / "beir"), trec(tmp_path / "trec")]
    answer = CliRunner().invoke(app, ["search-quality", *map(str, folders)])
    assert answer.exit_code == 0, answer.stderr
    names = [line.split("|")[1].strip() for line in answer.stdout.splitlines() if "whoosh" in line or "tantivy" in line]
    assert names == ["beir", "beir", "trec", "trec"]


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("corpus.jsonl", '{"_id": "d1"}', "corpus.jsonl:1: no object with _id and text"),
        ("queries.jsonl", "[1]", "queries.jsonl:1: no object"),
        ("queries.jsonl", "whale", "one JSON object a line is expected"),
        ("qrels/test.tsv", "a heading alone", "0 judged queries"),
    ],
)
def test_a_damaged_collection_is_refused_in_one_line(tmp_path: Path, file: str, content: str, says: str) -> None:
    (beir(tmp_path / "beir") / file).write_text(content)
    answer = CliRunner().invoke(app, ["search-quality", str(tmp_path / "beir")])
    assert answer.exit_code == 2
    assert says in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_a_folder_that_is_no_collection_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no corpus\.jsonl"):
        load_collection(tmp_path)
    beir(tmp_path / "unjudged").joinpath("qrels", "test.tsv").unlink()
    with pytest.raises(UsageError, match="judgements"):
        load_collection(tmp_path / "unjudged")
    with pytest.raises(UsageError, match="is missing"):
        write_judged(tmp_path, tmp_path / "out")


def test_a_measured_part_is_written_between_its_marks_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("above\n<!-- begin speed -->\nold\n<!-- end speed -->\nbelow\n")
    write_part(page, "speed", "new")
    assert page.read_text() == "above\n<!-- begin speed -->\nnew\n<!-- end speed -->\nbelow\n"
    with pytest.raises(UsageError, match="no part 'quality'"):
        write_part(page, "quality", "new")
