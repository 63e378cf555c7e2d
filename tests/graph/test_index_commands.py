"""`litelong index` and `litelong search`: building, adding, and what they print."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from tools.indexed import read_record
from tools.search import SearchSettings, backends

Litelong = Callable[..., Any]


def succeeded(answer: Any) -> str:
    assert (answer.status, answer.err) == (0, "")
    return str(answer.out)


def test_an_index_is_made_once_and_used_by_runs_and_searches(
    litelong: Litelong, corpus: Path, config_file: Callable[..., Path], finished: Path, tmp_path: Path
) -> None:
    out = succeeded(litelong("index", corpus, "--out", tmp_path / "made" / "index"))
    assert out.startswith("180 documents (")
    succeeded(litelong("run", config_file(search={"index": str(tmp_path / "made" / "index")})))
    assert not (tmp_path / "run" / "index").exists()
    samples = sorted((tmp_path / "run" / "samples").iterdir())
    assert [file.read_bytes() for file in samples] == [f.read_bytes() for f in sorted((finished / "samples").iterdir())]
    succeeded(litelong("validate", tmp_path / "run"))
    assert "bread/" in succeeded(litelong("search", tmp_path / "run", "rye flour"))


def test_index_answers_in_json(litelong: Litelong, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    found = orjson.loads(succeeded(litelong("index", corpus, "--out", tmp_path / "empty", "--json")))
    assert (found["read"], found["documents"], found["duplicates"], found["rejected"]) == (180, 180, 0, 0)


def test_an_index_of_several_paths_with_named_columns(litelong: Litelong, tmp_path: Path) -> None:
    for name in ("one", "two"):
        row = {"key": f"{name}-7", "words": f"a story about {name} lighthouse keeper", "other": "x", "text": "decoy"}
        (tmp_path / f"{name}.jsonl").write_bytes(orjson.dumps(row) + b"\n")
    arguments = (tmp_path / "one.jsonl", tmp_path / "two.jsonl", "--text-field", "words", "--id-field", "key")
    succeeded(litelong("index", *arguments, "--out", tmp_path / "index"))
    found = orjson.loads(succeeded(litelong("search", tmp_path / "index", "lighthouse", "--json")))
    assert {row["doc_id"] for row in found} == {"one-7", "two-7"}
    assert orjson.loads(succeeded(litelong("search", tmp_path / "index", "decoy", "--json"))) == []


def test_search_ranks_documents(litelong: Litelong, indexed: Path, finished: Path) -> None:
    for path in (indexed, finished):
        rows = orjson.loads(succeeded(litelong("search", path, "sourdough starter", "-k", "5", "--json")))
        assert [row["rank"] for row in rows] == [1, 2, 3, 4, 5]
        assert [row["score"] for row in rows] == sorted((row["score"] for row in rows), reverse=True)
        assert all(row["doc_id"].startswith("bread/sourdough-starter-") for row in rows)
        assert "Sourdough starter" in rows[0]["title"]
    shown = succeeded(litelong("search", indexed, "sourdough starter", "-k", "5"))
    for row in rows:
        assert [row["snippet"][a:b].lower() for a, b in row["matches"]][:2] == ["sourdough", "starter"]
        assert f"{row['rank']:>4}  {row['score']:8.3f}  {row['title']}\n" in shown
        assert row["doc_id"] in shown


def test_search_shows_hostile_texts_as_text(litelong: Litelong, tmp_path: Path) -> None:
    row = {
        "id": "\x1b[2J",
        "title": "[red]T[/] \x07\u202e",
        "text": "[link=x]krill[/link] \x1b]0;x\x07 " + "far away " * 60,
    }
    (tmp_path / "a.jsonl").write_bytes(orjson.dumps(row))
    succeeded(litelong("index", tmp_path / "a.jsonl", "--out", tmp_path / "index"))
    shown = succeeded(litelong("search", tmp_path / "index", "krill"))
    assert shown.splitlines()[0].endswith("  [red]T[/] ␇\ufffd")
    assert "[link=x]krill[/link] ␛]0;x␇ far away" in shown
    assert all(line == line.rstrip() and line.isprintable() for line in shown.splitlines())


def test_an_index_is_built_as_asked(litelong: Litelong, tmp_path: Path, refused: Callable[..., None]) -> None:
    corpus, index = tmp_path / "a.jsonl", tmp_path / "index"
    corpus.write_bytes(b'{"id": "a", "text": "der Wal"}\n{"id": "b", "text": "die Wale"}\n')
    asked = ("--backend", "tantivy", "--k1", "0.9", "--b", "0.4", "--analysis", "none")
    out = succeeded(litelong("index", corpus, "--out", index, *asked))
    assert out.endswith("search backend tantivy (by name)\n")
    assert read_record(index).search == SearchSettings("tantivy", 0.9, 0.4, "none")
    assert [row["doc_id"] for row in orjson.loads(succeeded(litelong("search", index, "WALE", "--json")))] == ["b"]
    assert "nothing new" in succeeded(litelong("index", "--add", "--out", index, *asked))
    refused(litelong("index", "--add", "--out", index, "--k1", "1.2"), "--k1 1.2", "was built with 0.9", "leave it out")
    for option, value in (("backend", "lucene"), ("k1", "-1"), ("k1", "nan"), ("b", "1.1"), ("analysis", "german")):
        refused(litelong("index", corpus, "--out", tmp_path / "new", f"--{option}", value), f"search.{option}")
    assert not (tmp_path / "new").exists()
    answer = orjson.loads(succeeded(litelong("index", corpus, "--out", tmp_path / "new", "--json")))
    assert answer["backend"] == "whoosh"
    assert answer["chosen"].startswith("auto: whoosh, up to")


def test_an_index_grows(litelong: Litelong, tmp_path: Path, refused: Callable[..., None]) -> None:
    corpus, index = tmp_path / "a.jsonl", tmp_path / "index"
    corpus.write_bytes(b'{"id": "a", "text": "a whale"}\n')
    succeeded(litelong("index", corpus, "--out", index))
    corpus.write_bytes(corpus.read_bytes() + b'{"id": "b", "text": "another whale"}\n')
    refused(
        litelong("search", index, "whale"),
        f"the corpus changed since it was indexed (first difference: {corpus}",
        "--add",
    )
    refused(litelong("index", corpus, "--out", index), "is there already", "add to it with --add")
    assert succeeded(litelong("index", "--add", "--out", index)).startswith(
        f"1 documents added to {index}, which has 2 now"
    )
    assert len(orjson.loads(succeeded(litelong("search", index, "whale", "--json")))) == 2
    assert "nothing new" in succeeded(litelong("index", corpus, "--add", "--out", index))
    corpus.write_bytes(b'{"id": "a", "text": "a wolf"}\n')
    refused(litelong("index", "--add", "--out", index), "2 of its documents gone or changed", "build the index anew")
    refused(litelong("index", "--add", "--out", index, "--id-field", "x"), "--id-field x", "was built with None")
    refused(litelong("index", "--add", "--out", tmp_path / "none"), "no index here")
    refused(litelong("index", "--out", tmp_path / "none"), "CORPUS is missing")


def test_an_index_that_outgrows_its_backend_gets_the_other_and_says_so(
    litelong: Litelong, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backends, "WHOOSH_DOCUMENTS", 1)
    corpus, index = tmp_path / "a.jsonl", tmp_path / "index"
    corpus.write_bytes(b'{"text": "a whale"}\n')
    succeeded(litelong("index", corpus, "--out", index))
    corpus.write_bytes(corpus.read_bytes() + b'{"text": "another whale"}\n')
    said = succeeded(litelong("index", "--add", "--out", index)).splitlines()
    assert (
        said[0]
        == f"{index} outgrew its search backend; built anew (auto: tantivy, above 1 documents and 20,000,000 characters)"
    )
    assert said[1].startswith(f"1 documents added to {index}, which has 2 now")
    answer = orjson.loads(succeeded(litelong("index", "--add", "--out", index, "--json")))
    assert answer["rebuilt"] is None
    assert answer["before"] == answer["after"]


def test_search_without_a_hit_says_so(litelong: Litelong, indexed: Path) -> None:
    assert succeeded(litelong("search", indexed, "xylophone")) == "no document has any of these words\n"
