"""The report page of runs with hostile texts, of huge and failed ones, and of those with something missing or damaged."""

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from graph import Config, run
from graph.reporting import write_report
from graph.validating import validate
from tests.report_page import PAGE, json, lines, read, write_json
from tools.packing.schema import PLAN, SAMPLES

Litelong = Callable[..., Any]
Refused = Callable[..., None]
Accept = Callable[[Path], None]


HOSTILE = (
    "</style><script>alert(1)</script>",
    "{{7*7}} {% raw %} ${7*7}",
    '" onmouseover="alert(2)" x="',
    "javascript:alert(3)",
    "&lt;b&gt; <!-- ",
    "right\u202eto left\u2066 and \x1b[31mred\x00",
)


def seen(text: str) -> str:
    """The same in one line, its control characters as the signs that stand for them."""
    signs = {"\u202e": "�", "\u2066": "�", "\x1b": "␛", "\x00": "␀"}
    return "".join(signs.get(c, c) for c in text).strip()


def test_hostile_topics_and_replies_stay_text(copied: Path, accept_digests: Accept) -> None:
    tags = Counter(element.tag for element in read(copied / PAGE).all())
    accepted, rejected = lines(copied / "topics.jsonl"), lines(copied / "rejected.jsonl")
    for n, words in enumerate(HOSTILE):
        accepted[n]["title"] = accepted[n]["reason"] = words
        rejected[n]["title"] = rejected[n]["reason"] = rejected[n]["rejected_by"] = words
        accepted[n]["proposed_by"] = [words]
    for name, rows in (("topics.jsonl", accepted), ("rejected.jsonl", rejected)):
        (copied / name).write_bytes(b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows))
    accept_digests(copied)
    page = read(write_report(copied))
    for words in HOSTILE:
        assert page.text.count(seen(words)) >= 5
    now = Counter(element.tag for element in page.all())
    # More kinds of reasons are more rows of the same; nothing else is new.
    assert set(now) == set(tags)
    assert not set("\u202e\u2066\x1b\x00") & set((copied / PAGE).read_text("utf-8"))
    assert not [a for element in page.all() for a in element.attributes if a.startswith("on") or a == "x=\"'"]


def test_hostile_documents_and_file_names_stay_text(config: Callable[..., Config], tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    rows = [
        {"id": f"{n} {words}", "title": words, "text": f"{words}\nA passage. " + "More of it stands here. " * 40}
        for n, words in enumerate(HOSTILE * 5)
    ]
    for name in ("<img src=x onerror=alert(4)>.jsonl", "b.jsonl"):
        (folder / name).write_bytes(b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows))
        rows = [{**row, "text": f"Another {row['text']}"} for row in rows]
    made = config(
        run={"name": "hostile"},
        corpus={"path": str(folder), "source": HOSTILE[0]},
        packing={"recipe": "standard", "context_length": 512, "near_duplicates": None},
    )
    page = read(run(made).path / PAGE)
    assert "<img src=x onerror=alert(4)>.jsonl" in page.text
    assert HOSTILE[0] in page.text
    assert "49" not in "".join(article.text for article in page.all("article") if "7*7" in article.text)
    assert not {"script", "img", "b"} & {element.tag for element in page.all()}
    assert [a.text for a in page.all("article")]
    assert not set("\u202e\u2066\x1b\x00") & set(page.text)


def test_the_page_of_a_hundred_thousand_samples_is_small_and_says_what_it_leaves_out(
    copied: Path, accept_digests: Accept
) -> None:
    """Every list is as long and as wide as it gets: 100,000 samples, 60,000 topics in 3,000 categories, titles of 3 bytes."""
    count, wide = 100_000, "漢<&\"'" * 100
    segment = {**pq.read_table(copied / "plan").column("segments")[0].as_py()[0], "start": 0, "length": 4}
    labels = {
        "sample_id": [f"t-{n:016x}-000" for n in range(count)],
        **{name: [wide] * count for name in ("topic", "category")},
        **{name: ["litelong"] * count for name in ("recipe", "topic_id", "category_code")},
    }
    many = {**labels, "segments": [[segment]] * count}
    ids = {"input_ids": [[1, 2, 3, 4]] * count, "n_tokens": [4] * count, "doc_lens": [[4]] * count}
    pq.write_table(pa.table(many, schema=PLAN), copied / "plan" / "part-00000.parquet")
    pq.write_table(pa.table({**many, **ids}, schema=SAMPLES), copied / "samples" / "part-00000.parquet")
    for name in ("topics.jsonl", "rejected.jsonl"):
        first = lines(copied / name)[0]
        rows = (
            {
                **first,
                "category": f"{n % 60:02} / {n % 3000} {wide}",
                "title": wide,
                "reason": f"{n % 50} {wide}: {wide}",
            }
            for n in range(30_000)
        )
        (copied / name).write_bytes(b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows))
    manifest = json(copied / "manifest.json")
    manifest["stages"]["pack"]["counts"]["samples"] = count
    manifest["stages"]["debate"]["counts"]["failed"] = [{"category": wide, "reason": wide}] * 3000
    write_json(copied / "manifest.json", manifest)
    ledger = json(copied / "ledger.json")
    ledger["sections"] = [{**ledger["sections"][0], "section": f"{n} {wide}"} for n in range(500)]
    write_json(copied / "ledger.json", ledger)
    accept_digests(copied)
    assert write_report(copied).stat().st_size < 2_000_000
    page = read(copied / PAGE)
    shown = {
        "samples more": (len(list(page.all("tr", "row"))), count),
        "categories more": (len(list(page.all("details", "category"))), 3000),
        "sections more": (len([r for r in page.all("tr") if r.children[0].text.startswith("1 ")]), 500),
    }
    for words, (here, of) in shown.items():
        (said,) = (p for p in page.all("p") if words in p.text and (words != "sections more" or "ledger" in p.text))
        if words != "sections more":
            assert here > 10
            assert said.numbers() == [of - here]
        assert "left out here; " in said.text
    assert "2,990 failed categories more: see manifest.json" in page.text


