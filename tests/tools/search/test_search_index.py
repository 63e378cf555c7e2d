"""The contract of a search index, on the real Whoosh backend: what is found, in which order, and what is refused."""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whoosh import index as whoosh_index
from whoosh import query as whoosh_query
from whoosh import scoring

from litelong import UsageError
from tools.corpus.document import Document
from tools.files import content_hash
from tools.search import Hit, Query, QueryPart, SearchIndex, SearchSettings, build_index, open_index, words
from tools.search.folder import read_manifest

SEA_WORDS = "sea ocean whale reef coral tide moon ship sail harbour storm wind rain cloud river lake fish net salt sand"
VOCABULARY = SEA_WORDS.split()


def document(number: int, text: str) -> Document:
    return Document(f"doc-{number}", f"title {number}", text, 0, number)


def random_documents(count: int, seed: int, longest: int = 60) -> list[Document]:
    random = Random(seed)
    return [document(n, " ".join(random.choices(VOCABULARY, k=random.randint(1, longest)))) for n in range(count)]


def build(folder: Path, documents: Sequence[Document], chosen: SearchSettings | None = None) -> SearchIndex:
    return build_index(documents, folder / "index", chosen or SearchSettings())


def whoosh_scores(folder: Path, query: dict[str, float], k1: float, b: float) -> dict[str, float]:
    """What Whoosh's own searcher gives: doc_id to score, for stems with weights."""
    index = whoosh_index.open_dir(str(folder / "index" / read_manifest(folder / "index").data))
    with index.searcher(weighting=scoring.BM25F(B=b, K1=k1)) as searcher:
        column = searcher.reader().column_reader("doc_id")
        terms = whoosh_query.Or([whoosh_query.Term("text", word, boost=boost) for word, boost in query.items()])
        found = {bytes(column[n]).decode(): score for score, n in searcher.search(terms, limit=None).top_n}
    index.close()
    return found


@pytest.fixture
def sea(tmp_path: Path) -> Iterator[SearchIndex]:
    index = build(tmp_path, random_documents(300, seed=1))
    yield index
    index.close()


def test_a_document_is_found_by_any_of_its_words_in_any_inflection(tmp_path: Path) -> None:
    index = build(
        tmp_path, [document(0, "The marine biology of whales: a study"), document(1, "Economic history of Brazil")]
    )
    assert [hit.doc_id for hit in index.search("whale watching AND nothing else", 5)] == ["doc-0"]
    assert [hit.doc_id for hit in index.search("biological economics", 5)] in (["doc-0", "doc-1"], ["doc-1", "doc-0"])
    assert index.document_frequency("studies") == 1
    assert index.document_frequency("zebra") == index.document_frequency("the") == index.document_frequency("") == 0
    assert index.document_frequency("marine whale") == 1
    assert index.document_frequency("marine Brazil") == 0
    index.close()


def test_ranks_count_from_one_and_scores_fall(sea: SearchIndex) -> None:
    hits = sea.search("whale coral storm", 50)
    assert [hit.rank for hit in hits] == list(range(1, 51))
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert all(np.float32(score) == score > 0 for score in scores)


def test_a_query_without_words_finds_nothing(sea: SearchIndex) -> None:
    assert [sea.search(query, 5) for query in ("", "the of and", "!?* \t", "\ud800")] == [[], [], [], []]


@pytest.mark.parametrize("k", [0, -1])
def test_fewer_than_one_hit_cannot_be_asked_for(sea: SearchIndex, k: int) -> None:
    with pytest.raises(ValueError, match="1 or more"):
        sea.search("whale", k)


def test_k_may_exceed_the_corpus_and_queries_may_be_long(sea: SearchIndex) -> None:
    assert len(sea.search(" ".join(VOCABULARY * 100), 5_000)) == 300


def test_many_queries_answer_as_each_alone(sea: SearchIndex) -> None:
    queries: list[str | Query] = ["whale", Query((QueryPart("coral", 2.0),)), "", "tide moon"]
    assert sea.search_many(queries, 7) == [sea.search(query, 7) for query in queries]


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_a_query(text: str) -> None:
    assert all(words(text))
    with TemporaryDirectory() as folder:
        index = build(Path(folder), [document(0, text), document(1, "another text")])
        found = {hit.doc_id for hit in index.search(text, 2)}
        assert ("doc-0" in found) == bool(words(text))
        index.close()


