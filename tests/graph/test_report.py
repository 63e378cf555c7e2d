"""`litelong report`: one page that works offline, whose every figure is the run's own."""

import shutil
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest

from graph import Config, run
from graph.context import StoppedError
from graph.indexing import add_to_index, index_corpus
from graph.progress import Quiet, Tick
from graph.repacking import repack
from graph.reporting import write_report
from tests.report_page import PAGE, Element, json, lines, read
from tools.files import ignore

Litelong = Callable[..., Any]


@pytest.fixture(scope="module")
def page(finished: Path) -> Element:
    return read(finished / PAGE)


def test_a_run_ends_with_its_page_and_the_command_makes_the_same_one(
    finished: Path, litelong: Litelong, tmp_path: Path
) -> None:
    answer = litelong("report", finished, "--out", tmp_path / "deep" / "page.html")
    assert (answer.status, answer.err) == (0, "")
    assert str(tmp_path / "deep" / "page.html") in answer.out
    assert (tmp_path / "deep" / "page.html").read_bytes() == (finished / PAGE).read_bytes()


def test_a_run_that_is_stopped_while_its_page_is_made_goes_on_with_it(
    config: Callable[..., Config], two: dict[str, Any]
) -> None:
    class Stopping(Quiet):
        @contextmanager
        def stage(self, name: str, total: int | None) -> Iterator[Tick]:
            def stop(_: int) -> None:
                raise StoppedError

            yield stop if name == "report" else ignore

    chosen = config(taxonomy=two)
    with pytest.raises(StoppedError):
        run(chosen, progress=Stopping())
    assert not (chosen.out / PAGE).exists()
    result = run(chosen)
    assert (result.report, result.report_failed) == (chosen.out / PAGE, "")


def test_the_page_depends_on_the_run_and_not_on_where_it_lies_or_when_it_is_made(copied: Path) -> None:
    before = (copied / PAGE).read_bytes()
    assert write_report(copied).read_bytes() == before
    assert str(copied).encode() not in before


def test_the_page_needs_nothing_from_outside_and_lets_nothing_in(finished: Path, page: Element) -> None:
    """No script, no address, no inline style; and a policy that forbids the browser all but the page's own style."""
    assert not {"script", "img", "link", "iframe", "object", "embed", "form", "base"} & {e.tag for e in page.all()}
    for element in page.all():
        for name, value in element.attributes.items():
            assert name not in ("style", "src", "srcset", "action", "xlink:href")
            assert not name.startswith("on")
            assert name != "href" or value.startswith("#")
    (style,) = page.all("style")
    digest = b64encode(sha256(style.text.encode()).digest()).decode()
    (policy,) = (m.attributes["content"] for m in page.all("meta", **{"http-equiv": "Content-Security-Policy"}))
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in style.text
    assert "@import" not in style.text
    text = (finished / PAGE).read_text("utf-8")
    assert "http://" not in text
    assert "https://" not in text