def test_failed_categories_calls_and_costs_are_told(copied: Path) -> None:
    manifest = json(copied / "manifest.json")
    manifest["stages"]["debate"]["counts"]["failed"] = [{"category": "COOKING / Bread", "reason": "HTTP 500"}]
    manifest["token_engine"]["left_out"] = {"tokie": "its ids differ"}
    write_json(copied / "manifest.json", manifest)
    usage = json(copied / "usage.json")
    counts = {"calls": 1200, "prompt_tokens": 34567, "reply_tokens": 890, "repairs": 7, "unreadable": 3, "replayed": 5}
    usage["models"]["judge-1"] |= {**counts, "failed": 2, "model": "openai:a-model", "latency_s": 90.0, "cost": 1.25}
    usage["retries"] = {"openai:a-model": 11}
    write_json(copied / "usage.json", usage)
    page = read(write_report(copied))
    (row,) = page.all("tr", "model")
    assert row.numbers() == [1200, 34567, 890, 7, 3, 2, 5]
    assert "1.2500" in row.text
    (warnings,) = page.all("ul", "warnings")
    for words in (
        "1 category without topics",
        "COOKING / Bread: HTTP 500",
        "3 replies",
        "2 calls",
        "11 calls",
        "tokie",
    ):
        assert words in warnings.text
    assert "Nothing went wrong" not in page.text


def test_the_corpus_need_not_be_there_any_more_nor_the_index_nor_the_tokenizer(
    config: Callable[..., Config], corpus: Path, tokenizer_file: Path, two: dict[str, Any], tmp_path: Path
) -> None:
    texts, tokens = Path(shutil.copytree(corpus, tmp_path / "texts")), tmp_path / "tokenizer.json"
    shutil.copy(tokenizer_file, tokens)
    path = run(config(corpus={"path": str(texts)}, tokenizer=str(tokens), taxonomy=two)).path
    before = (path / PAGE).read_bytes()
    shutil.rmtree(texts)
    assert write_report(path).read_bytes() == before
    shutil.rmtree(path / "index")
    tokens.unlink()
    page = read(write_report(path))
    (warnings,) = page.all("ul", "warnings")
    assert "the run's index is no longer there" in warnings.text
    assert "No excerpts are shown" in warnings.text
    assert not list(page.all("article"))
    assert page.figure("tokens.samples") == json(path / "ledger.json")["tokens"]["samples"]


def test_a_page_that_cannot_be_made_fails_no_run_and_is_told(copied: Path, litelong: Litelong, corpus: Path) -> None:
    """Something stands where the page belongs, at the very end of a run."""
    manifest = json(copied / "manifest.json")
    del manifest["stages"]["report"]
    write_json(copied / "manifest.json", manifest)
    shutil.rmtree(copied / "report")
    (copied / "report").write_text("in the way")
    answer = litelong("run", copied / "config.yaml", "--out", copied)
    assert answer.status == 0
    assert "the report page could not be made" in answer.out
    assert f"litelong report {copied} tries again" in answer.out
    assert validate(copied).valid
    (copied / "report").unlink()
    assert litelong("report", copied).status == 0
    assert (copied / PAGE).exists()


def test_a_page_that_was_made_and_is_gone_is_missed(copied: Path, litelong: Litelong) -> None:
    (copied / PAGE).unlink()
    answer = litelong("validate", copied)
    assert answer.status == 1
    assert f"{PAGE}: is missing; `litelong report" in answer.out


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def shift_digits(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"1", b"2"))


VOUCHED = ("ledger.json", "topics.jsonl", "rejected.jsonl", "plan/part-00000.parquet")
DAMAGED = [
    *(
        (name, damage)
        for name in (*VOUCHED, "samples/part-00000.parquet", "usage.json")
        for damage in (cut_short, Path.unlink)
    ),
    # Nothing vouches for times, and samples are proved by `validate`, id by id.
    *((name, shift_digits) for name in VOUCHED),
]


@pytest.mark.parametrize(
    ("name", "damage"), DAMAGED, ids=lambda value: value if isinstance(value, str) else value.__name__
)
def test_a_damaged_file_is_named_in_one_line(
    name: str, damage: Callable[[Path], None], copied: Path, litelong: Litelong, refused: Refused, tree: Any
) -> None:
    damage(copied / name)
    before = tree(copied)
    refused(litelong("report", copied), str(copied), name.partition("/")[0])
    assert tree(copied) == before


def test_what_is_not_a_finished_run_has_no_page(
    copied: Path, litelong: Litelong, refused: Refused, tmp_path: Path, tree: Any
) -> None:
    refused(litelong("report", tmp_path / "nowhere"), "not a run directory")
    refused(litelong("report", copied / "ledger.json"), "a file, not a run directory")
    (tmp_path / "taken").mkdir()
    refused(litelong("report", copied, "--out", tmp_path / "taken"), "is a folder; name a file")
    refused(litelong("report", copied, "--out", copied / "ledger.json" / "page.html"), "cannot be written", "--out")
    manifest = json(copied / "manifest.json")
    del manifest["stages"]["report"]
    write_json(copied / "manifest.json", manifest)
    before = tree(tmp_path)
    refused(litelong("report", copied), "the run is not finished", "run it again to go on")
    assert tree(tmp_path) == before
