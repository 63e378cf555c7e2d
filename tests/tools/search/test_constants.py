"""Any k1 and b, on every backend: the best k by exact BM25, also where tantivy's own constants rank quite otherwise."""

from collections.abc import Iterator, Sequence
from math import log1p
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tools.corpus.document import Document
from tools.files import content_hash
from tools.search import (
    Hit,
    SearchIndex,
    SearchSettings,
    Terms,
    WeightedWord,
    build_index,
    open_index,
    rescoring,
    tantivy_index,
)
from tools.search.backends import BACKENDS
from tools.search.bm25 import rounded_lengths
from tools.search.doc_table import Numbers
from tools.search.word_table import Counts, WordTable

WORDS = [f"w{n}" for n in range(150)]
SHARES = [1 / (n + 2) for n in range(len(WORDS))]
STEP = 2**-10
"""Of scores, as a share of them: tantivy's have 11 bits."""


def texts(seed: int, count: int, longest: int) -> list[str]:
    """Zipfian words; lengths and repetitions vary a lot, so that k1 and b matter; some texts are alike but for a word."""
    random = Random(seed)
    found = []
    for number in range(count):
        length = int(longest ** random.random()) + 1
        repeated = random.choice(WORDS)
        found.append(" ".join([*random.choices(WORDS, SHARES, k=length), *[repeated] * random.choice([0, 0, 1, 9])]))
        if number % 5 == 0:
            found.append(f"w1 w7 x{number}")
    return found


def documents(of: list[str]) -> list[Document]:
    return [Document(f"doc-{n}", "", text, 0, n) for n, text in enumerate(of)]


def exact(of: list[str], terms: dict[str, float], k1: float, b: float) -> dict[str, float]:
    """BM25 in float64, with lengths as tantivy rounds them."""
    split = [text.split() for text in of]
    mean = sum(map(len, split)) / len(split)
    lengths = rounded_lengths(np.array([len(words) for words in split], np.uint32)).tolist()
    scores: dict[str, float] = {}
    for word, weight in terms.items():
        frequency = sum(word in words for words in split)
        for number, words in enumerate(split):
            if tf := words.count(word):
                idf = log1p((len(of) - frequency + 0.5) / (frequency + 0.5))
                score = weight * idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b * lengths[number] / mean))
                scores[f"doc-{number}"] = scores.get(f"doc-{number}", 0.0) + score
    return scores


def query(terms: dict[str, float]) -> Terms:
    return Terms(tuple(WeightedWord(*item) for item in terms.items()))


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**32),
    st.floats(0, 3),
    st.floats(0, 1),
    st.sampled_from([1, 2, 3, 12, 64, 70]),
    st.sampled_from([1, 10, 60]),
)
def test_the_best_k_are_those_of_exact_bm25(seed: int, k1: float, b: float, length: int, k: int) -> None:
    """Whatever of 400 documents is not fetched has a score below; what is fetched has its score, in its order."""
    random = Random(seed)
    of = texts(seed, 300, longest=300)
    terms = {word: random.choice([1.0, 1.0, 2.0, 0.3]) for word in random.sample(WORDS, length)}
    scores = exact(of, terms, k1, b)
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        index = build_index(documents(of), Path(folder) / "index", SearchSettings("tantivy", k1, b))
        hits = index.search(query(terms), k)
        index.close()
    assert len(hits) == min(k, len(scores))
    assert {hit.doc_id: hit.score for hit in hits} == pytest.approx(
        {hit.doc_id: scores[hit.doc_id] for hit in hits}, rel=STEP
    )
    best = sorted(scores.values(), reverse=True)[: len(hits)]
    assert [hit.score for hit in hits] == pytest.approx(best, rel=STEP)
    ranked = [(-hit.score, content_hash(of[int(hit.doc_id[4:])]), hit.doc_id) for hit in hits]
    assert ranked == sorted(ranked)


@pytest.mark.parametrize(("k1", "b"), [(0.0, 0.0), (0.9, 0.4), (3.0, 1.0), (1.2, 0.0), (1000.0, 0.5)])
def test_every_backend_finds_the_same_at_the_same_scores(tmp_path: Path, k1: float, b: float) -> None:
    """Texts of at most 10 words, whose lengths every backend keeps exactly."""
    of = texts(5, 400, longest=10)
    of = [text for text in of if len(text.split()) <= 10]
    found: list[dict[str, float]] = []
    for backend in BACKENDS:
        index = build_index(documents(of), tmp_path / backend, SearchSettings(backend, k1, b))
        found.append({hit.doc_id: hit.score for hit in index.search("w1 w2 w3 w30 w31 w32 w33 w100", 5_000)})
        index.close()
    assert len(found[0]) > 100
    assert found[0] == pytest.approx(found[1], rel=STEP)


@pytest.fixture
def own_constants_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """tantivy's own constants are scored anew like any others."""
    monkeypatch.setattr(tantivy_index, "rescored", lambda settings: True)


def answers(index: SearchIndex) -> Iterator[Sequence[Hit]]:
    random = Random(3)
    for length in (1, 2, 3, 5, 12, 40, 64, 65, 131) * 4:
        chosen = random.sample(WORDS, length)
        yield index.search(query(dict.fromkeys(chosen, 1.0)), random.choice([1, 20, 300]))
        yield index.search(query({word: random.choice([1.0, 0.7, 3.3]) for word in chosen}), 50)


def test_with_tantivys_own_constants_scoring_anew_changes_no_bit(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    of = texts(11, 900, longest=200)
    index = build_index(documents(of), tmp_path / "plain", SearchSettings("tantivy"))
    plain = list(answers(index))
    index.close()
    request.getfixturevalue("own_constants_too")
    index = build_index(documents(of), tmp_path / "rescored", SearchSettings("tantivy"))
    assert list(answers(index)) == plain
    index.close()


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 80))
def test_hits_are_a_function_of_the_set_of_texts(seed: int, k: int) -> None:
    """Also when short texts come first, so that bounds were written with another mean length than there is at last."""
    random = Random(seed)
    found = documents([*texts(seed, 60, longest=5), *texts(seed + 1, 60, longest=400)])
    asked = [" ".join(random.sample(WORDS, length)) for length in (1, 2, 6, 12)]
    results = []
    for cut in (0, 70, len(found)):
        with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            build_index(found[:cut], Path(folder) / "index", SearchSettings("tantivy", 0.5, 0.9)).close()
            index = open_index(Path(folder) / "index")
            index.add(found[cut:])
            results.append(index.search_many(asked, k))
            index.close()
        random.shuffle(found)
    assert results[0] == results[1] == results[2]


def test_the_search_goes_on_past_what_the_bound_cannot_rule_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every bound 1, tantivy's own order decides what is fetched first; the answers stay the same."""
    of = texts(2, 2_000, longest=300)
    asked = [" ".join(Random(n).sample(WORDS, 8)) for n in range(10)]
    looked_up = WordTable.counts
    fetched: list[int] = []

    def counts(table: WordTable, numbers: Numbers, hashes: NDArray[np.uint64]) -> Counts:
        fetched[-1] += len(numbers)
        return looked_up(table, numbers, hashes)

    monkeypatch.setattr(WordTable, "counts", counts)
    results = []
    for name in ("bounds", "no bounds"):
        fetched.append(0)
        index = build_index(documents(of), tmp_path / name, SearchSettings("tantivy", 0.3, 0.1))
        results.append(index.search_many(asked, 5))
        index.close()
        monkeypatch.setattr(rescoring, "_GREATEST_BOUND", 1.0)
    assert results[0] == results[1]
    assert fetched[1] > 3 * fetched[0]