def test_whoever_cannot_see_the_page_is_told_all_of_it(page: Element) -> None:
    ids = [e.attributes["id"] for e in page.all() if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    assert {a.attributes["href"].removeprefix("#") for a in page.all("a")} <= set(ids)
    for chart in page.all("svg"):  # a picture has its words, or stands beside its figures in a table
        said = chart.attributes.get("role") == "img" and chart.attributes.get("aria-label")
        assert said or chart.attributes.get("aria-hidden") == "true"
    for region in page.all(role="region"):
        assert region.attributes["tabindex"] == "0"
        assert region.attributes["aria-label"]
    (html,) = page.all("html")
    assert html.attributes["lang"] == "en"
    for table in page.all("table"):
        assert all(head.attributes.get("scope") in ("col", "row") for head in table.all("th"))


def test_every_figure_of_the_ledger_is_the_runs_own_and_adds_up(finished: Path, page: Element) -> None:
    ledger = json(finished / "ledger.json")
    for name in ("read", "rejected", "duplicates", "indexed", "encoded", "not_encoded"):
        assert page.figure(f"documents.{name}") == ledger["documents"][name]
    names = ("read", "duplicate", "encoded", "packed", "cut", "passed_over", "near_duplicate", "unused", "repeated")
    for name in (*names, "placed", "special", "padding", "samples", "context_length"):
        assert page.figure(f"tokens.{name}") == ledger["tokens"][name]
    assert page.figure("removed.documents.near_duplicates") == ledger["documents"]["near_duplicates"]
    assert [row.text.split("✓")[0] for row in page.all("tr", "closes")] == ["adds up exactly"] * 6
    rows = {row["section"]: [row["samples"], row["encoded"]] for row in ledger["sections"]}
    (table,) = (t for t in page.all("table") if "by section of the taxonomy" in t.text)
    shown = {row.children[0].text: row.numbers() for row in table.all("tr") if row.numbers()}
    assert shown == {section or "without a topic": counts for section, counts in rows.items()}


def test_every_topic_is_there_with_its_outcome_reason_and_evidence(finished: Path, page: Element) -> None:
    accepted, rejected = lines(finished / "topics.jsonl"), lines(finished / "rejected.jsonl")
    assert (page.figure("curate.topics"), page.figure("curate.rejected")) == (len(accepted), len(rejected))
    samples = {t["topic_id"]: t["samples"] for t in json(finished / "ledger.json")["topics"]}
    expected = Counter[tuple[Any, ...]]()
    for topic in accepted:
        count = samples[topic["topic_id"]]
        outcome = f"accepted, in {count} sample{'s' if count > 1 else ''}" if count else "accepted, fills no sample"
        figures = topic["evidence"]
        expected[topic["category"], topic["title"], outcome, topic["reason"], figures["documents"]] += 1
    for topic in rejected:
        outcome = f"rejected by {topic['rejected_by']}"
        expected[topic["category"], topic["title"], outcome, topic["reason"], topic["figures"].get("documents")] += 1
    shown = Counter[tuple[Any, ...]]()
    for group in page.all("details", "category"):
        category = next(group.all("bdi")).text
        for row in group.all("tr", "topic"):
            cells = row.children
            shown[category, cells[0].text, cells[1].text, cells[7].text, next(iter(cells[2].numbers()), None)] += 1
    assert shown == expected


def test_why_topics_were_rejected_is_counted_by_whom(finished: Path, page: Element) -> None:
    (table,) = (t for t in page.all("table") if "Why topics were rejected" in t.text)
    rows = [row for row in table.all("tr") if row.numbers()]
    by = Counter(row["rejected_by"] for row in lines(finished / "rejected.jsonl"))
    shown = Counter[str]()
    for row in rows:
        shown[row.children[1].text] += int(row.numbers()[0])
    assert shown == by


def test_every_sample_is_there_as_it_was_written(finished: Path, page: Element) -> None:
    written = pq.read_table(finished / "samples").to_pylist()
    rows = list(page.all("tr", "row"))
    assert [row.children[0].text for row in rows] == [sample["sample_id"] for sample in written]
    for row, sample in zip(rows, written, strict=True):
        segments = sample["segments"]
        documents = {segment["doc_id"] for segment in segments}
        held = sum(segment["length"] for segment in segments)
        counts = [sample["n_tokens"], len(documents), len(segments), len(sample["doc_lens"]), held]
        assert row.numbers() == counts
        assert sample["topic"] in row.text


def test_histograms_count_every_sample_and_every_document(finished: Path, page: Element) -> None:
    written = pq.read_table(finished / "samples").to_pylist()
    held = [Counter[str]() for _ in written]
    for counts, sample in zip(held, written, strict=True):
        for segment in sample["segments"]:
            counts[segment["doc_id"]] += segment["length"]
    values = [len(counts) for counts in held], [tokens for counts in held for tokens in counts.values()]
    figures = [figure for figure in page.all("figure") if list(figure.all("svg", "columns"))]
    assert len(figures) == 2
    for figure, of in zip(figures, values, strict=True):
        least, most, *bars = figure.numbers()
        assert (least, most) == (min(of), max(of))
        assert sum(bars) == len(of)
        assert f"{sum(of) / len(of):,.1f} on average" in figure.text
        for row in figure.all("tr"):
            if row.numbers():
                low, _, high = row.children[0].text.replace(",", "").partition(" to ")
                assert row.numbers() == [sum(int(low) <= value <= int(high or low) for value in of)]


def test_excerpts_are_the_beginnings_of_their_documents(finished: Path, corpus: Path, page: Element) -> None:
    """Chosen by the seed, whatever is shown of a sample is its documents' own text, with where it is from."""
    sections = list(page.all("section", "sample"))
    assert len(sections) == 3
    written = {s["sample_id"]: s for s in pq.read_table(finished / "samples").to_pylist()}
    for section in sections:
        sample = written[section.attributes["aria-label"].removeprefix("Sample ")]
        articles = list(section.all("article"))
        for article, segment in zip(articles, sample["segments"], strict=False):
            doc_id, text = next(article.all("code")).text, next(article.all("p", "text")).text
            assert doc_id == segment["doc_id"]
            assert article.numbers()[-3:] == [
                segment["doc_start"], segment["doc_start"] + segment["length"], segment["start"]
            ]  # fmt: skip
            whole = (corpus / doc_id).read_text("utf-8")
            assert len(text) > 40
            assert whole.find(text.removesuffix("…").strip()) == 0 or segment["doc_start"]
        more = len(sample["segments"]) - len(articles)
        assert [p.attributes["data-left-out"] for p in section.all("p") if "data-left-out" in p.attributes] == (
            [str(more)] if more else []
        )


def test_tokens_are_counted_by_the_part_of_the_corpus_that_they_are_from(
    config: Callable[..., Config], texts: Iterable[Any], tmp_path: Path
) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    for number, name in enumerate(("web.jsonl", "books and more.jsonl")):
        rows = [{"id": f"{number}-{n}", "text": text.text} for n, text in enumerate(texts) if (n % 3 > 0) == number]
        (folder / name).write_bytes(b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows))
    path = run(config(corpus={"path": str(folder)}, packing={"recipe": "standard", "boundaries": "document"})).path
    page = read(path / PAGE)
    expected = Counter[str]()
    for sample in pq.read_table(path / "samples").to_pylist():
        for segment in sample["segments"]:
            expected["web.jsonl" if segment["doc_id"].startswith("0") else "books and more.jsonl"] += segment["length"]
    assert len(expected) == 2
    assert {row.children[0].text: row.numbers()[0] for row in page.all("tr", "source")} == expected
    assert "Topics" not in next(page.all("nav")).text
    spans = [len(sample["doc_lens"]) for sample in pq.read_table(path / "samples").to_pylist()]
    assert [row.numbers()[3] for row in page.all("tr", "row")] == spans


