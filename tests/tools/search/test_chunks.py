"""Chunk search: a chunk asked by its most telling words finds the chunks of other documents that are most like it."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

import pytest

from tools.search import ChunkIndex, ChunkText, SearchSettings
from tools.search.chunks import document_of
from tools.search.interface import Terms

FIELDS = ["whale krill baleen pod", "reef coral polyp atoll", "glacier moraine ice fjord", "harbour quay crane tug"]
COMMON = ["water", "sea", "north", "long", "great"]


def corpus(documents: int, chunks: int, seed: int = 0) -> list[ChunkText]:
    """Documents on one of four subjects, each cut into chunks of 30 words, about half of them the subject's own."""
    random = Random(seed)

    def text(subject: int) -> str:
        own = FIELDS[subject].split()
        return " ".join(random.choice(own if random.random() < 0.5 else COMMON) for _ in range(30))

    return [ChunkText.of(f"doc{d}", n, text(d % 4)) for d in range(documents) for n in range(chunks)]


@pytest.fixture(params=["whoosh", "tantivy"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[Sequence[ChunkText]], ChunkIndex]]:
    made: list[ChunkIndex] = []

    def build(chunks: Sequence[ChunkText]) -> ChunkIndex:
        made.append(ChunkIndex.build(chunks, tmp_path / f"chunks{len(made)}", SearchSettings(request.param)))
        return made[-1]

    yield build
    for index in made:
        index.close()


def none(_: str) -> bool:
    return False


def asked(query: Terms) -> list[tuple[str, float]]:
    return [(word, weight) for word, weight in query.words]


def test_negatives_are_of_the_same_subject_and_of_other_documents(make: Callable[..., ChunkIndex]) -> None:
    chunks = corpus(documents=40, chunks=3)
    index = make(chunks)
    for chunk in chunks[:12]:
        hits = index.negatives(chunk, 9, words=4, excluded=none)
        assert [hit.rank for hit in hits] == list(range(1, 10))
        assert {int(document_of(hit.doc_id)[3:]) % 4 for hit in hits} == {int(chunk.doc_id[3:]) % 4}
        assert chunk.doc_id not in {document_of(hit.doc_id) for hit in hits}


def test_the_search_looks_past_what_is_left_out_until_k_are_left(make: Callable[..., ChunkIndex]) -> None:
    own = [ChunkText.of("long", n, f"whale krill baleen pod number{n}") for n in range(60)]
    others = [ChunkText.of(f"short{n}", 0, f"whale krill {'water ' * (n + 1)}") for n in range(30)]
    index = make(own + others)
    odd: Callable[[str], bool] = lambda found: int(document_of(found)[5:]) % 2 == 1  # noqa: E731
    hits = index.negatives(own[0], 10, excluded=odd)
    assert [hit.doc_id for hit in hits] == [f"short{n}#0" for n in range(0, 20, 2)]
    assert len(index.negatives(own[0], 100, excluded=odd)) == 15
    assert index.negatives(own[0], 5, excluded=lambda _: True) == []


def test_a_chunk_is_asked_by_its_rarest_and_most_frequent_words(make: Callable[..., ChunkIndex]) -> None:
    index = make(
        [
            ChunkText.of("a", 0, "Sea and sea: a krill, krills; the Kraken of 1755"),
            ChunkText.of("b", 0, "the sea had krill"),
            ChunkText.of("c", 0, "sea kraken"),
            ChunkText.of("d", 0, "open sea"),
        ]
    )
    chunk = ChunkText.of("a", 0, "Sea and sea: a krill, krills; the Kraken of 1755")
    # "1755" is the rarest, but no other chunk has it; "sea" is in all.
    assert asked(index.query(chunk, 2)) == [("krill", 2), ("kraken", 1)]
    assert [text for text, _ in asked(index.query(chunk, None))] == ["krill", "kraken", "sea", "1755"]
    assert asked(index.query(ChunkText.of("e", 0, "the of !?"))) == []
    assert index.negatives(ChunkText.of("e", 0, ""), 3, excluded=none) == []


def test_all_words_ask_as_the_chunks_whole_text_does(make: Callable[..., ChunkIndex]) -> None:
    texts = ["Übergänge am Fjord, été ÉTÉ ½ x", "fjord ubergange ete", "x x fjord", "e\u0301te\u0301 " + "y" * 150]
    chunks = [ChunkText.of(f"d{n}", 0, text) for n, text in enumerate(texts)] + corpus(20, 2)
    index = make(chunks)
    for chunk in chunks[:8]:
        whole = [hit for hit in index.index.search(chunk.text, 500) if document_of(hit.doc_id) != chunk.doc_id]
        found = index.negatives(chunk, 500, words=None, excluded=none)
        assert [hit.doc_id for hit in found] == [hit.doc_id for hit in whole]
        assert [hit.score for hit in found] == pytest.approx([hit.score for hit in whole], rel=1e-5)


def test_a_batch_answers_as_each_chunk_alone(make: Callable[..., ChunkIndex]) -> None:
    chunks = corpus(documents=100, chunks=3, seed=2)
    index = make(chunks)
    alone = [index.negatives(c, 7, words=6, excluded=lambda i, c=c: i < c.chunk_id) for c in chunks]  # type: ignore[misc]
    together = index.negatives_many(chunks, 7, words=6, excluded=lambda chunk, found: found < chunk.chunk_id)
    assert together == alone


def test_the_order_in_which_chunks_arrive_does_not_matter(make: Callable[..., ChunkIndex], tmp_path: Path) -> None:
    chunks = corpus(documents=30, chunks=2, seed=3)
    whole = make(chunks)
    grown = make(chunks[40:])
    grown.query(chunks[0])  # rarity is remembered, and must be forgotten when it changes
    grown.add(chunks[:40])
    reopened = ChunkIndex.open(tmp_path / "chunks0")
    expected = whole.negatives_many(chunks, 5, words=4, excluded=lambda *_: False)
    for index in (grown, reopened):
        assert len(index) == 60
        assert index.negatives_many(chunks, 5, words=4, excluded=lambda *_: False) == expected
    reopened.close()


def test_at_least_one_word_is_asked_for(make: Callable[..., ChunkIndex]) -> None:
    with pytest.raises(ValueError, match="1 or more"):
        make(corpus(4, 1)).query(ChunkText.of("d", 0, "whale"), 0)