def test_query_language_is_plain_text(tmp_path: Path) -> None:
    index = build(tmp_path, [document(0, "whale NOT ship"), document(1, "reef")])
    queries = ('"whale" AND (ship', "text:whale^9", "wha*le", "NOT reef", "doc_id:doc-0 TO ]")
    found = [[hit.doc_id for hit in index.search(query, 5)] for query in queries]
    assert found == [["doc-0"], ["doc-0"], [], ["doc-1"], []]
    index.close()


def test_words_are_folded_and_long_runs_are_cut_not_dropped() -> None:
    assert words("Müller’s CAFÉ, Straße; Øresund İstanbul") == words("muller's cafe, strasse; oresund istanbul")
    assert words("e\u0301te\u0301") == words("ÉTÉ") == ["ete"]
    assert "".join(words("x" * 200)) == "x" * 200


def test_weights_of_parts_and_repeated_words_add_up(sea: SearchIndex) -> None:
    def score(query: str | Query) -> dict[str, float]:
        return {hit.doc_id: hit.score for hit in sea.search(query, 300)}

    once, thrice = score("whale"), score("whale whale whale")
    assert thrice == pytest.approx({doc_id: 3 * value for doc_id, value in once.items()})
    assert thrice == score(Query((QueryPart("whale", 2.5), QueryPart("whale's", 0.5))))
    heavy = sea.search(Query((QueryPart("whale", 100.0), QueryPart("coral"))), 300)
    assert {hit.doc_id for hit in heavy[: len(once)]} == set(once)


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf")])
def test_a_weight_is_a_positive_number(weight: float) -> None:
    with pytest.raises(ValueError, match="weight"):
        QueryPart("whale", weight)


@pytest.mark.parametrize(("k1", "b"), [(1.2, 0.75), (0.0, 0.0), (2.0, 1.0), (0.9, 0.4)])
def test_scores_are_whooshs_own(tmp_path: Path, k1: float, b: float) -> None:
    index = build(tmp_path, random_documents(200, seed=3), SearchSettings("whoosh", k1, b))
    random = Random(4)
    for _ in range(15):
        chosen = {random.choice(VOCABULARY): random.choice([1.0, 0.5, 3.0]) for _ in range(random.randint(1, 9))}
        hits = index.search(Query(tuple(QueryPart(word, weight) for word, weight in chosen.items())), 5_000)
        stems = {words(word)[0]: weight for word, weight in chosen.items()}
        expected = whoosh_scores(tmp_path, stems, k1, b)
        assert {hit.doc_id: hit.score for hit in hits} == pytest.approx(expected, rel=1e-6)
    index.close()


def near_duplicates(random: Random, count: int) -> list[Document]:
    """Texts of one length that differ in a word nobody asks for, so that their scores tie, and some that are equal."""
    texts = [f"whale reef word{random.randint(0, count // 2)} coral" for _ in range(count)]
    return [document(n, text) for n, text in enumerate(texts)]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 40), st.integers(1, 45))
def test_hits_are_a_function_of_the_set_of_texts(seed: int, count: int, k: int) -> None:
    random = Random(seed)
    documents = near_duplicates(random, count) + random_documents(20, seed, longest=4)
    documents = [document(n, d.text) for n, d in enumerate(documents)]
    answers: list[list[list[Hit]]] = []
    for _ in range(2):
        random.shuffle(documents)
        with TemporaryDirectory() as folder:
            index = build(Path(folder), documents)
            answers.append(index.search_many(["whale", "reef coral", "sea whale tide"], k))
            index.close()
    assert answers[0] == answers[1]


def test_ties_go_by_content_hash_also_at_the_cut(tmp_path: Path) -> None:
    documents = near_duplicates(Random(0), 200)
    index = build(tmp_path, documents)
    expected = sorted(documents, key=lambda d: (content_hash(d.text), d.doc_id))
    for k in (1, 3, 50, 199, 200):
        assert [hit.doc_id for hit in index.search("whale", k)] == [d.doc_id for d in expected[:k]]
    index.close()


