"""`litelong report`: one page that works offline, whose every figure is the run's own, and on which every text stays text."""

import shutil
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from graph import Config, run
from graph.context import StoppedError
from graph.indexing import add_to_index, index_corpus
from graph.progress import Quiet, Tick
from graph.repacking import repack
from graph.reporting import write_report
from graph.validating import validate
from tools.files import ignore
from tools.packing.schema import PLAN, SAMPLES

Litelong = Callable[..., Any]
Refused = Callable[..., None]
Accept = Callable[[Path], None]
PAGE = "report/index.html"
VOID = {"meta", "br", "link", "img", "input", "hr"}


class Element:
    """An element of a page: its tag, attributes, and all text within it."""

    def __init__(self, tag: str, attributes: Iterable[tuple[str, str | None]]) -> None:
        self.tag = tag
        self.attributes = {name: value or "" for name, value in attributes}
        self.children: list[Element] = []
        self.text = ""

    def all(self, tag: str = "", kind: str = "", **attributes: str) -> "Iterator[Element]":
        """Elements within it by tag, class and attributes, in their order."""
        for child in self.children:
            if (
                tag in ("", child.tag)
                and (not kind or kind in child.attributes.get("class", "").split())
                and all(child.attributes.get(name) == value for name, value in attributes.items())
            ):
                yield child
            yield from child.all(tag, kind, **attributes)

    def numbers(self) -> list[float]:
        """Every number within it, from its machine-readable value, which reads as what is shown."""
        found = []
        for data in self.all("data"):
            value = float(data.attributes["value"])
            assert data.text == f"{int(value):,}" or float(data.text.replace(",", "")) == value
            found.append(value)
        return found

    def figure(self, name: str) -> float:
        """The number that is given for a figure of the run's files; the same wherever it is given."""
        values = {data.attributes["value"] for data in self.all("data") if data.attributes.get("data-figure") == name}
        assert len(values) == 1, (name, values)
        return float(values.pop())


class Reader(HTMLParser):
    """Reads a page, and refuses one that is not well-formed: each element is closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = [Element("", ())]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, attrs)
        self.stack[-1].children.append(element)
        if tag not in VOID:
            self.stack.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.stack[-1].children.append(Element(tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for element in self.stack:
            element.text += data


def read(path: Path) -> Element:
    reader = Reader()
    reader.feed(path.read_text("utf-8"))
    reader.close()
    assert len(reader.stack) == 1
    return reader.stack[0]


def lines(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = orjson.loads(path.read_bytes())
    return content


def write_json(path: Path, content: Any) -> None:
    path.write_bytes(orjson.dumps(content))


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
