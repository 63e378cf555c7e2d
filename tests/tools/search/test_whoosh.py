"""The Whoosh backend: its scores are Whoosh's own searcher's, and it holds more documents than Whoosh's short tables do."""

from pathlib import Path
from random import Random

import pytest
from whoosh import index as whoosh_index
from whoosh import query as whoosh_query

from tools.corpus.document import Document
from tools.search import Query, QueryPart, SearchSettings, build_index, words
from tools.search.folder import read_manifest
from tools.search.whoosh_scoring import BM25

VOCABULARY = "sea ocean whale reef coral tide moon ship sail harbour storm wind rain".split()  # noqa: SIM905


def whoosh_scores(folder: Path, query: dict[str, float], k1: float, b: float) -> dict[str, float]:
    """What Whoosh's own searcher gives: doc_id to score, for stems with weights."""
    index = whoosh_index.open_dir(str(folder / "index" / read_manifest(folder / "index").data))
    with index.searcher(weighting=BM25(B=b, K1=k1)) as searcher:
        terms = whoosh_query.Or([whoosh_query.Term("text", word, boost=boost) for word, boost in query.items()])
        found = {f"doc-{n}": score for score, n in searcher.search(terms, limit=None).top_n}
    index.close()
    return found


@pytest.mark.parametrize(("k1", "b"), [(1.2, 0.75), (0.0, 0.0), (2.0, 1.0), (0.9, 0.4)])
def test_scores_are_whooshs_own(tmp_path: Path, k1: float, b: float) -> None:
    random = Random(3)
    texts = [" ".join(random.choices(VOCABULARY, k=random.randint(1, 60))) for _ in range(200)]
    documents = [Document(f"doc-{n}", "", text, 0, n) for n, text in enumerate(texts)]
    index = build_index(documents, tmp_path / "index", SearchSettings("whoosh", k1, b))
    for _ in range(15):
        chosen = {random.choice(VOCABULARY): random.choice([1.0, 0.5, 3.0]) for _ in range(random.randint(1, 9))}
        hits = index.search(Query(tuple(QueryPart(word, weight) for word, weight in chosen.items())), 5_000)
        stems = {words(word)[0]: weight for word, weight in chosen.items()}
        expected = whoosh_scores(tmp_path, stems, k1, b)
        assert {hit.doc_id: hit.score for hit in hits} == pytest.approx(expected, rel=1e-6)
    index.close()


def test_more_documents_than_whoosh_keeps_short_tables_for(tmp_path: Path) -> None:
    index = build_index(
        (Document(f"doc-{n}", "", f"whale w{n}", 0, n) for n in range(33_000)),
        tmp_path / "index",
        SearchSettings("whoosh"),
    )
    assert [index.search(f"w{n}", 2)[0].doc_id for n in (0, 255, 32_767, 32_768, 32_999)] == [
        "doc-0",
        "doc-255",
        "doc-32767",
        "doc-32768",
        "doc-32999",
    ]
    assert len(index.search("whale", 5_000)) == 5_000
    index.close()