def test_what_is_added_is_as_if_it_had_been_there_from_the_start(tmp_path: Path) -> None:
    documents = random_documents(240, seed=5, longest=400) + near_duplicates(Random(1), 40)
    documents = [document(n, d.text) for n, d in enumerate(documents)]
    whole = build(tmp_path / "whole", documents)
    grown = build(tmp_path / "grown", documents[:100])
    for start, end in ((100, 101), (101, 101), (101, 280)):
        grown.add(documents[start:end])
    reopened = open_index(tmp_path / "grown" / "index")
    for query in ("whale", "reef coral tide", "storm of the century", "word3"):
        assert grown.search(query, 30) == whole.search(query, 30) == reopened.search(query, 30)
    assert len(grown) == len(reopened) == 280
    assert grown.document_frequency("whale") == whole.document_frequency("whale")
    for index in (whole, grown, reopened):
        index.close()


def test_more_documents_than_whoosh_keeps_short_tables_for(tmp_path: Path) -> None:
    index = build(tmp_path, [document(n, f"whale w{n}") for n in range(33_000)])
    assert [index.search(f"w{n}", 2)[0].doc_id for n in (0, 255, 32_767, 32_768, 32_999)] == [
        "doc-0",
        "doc-255",
        "doc-32767",
        "doc-32768",
        "doc-32999",
    ]
    assert len(index.search("whale", 5_000)) == 5_000
    index.close()


def test_any_doc_id_comes_back_as_it_was(tmp_path: Path) -> None:
    ids = ["", "../../etc/passwd", "naïve 文\n", "\udcff.txt", "x" * 70_000]
    index = build(tmp_path, [Document(doc_id, "", f"whale {'reef ' * n}", 0, n) for n, doc_id in enumerate(ids)])
    assert {hit.doc_id for hit in index.search("whale", 9)} == set(ids)
    index.close()


def test_an_index_of_nothing_answers_nothing_and_can_grow(tmp_path: Path) -> None:
    index = build(tmp_path, [])
    assert (len(index), index.search("whale", 3), index.document_frequency("whale")) == (0, [], 0)
    index.add([document(0, "the of"), document(1, "whale")])
    assert [hit.doc_id for hit in index.search("whale", 3)] == ["doc-1"]
    index.close()


def test_threads_get_the_same_answers(sea: SearchIndex) -> None:
    queries = [f"{a} {b}" for a in VOCABULARY for b in VOCABULARY]
    expected = sea.search_many(queries, 20)
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda query: sea.search(query, 20), queries)) == expected


def test_searches_go_on_while_documents_are_added(tmp_path: Path) -> None:
    index = build(tmp_path, random_documents(50, seed=7))
    with ThreadPoolExecutor(2) as threads:
        found = threads.submit(lambda: [len(index.search("marker", 100)) for _ in range(400)])
        for start in (0, 10, 20):
            index.add([document(1_000 + start + n, f"marker whale {start} {n}") for n in range(10)])
        assert set(found.result()) <= {0, 10, 20, 30}
    assert len(index.search("marker", 100)) == 30
    index.close()


def test_ticks_count_the_documents(tmp_path: Path) -> None:
    ticks: list[int] = []
    build_index(random_documents(9, seed=0), tmp_path / "index", SearchSettings(), ticks.append).close()
    assert sum(ticks) == 9


def failing(documents: Sequence[Document]) -> Iterator[Document]:
    yield from documents
    raise RuntimeError("the corpus ended early")


def test_a_build_that_fails_leaves_the_index_that_was_there(tmp_path: Path) -> None:
    index = build(tmp_path, random_documents(20, seed=8))
    before = index.search("whale", 20)
    with pytest.raises(RuntimeError):
        build(tmp_path, list(failing(random_documents(5, seed=9))))
    with pytest.raises(RuntimeError):
        build_index(failing(random_documents(5, seed=9)), tmp_path / "index", SearchSettings())
    with pytest.raises(RuntimeError):
        index.add(failing(random_documents(5, seed=9)))
    index.close()
    index = open_index(tmp_path / "index")
    assert index.search("whale", 20) == before
    assert len(list((tmp_path / "index").glob("data-*"))) == 1
    index.close()


