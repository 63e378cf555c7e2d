"""The contract of a search index, which every backend passes: what is found, in which order, whatever way it was built."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from math import log
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.corpus.document import Document
from tools.files import content_hash
from tools.search import (
    AnyQuery,
    Hit,
    Query,
    QueryPart,
    SearchIndex,
    SearchSettings,
    Terms,
    WeightedWord,
    build_index,
    open_index,
    words,
)
from tools.search.backends import BACKENDS

SEA_WORDS = "sea ocean whale reef coral tide moon ship sail harbour storm wind rain cloud river lake fish net salt sand"
VOCABULARY = SEA_WORDS.split()
ROUNDING = 2**-10
"""Of the coarsest backend's scores, as a share of them."""


def document(number: int, text: str) -> Document:
    return Document(f"doc-{number}", f"title {number}", text, 0, number)


def random_documents(count: int, seed: int, longest: int = 60) -> list[Document]:
    random = Random(seed)
    return [document(n, " ".join(random.choices(VOCABULARY, k=random.randint(1, longest)))) for n in range(count)]


OTHER = "tantivy, k1 0.9, b 0.4"
"""tantivy with other constants than its own is searched in another way."""


def settings_of(backend: str, analysis: str = "english") -> SearchSettings:
    return (
        SearchSettings("tantivy", 0.9, 0.4, analysis)
        if backend == OTHER
        else SearchSettings(backend, analysis=analysis)
    )


def build(backend: str, folder: Path, documents: Sequence[Document], analysis: str = "english") -> SearchIndex:
    return build_index(documents, folder / "index", settings_of(backend, analysis))


def folder_for_a_while() -> TemporaryDirectory[str]:
    """A thread of tantivy's may touch its lock file a moment after a build, while the folder is removed."""
    return TemporaryDirectory(ignore_cleanup_errors=True)


@pytest.fixture(params=(*BACKENDS, OTHER), scope="module")
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def sea(backend: str, tmp_path: Path) -> Iterator[SearchIndex]:
    index = build(backend, tmp_path, random_documents(300, seed=1))
    yield index
    index.close()


def test_a_document_is_found_by_any_of_its_words_in_any_inflection(backend: str, tmp_path: Path) -> None:
    index = build(
        backend,
        tmp_path,
        [document(0, "The marine biology of whales: a study"), document(1, "Economic history of Brazil")],
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
    queries: list[AnyQuery] = ["whale", Query((QueryPart("coral", 2.0),)), "", "tide moon"] * 70
    assert sea.search_many(queries, 7) == [sea.search(query, 7) for query in queries]


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_a_query(backend: str, text: str) -> None:
    assert all(words(text))
    with folder_for_a_while() as folder:
        index = build(backend, Path(folder), [document(0, text), document(1, "another text")])
        found = {hit.doc_id for hit in index.search(text, 2)}
        assert ("doc-0" in found) == bool(words(text))
        index.close()


def test_query_language_is_plain_text(backend: str, tmp_path: Path) -> None:
    index = build(backend, tmp_path, [document(0, "whale NOT ship"), document(1, "reef")])
    queries = ('"whale" AND (ship', "text:whale^9", "wha*le", "NOT reef", "doc_id:doc-0 TO ]")
    found = [[hit.doc_id for hit in index.search(query, 5)] for query in queries]
    assert found == [["doc-0"], ["doc-0"], [], ["doc-1"], []]
    index.close()


def test_weights_of_parts_and_repeated_words_add_up(sea: SearchIndex) -> None:
    def score(query: str | Query) -> dict[str, float]:
        return {hit.doc_id: hit.score for hit in sea.search(query, 300)}

    once, thrice = score("whale"), score("whale whale whale")
    assert thrice == pytest.approx({doc_id: 3 * value for doc_id, value in once.items()}, rel=ROUNDING)
    assert thrice == score(Query((QueryPart("whale", 2.5), QueryPart("whale's", 0.5))))
    heavy = sea.search(Query((QueryPart("whale", 100.0), QueryPart("coral"))), 300)
    assert {hit.doc_id for hit in heavy[: len(once)]} == set(once)


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf")])
def test_a_weight_is_a_positive_number(weight: float) -> None:
    with pytest.raises(ValueError, match="weight"):
        QueryPart("whale", weight)


def near_duplicates(random: Random, count: int) -> list[Document]:
    """Texts of one length that differ in a word nobody asks for, so that their scores tie, and some that are equal."""
    texts = [f"whale reef word{random.randint(0, count // 2)} coral" for _ in range(count)]
    return [document(n, text) for n, text in enumerate(texts)]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 60), st.integers(1, 70))