def test_a_run_with_negatives_has_a_page_that_adds_up(finished: Path, tmp_path: Path) -> None:
    out = repack(finished, tmp_path / "mixed", {"packing.recipe": "litelong+nextlong"}).result.path
    page = read(out / PAGE)
    refused = json(out / "ledger.json")["negatives"]["near_duplicates_refused"]
    assert page.figure("removed.negatives.near_duplicates_refused") == refused
    assert [row.text.split("✓")[0] for row in page.all("tr", "closes")] == ["adds up exactly"] * 6
    assert "negative, rank" in page.text


def test_what_was_rejected_since_the_run_is_not_its_own(
    config: Callable[..., Config], corpus: Path, tmp_path: Path
) -> None:
    """An index that many runs use has grown: its list of rejects is no longer that of this run."""
    texts = Path(shutil.copytree(corpus, tmp_path / "texts"))
    (texts / "empty.txt").touch()
    made = config(
        corpus={"path": str(texts)}, search={"index": str(tmp_path / "index")}, packing={"recipe": "standard"}
    )
    index_corpus(config(corpus={"path": str(texts)}), tmp_path / "index", Quiet())
    path = run(made).path
    assert [row.numbers() for row in rejects(read(path / PAGE))] == [[1]]
    (texts / "later.txt").touch()
    add_to_index(tmp_path / "index", [], {}, {}, Quiet())
    page = read(write_report(path))
    assert rejects(page) == []
    assert page.figure("removed.documents.rejected") == 1


def rejects(page: Element) -> list[Element]:
    return [row for row in page.all("tr") if row.text.startswith("rejected: ")]
