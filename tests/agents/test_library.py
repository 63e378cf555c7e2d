"""The library: what an agent can look up, above the relevance floor and off the event loop."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from threading import current_thread

import pytest

from agents.library import Library
from tools.search import SearchIndex
from tools.search.topic_query import topic_query


def test_only_documents_above_the_floor_are_found(library: Library, index: SearchIndex) -> None:
    hits = index.search(topic_query("Coral Reef", "SCIENCE / Marine Biology"), library.depth)
    found = library.topic("Coral Reef", "SCIENCE / Marine Biology")
    assert list(found.hits) == [hit for hit in hits if hit.score >= library.rules.floor * hits[0].score]
    assert len(found.hits) < len(hits)
    assert found.doc_ids == tuple(hit.doc_id for hit in found.hits)


def test_title_and_category_may_be_missing(library: Library) -> None:
    assert len(library.topic("", "SCIENCE / Marine Biology").hits) == 20
    assert len(library.topic("Coral Reef", "").hits) == 10
    assert library.topic("", "").hits == ()


def test_a_topic_is_searched_once(library: Library) -> None:
    assert library.topic("Whale Migration", "") is library.topic("Whale Migration", "")


def test_tokens_are_estimated_from_characters_and_never_none(library: Library, texts: dict[str, str]) -> None:
    found = library.topic("Dairy Cow", "")
    assert found.tokens == tuple(max(1, round(len(texts[doc_id]) / 4.0)) for doc_id in found.doc_ids)
    assert found.total_tokens == sum(found.tokens)
    library.characters_per_token = 1e9
    assert set(library.topic("Tractor Engine", "").tokens) == {1}


def test_blocking_calls_run_on_the_librarys_threads_and_their_errors_come_back(library: Library) -> None:
    def name() -> str:
        return current_thread().name

    assert asyncio.run(library.ask(name)).startswith("library")
    with pytest.raises(KeyError, match="nowhere"):
        asyncio.run(library.ask(library.texts, ["nowhere"]))


def test_texts_come_in_the_order_asked(library: Library, texts: dict[str, str]) -> None:
    asked = ["docs/7.txt", "docs/3.txt", "docs/7.txt"]
    assert list(library.texts(asked)) == [texts[doc_id] for doc_id in asked]


def test_texts_at_hand_are_bounded_and_not_fetched_twice(
    library: Library, texts: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []
    fetch = library.shelf.texts

    def counted(doc_ids: Sequence[str]) -> Sequence[str]:
        fetched.extend(doc_ids)
        return fetch(doc_ids)

    library.shelf = replace(library.shelf, texts=counted)
    monkeypatch.setattr("agents.library.AT_HAND", len(texts["docs/3.txt"]) + len(texts["docs/7.txt"]))
    for _ in range(2):
        assert library.texts(["docs/7.txt", "docs/3.txt"]) == [texts["docs/7.txt"], texts["docs/3.txt"]]
    assert fetched == ["docs/7.txt", "docs/3.txt"]
    library.texts(["docs/5.txt"])
    library.texts(["docs/7.txt"])
    assert fetched[2:] == ["docs/5.txt", "docs/7.txt"], "the one read longest ago made room"