def test_hits_are_a_function_of_the_set_of_texts(backend: str, seed: int, count: int, k: int) -> None:
    """However they came: in another order, at once or in several additions, searched before or after reopening."""
    random = Random(seed)
    documents = near_duplicates(random, count) + random_documents(20, seed, longest=4) + random_documents(40, seed + 1)
    documents = [document(n, d.text) for n, d in enumerate(documents)]
    lengths = (1, 1, 2, 3, 5, 8, 13, 20)
    queries: list[AnyQuery] = [" ".join(random.sample(VOCABULARY, length)) for length in lengths]
    queries.append(Query(tuple(QueryPart(word, random.uniform(0.1, 3)) for word in VOCABULARY)))
    answers: list[Sequence[Sequence[Hit]]] = []
    for additions in (0, 1, 3):
        random.shuffle(documents)
        cuts = [0, *sorted(random.choices(range(len(documents) + 1), k=additions)), len(documents)]
        with folder_for_a_while() as folder:
            index = build(backend, Path(folder), documents[: cuts[1]])
            for start, end in pairwise(cuts[1:]):
                index.add(documents[start:end])
            answers.append(index.search_many(queries, k))
            index.close()
            reopened = open_index(Path(folder) / "index")
            answers.append(reopened.search_many(queries, k))
            reopened.close()
    assert all(answer == answers[0] for answer in answers)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([3, 30, 64, 65, 66, 131, 400]))
def test_long_queries_too_are_a_function_of_the_set_of_texts(backend: str, seed: int, length: int) -> None:
    random = Random(seed)
    many = [f"w{n}" for n in range(500)]
    documents = [document(n, " ".join(random.choices(many, k=random.randint(50, 400)))) for n in range(80)]
    query = Terms(tuple(WeightedWord(word, random.choice([1.0, 2.0, 0.3])) for word in random.sample(many, length)))
    answers = []
    for _ in range(3):
        random.shuffle(documents)
        with folder_for_a_while() as folder:
            index = build(backend, Path(folder), documents[:50])
            index.add(documents[50:])
            answers.append(index.search(query, 60))
            index.close()
    assert answers[0] == answers[1] == answers[2]


def test_every_backend_scores_by_the_same_formula(backend: str, tmp_path: Path) -> None:
    """Texts of at most 10 words, whose lengths every backend keeps exactly."""
    documents = random_documents(200, seed=3, longest=10)
    index = build(backend, tmp_path, documents)
    stems = {d.doc_id: words(d.text) for d in documents}
    mean = sum(map(len, stems.values())) / len(stems)
    random = Random(4)
    k1, b = index.settings.constants
    for count in (1, 2, 5, 19):
        query = {words(word)[0]: random.choice([1.0, 0.5, 3.0]) for word in random.sample(VOCABULARY, count)}
        frequencies = dict(zip(query, index.document_frequencies(list(query)), strict=True))
        assert all(n == sum(word in stem for stem in stems.values()) for word, n in frequencies.items())
        expected: dict[str, float] = {}
        for doc_id, text in stems.items():
            for word, weight in query.items():
                n, tf = frequencies[word], text.count(word)
                idf = log(1 + (len(stems) - n + 0.5) / (n + 0.5))
                score = weight * idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b * len(text) / mean))
                expected[doc_id] = expected.get(doc_id, 0.0) + score
        hits = index.search(Terms(tuple(WeightedWord(*item) for item in query.items())), 5_000)
        found = {hit.doc_id: hit.score for hit in hits}
        assert found == pytest.approx({doc_id: score for doc_id, score in expected.items() if score}, rel=ROUNDING)
    index.close()


def test_ties_go_by_content_hash_also_at_the_cut(backend: str, tmp_path: Path) -> None:
    documents = near_duplicates(Random(0), 200)
    index = build(backend, tmp_path, documents)
    expected = sorted(documents, key=lambda d: (content_hash(d.text), d.doc_id))
    for k in (1, 3, 50, 199, 200):
        assert [hit.doc_id for hit in index.search("whale", k)] == [d.doc_id for d in expected[:k]]
    index.close()


def test_what_is_added_is_as_if_it_had_been_there_from_the_start(backend: str, tmp_path: Path) -> None:
    documents = random_documents(240, seed=5, longest=400) + near_duplicates(Random(1), 40)
    documents = [document(n, d.text) for n, d in enumerate(documents)]
    whole = build(backend, tmp_path / "whole", documents)
    grown = build(backend, tmp_path / "grown", documents[:100])
    for start, end in ((100, 101), (101, 101), (101, 280)):
        grown.add(documents[start:end])
    reopened = open_index(tmp_path / "grown" / "index")
    for query in ("whale", "reef coral tide", "storm of the century", "word3"):
        assert grown.search(query, 30) == whole.search(query, 30) == reopened.search(query, 30)
    assert len(grown) == len(reopened) == 280
    assert grown.document_frequency("whale") == whole.document_frequency("whale")
    for index in (whole, grown, reopened):
        index.close()