def test_what_a_killed_build_left_is_not_served_and_is_removed(tmp_path: Path) -> None:
    half = tmp_path / "index" / "data-00001"
    half.mkdir(parents=True)
    (half / "MAIN_x.seg").write_bytes(b"half a segment")
    with pytest.raises(UsageError, match="no index of litelong"):
        open_index(tmp_path / "index")
    index = build(tmp_path, [document(0, "whale")])
    assert not list((tmp_path / "index").glob("data-*/MAIN_x.seg"))
    assert len(index.search("whale", 1)) == 1
    index.close()


def test_a_new_build_replaces_the_old_one(tmp_path: Path) -> None:
    build(tmp_path, [document(0, "whale")]).close()
    index = build(tmp_path, [document(1, "reef")])
    assert [len(index.search(word, 5)) for word in ("whale", "reef")] == [0, 1]
    index.close()


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / "thesis.tex").write_text("years of work")
    with pytest.raises(UsageError, match="holds other things"):
        build(tmp_path, [document(0, "whale")])
    assert [entry.name for entry in (tmp_path / "index").iterdir()] == ["thesis.tex"]
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="file is in the way"):
        build_index([], tmp_path / "file", SearchSettings())


def damage_truncate(index: Path) -> None:
    segment = next(index.glob("data-*/*.seg"))
    segment.write_bytes(segment.read_bytes()[:-100])


def damage_same_size(index: Path) -> None:
    segment = next(index.glob("data-*/*.seg"))
    segment.write_bytes(bytes(segment.stat().st_size))


def damage_remove(index: Path) -> None:
    next(index.glob("data-*/*.toc")).unlink()


def damage_extra(index: Path) -> None:
    (next(index.glob("data-*")) / "extra.toc").write_bytes(b"")


def damage_no_manifest(index: Path) -> None:
    (index / "manifest.json").unlink()


def damage_manifest(index: Path) -> None:
    (index / "manifest.json").write_text("[]")


def damage_folder(index: Path) -> None:
    shutil.rmtree(next(index.glob("data-*")))


def edit(index: Path, **changes: object) -> None:
    manifest = json.loads((index / "manifest.json").read_text())
    (index / "manifest.json").write_text(json.dumps(manifest | changes))


DAMAGE: dict[str, Callable[[Path], None]] = {
    "cut short": damage_truncate,
    "overwritten": damage_same_size,
    "a file lost": damage_remove,
    "a file added": damage_extra,
    "no manifest": damage_no_manifest,
    "not a manifest": damage_manifest,
    "no data": damage_folder,
    "another version": lambda index: edit(index, format="litelong search index 9.9"),
    "another program": lambda index: edit(index, format=None),
    "another backend": lambda index: edit(index, backend="tantivy"),
    "another folder": lambda index: edit(index, data="../elsewhere"),
    "another count": lambda index: edit(index, documents=7),
    "no number": lambda index: edit(index, documents="7"),
    "no k1": lambda index: edit(index, k1="x"),
    "k1 out of range": lambda index: edit(index, k1=-1),
    "an unknown field": lambda index: edit(index, other=1),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_or_foreign_index_is_refused_in_one_line(tmp_path: Path, damage: str) -> None:
    build(tmp_path, random_documents(30, seed=2)).close()
    DAMAGE[damage](tmp_path / "index")
    with pytest.raises(UsageError) as refused:
        open_index(tmp_path / "index")
    assert "\n" not in str(refused.value)


def test_an_index_of_whoosh_alone_is_never_opened(tmp_path: Path) -> None:
    build(tmp_path, [document(0, "whale")]).close()
    shutil.copytree(next((tmp_path / "index").glob("data-*")), tmp_path / "foreign")
    with pytest.raises(UsageError, match="no index of litelong"):
        open_index(tmp_path / "foreign")
    with pytest.raises(UsageError, match="no index of litelong"):
        open_index(tmp_path / "nowhere")


def test_settings_are_checked_and_kept(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="whoosh"):
        build(tmp_path, [], SearchSettings("whosh"))
    for bad in ((-0.1, 0.5), (float("nan"), 0.5), (1.2, 1.1), (1.2, -0.1)):
        with pytest.raises(UsageError):
            SearchSettings("auto", *bad)
    build(tmp_path, [], SearchSettings("auto", 0.9, 0.4)).close()
    assert read_manifest(tmp_path / "index").settings == SearchSettings("whoosh", 0.9, 0.4)
