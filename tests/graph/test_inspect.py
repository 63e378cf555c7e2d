"""`litelong inspect`: what is in a run and why; and nothing that a document says is obeyed by a terminal."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph import Config, run
from tools.report.text import safe

Litelong = Callable[..., Any]


def succeeded(answer: Any) -> str:
    assert (answer.status, answer.err) == (0, "")
    return str(answer.out)


def first_sample(path: Path) -> dict[str, Any]:
    row: dict[str, Any] = pq.read_table(path / "samples").to_pylist()[0]
    return row


def test_samples_are_listed_with_ids_that_can_be_copied(finished: Path, litelong: Litelong) -> None:
    lines = succeeded(litelong("inspect", finished)).splitlines()
    names = pq.read_table(finished / "samples", columns=["sample_id"])["sample_id"].to_pylist()
    assert lines[0].split() == ["sample", "topic", "category", "documents", "first"]
    assert [line.split()[0] for line in lines[1:] if not line.startswith(" ")] == names


def test_the_list_in_json_is_a_sample_a_line(finished: Path, litelong: Litelong) -> None:
    rows = [orjson.loads(line) for line in succeeded(litelong("inspect", finished, "--json")).splitlines()]
    assert [row["sample_id"] for row in rows] == pq.read_table(finished / "samples")["sample_id"].to_pylist()
    assert rows[0]["segments"] == first_sample(finished)["segments"]


def test_one_sample_is_shown_with_its_topic_and_what_was_said_of_it(finished: Path, litelong: Litelong) -> None:
    sample = first_sample(finished)
    out = succeeded(litelong("inspect", finished, sample["sample_id"]))
    assert f"topic     {sample['topic']}" in out
    assert f"category  {sample['category']}" in out
    for agent in ("proposer-1 propose: ", "critic-1 ", "judge-1 keep: "):
        assert f"round 1  {agent}" in out
    for segment in sample["segments"]:
        assert segment["doc_id"] in out


def test_the_text_of_a_sample_is_that_of_its_documents(finished: Path, corpus: Path, litelong: Litelong) -> None:
    sample = first_sample(finished)
    out = succeeded(litelong("inspect", finished, sample["sample_id"], "--text"))
    for number, segment in enumerate(sample["segments"]):
        assert f"━━━ {number}  {segment['doc_id']}" in out
        text = (corpus / segment["doc_id"]).read_text()
        assert text[:100] in out
    view = orjson.loads(succeeded(litelong("inspect", finished, sample["sample_id"], "--text", "--json")))
    for part in view["parts"]:
        whole = (corpus / part["doc_id"]).read_text()
        assert part["text"] == whole if part["length"] == part["doc_tokens"] else whole.startswith(part["text"])


def test_a_cut_document_is_marked(finished: Path, litelong: Litelong) -> None:
    sample = first_sample(finished)
    last = sample["segments"][-1]
    out = succeeded(litelong("inspect", finished, sample["sample_id"]))
    assert f"cut: {last['length']} of " in out.splitlines()[-1]


def test_a_sample_without_a_topic_is_shown(config: Callable[..., Config], litelong: Litelong) -> None:
    path = run(config(packing={"recipe": "standard"})).path
    succeeded(litelong("inspect", path))
    out = succeeded(litelong("inspect", path, "standard-000000", "--text"))
    assert "recipe standard" in out
    assert "topic " not in out.split("━━━")[0]


def test_similarity_compares_with_the_baseline(finished: Path, litelong: Litelong) -> None:
    found = orjson.loads(succeeded(litelong("inspect", finished, "--similarity", "--json")))
    assert found["samples"] > 1.5 * found["baseline"]
    assert found["ratio"] == pytest.approx(found["samples"] / found["baseline"])
    out = succeeded(litelong("inspect", finished, "--similarity"))
    assert out.splitlines()[-1] == f"ratio: {found['ratio']:.2f}"


HOSTILE = "\x1b]0;owned\x07\x1b[31m\x9b2J\x7f\r\x00\u202eevil\u2028\ufffe"


@pytest.fixture
def hostile(texts: Sequence[Any], tmp_path: Path, config: Callable[..., Config]) -> Path:
    """A run over documents with terminal escapes in their ids, titles and texts."""
    rows = [
        {"id": f"{HOSTILE}{t.name}", "title": f"{HOSTILE} {t.text.splitlines()[0]}", "text": f"{t.text} {HOSTILE}"}
        for t in texts
    ]
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows))
    return run(config(corpus={"path": str(path)})).path


def test_what_documents_say_reaches_no_terminal_raw(hostile: Path, litelong: Litelong) -> None:
    sample = str(first_sample(hostile)["sample_id"])
    answers = [
        litelong("inspect", hostile),
        litelong("inspect", hostile, "--json"),
        litelong("inspect", hostile, sample),
        litelong("inspect", hostile, sample, "--json"),
        litelong("inspect", hostile, sample, "--text"),
        litelong("inspect", hostile, sample, "--text", "--json"),
        litelong("search", hostile, "evil rye flour"),
        litelong("search", hostile, "evil rye flour", "--json"),
        litelong("debate", hostile / "config.yaml", "--category", "NATURE / Wildlife / Birds"),
    ]
    for answer in answers:
        out = succeeded(answer)
        assert [c for c in out if not c.isprintable() and c != "\n"] == []
    assert orjson.loads(answers[3].out)["parts"][0]["title"].startswith("\x1b]0;owned"), "JSON keeps it, escaped"
    assert "\u241b[31m" in answers[4].out, "people see that it is there"


def test_a_problem_that_validate_prints_is_no_escape_sequence(hostile: Path, litelong: Litelong) -> None:
    file = next((hostile / "samples").iterdir())
    table = pq.read_table(file)
    changed = table["input_ids"].to_pylist()
    changed[0][3] ^= 1
    import pyarrow as pa

    place = table.schema.get_field_index("input_ids")
    field = table.schema.field("input_ids")
    pq.write_table(table.set_column(place, field, pa.array(changed, field.type)), file)
    answer = litelong("validate", hostile)
    assert answer.status == 1
    assert [c for c in answer.out + answer.err if not c.isprintable() and c != "\n"] == []


def test_validate_holds_for_hostile_documents(hostile: Path, litelong: Litelong) -> None:
    succeeded(litelong("validate", hostile))


@given(st.text())
def test_safe_text_is_printable_and_as_long(text: str) -> None:
    shown = safe(text)
    assert len(shown) == len(text)
    assert all(c.isprintable() or c in "\n\t" or c.isspace() for c in shown)
    assert not set(shown) & {"\x1b", "\x9b", "\x07", "\r", "\x7f", "\u202e", "\u2028"}


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_ordinary_text_of_any_script_is_shown_as_it_is(text: str) -> None:
    assert safe(text) == text