def test_any_doc_id_comes_back_as_it_was(backend: str, tmp_path: Path) -> None:
    ids = ["", "../../etc/passwd", "naïve 文\n", "\udcff.txt", "x" * 70_000]
    index = build(
        backend, tmp_path, [Document(doc_id, "", f"whale {'reef ' * n}", 0, n) for n, doc_id in enumerate(ids)]
    )
    assert {hit.doc_id for hit in index.search("whale", 9)} == set(ids)
    index.close()


def test_an_index_of_nothing_answers_nothing_and_can_grow(backend: str, tmp_path: Path) -> None:
    index = build(backend, tmp_path, [])
    assert index.search("whale", 3) == []
    assert len(index) == index.document_frequency("whale") == 0
    index.add([document(0, "the of"), document(1, "whale")])
    assert [hit.doc_id for hit in index.search("whale", 3)] == ["doc-1"]
    index.close()


def test_threads_get_the_same_answers(sea: SearchIndex) -> None:
    queries = [f"{a} {b}" for a in VOCABULARY for b in VOCABULARY]
    expected = sea.search_many(queries, 20)
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda query: sea.search(query, 20), queries)) == expected


def test_searches_go_on_while_documents_are_added(backend: str, tmp_path: Path) -> None:
    index = build(backend, tmp_path, random_documents(50, seed=7))
    with ThreadPoolExecutor(2) as threads:
        found = threads.submit(lambda: [len(index.search("marker", 100)) for _ in range(400)])
        for start in (0, 10, 20):
            index.add([document(1_000 + start + n, f"marker whale {start} {n}") for n in range(10)])
        assert set(found.result()) <= {0, 10, 20, 30}
    assert len(index.search("marker", 100)) == 30
    index.close()


def test_hits_say_the_same_when_the_index_has_grown_or_was_closed_since(backend: str, tmp_path: Path) -> None:
    """They are made when they are looked at, of the index as it was when it was asked."""
    documents = near_duplicates(Random(2), 90)
    index = build(backend, tmp_path, documents[:60])
    expected = list(index.search("whale word3", 50))
    before_adding, before_closing = index.search("whale word3", 50), index.search("whale word3", 50)
    index.add(documents[60:])
    assert before_adding == expected != index.search("whale word3", 50)
    index.close()
    build(backend, tmp_path, [document(0, "reef")]).close()
    assert before_closing == expected


def test_ticks_count_the_documents(backend: str, tmp_path: Path) -> None:
    ticks: list[int] = []
    build_index(random_documents(9, seed=0), tmp_path / "index", settings_of(backend), ticks.append).close()
    assert sum(ticks) == 9


def failing(documents: Sequence[Document]) -> Iterator[Document]:
    yield from documents
    raise RuntimeError("the corpus ended early")


def test_a_build_that_fails_leaves_the_index_that_was_there(backend: str, tmp_path: Path) -> None:
    index = build(backend, tmp_path, random_documents(20, seed=8))
    before = index.search("whale", 20)
    with pytest.raises(RuntimeError):
        build(backend, tmp_path, list(failing(random_documents(5, seed=9))))
    with pytest.raises(RuntimeError):
        build_index(failing(random_documents(5, seed=9)), tmp_path / "index", settings_of(backend))
    with pytest.raises(RuntimeError):
        index.add(failing(random_documents(5, seed=9)))
    index.close()
    index = open_index(tmp_path / "index")
    assert index.search("whale", 20) == before
    assert len(list((tmp_path / "index").glob("data-*"))) == 1
    index.close()


def test_a_new_build_replaces_the_old_one(backend: str, tmp_path: Path) -> None:
    build(backend, tmp_path, [document(0, "whale")]).close()
    index = build(backend, tmp_path, [document(1, "reef")])
    assert [len(index.search(word, 5)) for word in ("whale", "reef")] == [0, 1]
    index.close()


def test_an_index_of_another_language_is_asked_in_it(backend: str, tmp_path: Path) -> None:
    index = build(backend, tmp_path, [document(0, "Die Wale schwimmen"), document(1, "the whale")], "none")
    assert [hit.doc_id for hit in index.search("DIE wale", 5)] == ["doc-0"]
    assert index.search("wal", 5) == []
    assert [index.document_frequency(word) for word in ("The", "die wale", "die whale")] == [1, 1, 0]
    index.add([document(2, "die")])
    reopened = open_index(tmp_path / "index")
    assert reopened.settings == index.settings == settings_of(backend, "none")
    assert len(reopened.search("die", 5)) == 2
    for opened in (index, reopened):
        opened.close()
