"""The index as a LangChain tool and as a retriever, called as LangChain calls them."""

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from tools.corpus.document import Document
from tools.search import CorpusRetriever, SearchIndex, SearchSettings, build_index, search_tool

TEXTS = {"a": "whales of the sea", "b": "coral reefs of the sea", "c": "mountain passes"}


@pytest.fixture
def index(tmp_path: Path) -> Iterator[SearchIndex]:
    documents = [Document(doc_id, f"Title {doc_id}", text, 0, 0) for doc_id, text in TEXTS.items()]
    index = build_index(documents, tmp_path / "index", SearchSettings())
    yield index
    index.close()


def test_the_tool_returns_hits_with_titles_that_json_can_hold(index: SearchIndex) -> None:
    tool = search_tool(index, lambda doc_id: f"Title {doc_id}")
    found = tool.invoke({"query": "sea whale", "k": 2})
    assert [(hit["doc_id"], hit["title"], hit["rank"]) for hit in found] == [("a", "Title a", 1), ("b", "Title b", 2)]
    assert json.loads(json.dumps(found)) == found
    assert asyncio.run(tool.ainvoke({"query": "sea whale", "k": 2})) == found


def test_the_tool_tells_a_model_what_it_takes(index: SearchIndex) -> None:
    tool = search_tool(index)
    assert (tool.name, set(tool.args)) == ("corpus_search", {"query", "k"})
    assert tool.args["k"]["default"] == 10
    assert tool.invoke({"query": "mountain"})[0]["title"] == "c"
    for k in (0, -5, 10**9):
        with pytest.raises(ValidationError):
            tool.invoke({"query": "sea", "k": k})


def test_the_retriever_returns_texts_with_rank_and_score(index: SearchIndex) -> None:
    retriever = CorpusRetriever(index=index, text_of=TEXTS.__getitem__, k=1)
    (found,) = retriever.invoke("sea whale")
    assert (found.page_content, found.metadata["doc_id"], found.metadata["rank"]) == (TEXTS["a"], "a", 1)
    assert found.metadata["score"] == index.search("sea whale", 1)[0].score
    assert asyncio.run(retriever.ainvoke("sea whale")) == [found]


def test_asynchronous_calls_stay_off_the_event_loop(index: SearchIndex) -> None:
    seen: list[int] = []

    def text_of(doc_id: str) -> str:
        seen.append(threading.get_ident())
        return TEXTS[doc_id]

    asyncio.run(CorpusRetriever(index=index, text_of=text_of).ainvoke("sea"))
    asyncio.run(search_tool(index, text_of).ainvoke({"query": "sea"}))
    assert seen
    assert threading.get_ident() not in seen
