"""The index as a LangChain tool and as a retriever, called as LangChain calls them."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from langchain_core.messages import ToolCall
from pydantic import ValidationError

from tools.corpus.document import Document
from tools.indexed import CorpusSpec, IndexedCorpus, build
from tools.search import CorpusRetriever, SearchIndex, SearchSettings, build_index, search_tool
from tools.search.langchain import Filters

TEXTS = {"a": "whales of the sea", "b": "coral reefs of the sea", "c": "mountain passes"}


class Known:
    """What is known of the three documents, and by which threads it was asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def titles(self, doc_ids: Sequence[str]) -> list[str]:
        self.asked.append(threading.get_ident())
        return [f"Title {doc_id}" for doc_id in doc_ids]

    def texts(self, doc_ids: Sequence[str]) -> list[str]:
        self.asked.append(threading.get_ident())
        return [TEXTS[doc_id] for doc_id in doc_ids]

    def characters(self, doc_ids: Sequence[str]) -> list[int]:
        return [len(TEXTS[doc_id]) for doc_id in doc_ids]

    def origins(self, doc_ids: Sequence[str]) -> list[str]:
        return ["sea" if doc_id in "ab" else "land" for doc_id in doc_ids]


@pytest.fixture
def index(tmp_path: Path) -> Iterator[SearchIndex]:
    documents = [Document(doc_id, "", text, 0, 0) for doc_id, text in TEXTS.items()]
    index = build_index(documents, tmp_path / "index", SearchSettings())
    yield index
    index.close()


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[IndexedCorpus]:
    """Two hundred short texts on whales from `many`, and ten longer ones, less about them, from `few`."""
    for name, count, extra in (("many", 200, ""), ("few", 10, " salt and sand" * 20)):
        rows = [json.dumps({"id": f"{name}{n}", "text": f"a whale{extra} number{n}"}) for n in range(count)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(rows))
    paths = (str(tmp_path / "many.jsonl"), str(tmp_path / "few.jsonl"))
    indexed = build(CorpusSpec(paths), tmp_path / "corpus", SearchSettings())
    yield indexed
    indexed.close()


def test_the_tool_returns_hits_with_titles_that_json_can_hold(index: SearchIndex) -> None:
    tool = search_tool(index, Known())
    found = tool.invoke({"query": "sea whale", "k": 2})
    assert [(hit["doc_id"], hit["title"], hit["rank"]) for hit in found] == [("a", "Title a", 1), ("b", "Title b", 2)]
    assert json.loads(json.dumps(found)) == found
    assert asyncio.run(tool.ainvoke({"query": "sea whale", "k": 2})) == found


def test_a_models_call_gets_text_and_the_program_gets_the_hits(index: SearchIndex) -> None:
    call = ToolCall(name="corpus_search", args={"query": "sea", "k": 2}, id="1", type="tool_call")
    message = search_tool(index, Known()).invoke(call)
    assert [row["title"] for row in json.loads(message.content)] == [f"Title {h.doc_id}" for h in message.artifact]
    assert message.artifact == index.search("sea", 2)
    assert asyncio.run(search_tool(index, Known()).ainvoke(call)) == message


def test_the_tool_tells_a_model_what_it_takes(index: SearchIndex) -> None:
    bare, tool = search_tool(index), search_tool(index, Known())
    assert (bare.name, set(bare.args)) == ("corpus_search", {"query", "k"})
    assert set(tool.args) == {"query", "k", "source", "min_characters", "max_characters"}
    assert tool.args["k"]["default"] == 10
    assert bare.invoke({"query": "mountain"})[0]["title"] == "c"
    for wrong in ({"k": 0}, {"k": -5}, {"k": 10**9}, {"max_characters": 0}, {"min_characters": -1}):
        with pytest.raises(ValidationError):
            tool.invoke({"query": "sea", **wrong})


def test_filters_look_past_what_they_leave_out(corpus: IndexedCorpus) -> None:
    tool = search_tool(corpus.index, corpus)
    few = tool.invoke({"query": "whale", "k": 5, "source": "few*"})
    assert [row["rank"] for row in few] == [201, 202, 203, 204, 205]
    assert {row["doc_id"].rstrip("0123456789") for row in few} == {"few"}
    assert tool.invoke({"query": "whale", "k": 5, "min_characters": 100}) == few
    assert len(tool.invoke({"query": "whale", "k": 100, "source": "few*"})) == 10
    short = tool.invoke({"query": "whale", "k": 100, "source": "*.jsonl", "max_characters": 16})
    assert {len(text) for text in corpus.texts([row["doc_id"] for row in short])} == {15, 16}


def test_the_retriever_returns_texts_with_title_rank_and_score(index: SearchIndex) -> None:
    retriever = CorpusRetriever(index=index, documents=Known(), k=1)
    (found,) = retriever.invoke("sea whale")
    assert (found.page_content, found.metadata["doc_id"], found.metadata["rank"]) == (TEXTS["a"], "a", 1)
    assert found.metadata["title"] == "Title a"
    assert found.metadata["score"] == index.search("sea whale", 1)[0].score
    assert asyncio.run(retriever.ainvoke("sea whale")) == [found]


def test_the_retriever_filters_too(corpus: IndexedCorpus) -> None:
    retriever = CorpusRetriever(index=corpus.index, documents=corpus, k=3, filters=Filters(source="few*"))
    assert [d.metadata["rank"] for d in retriever.invoke("whale")] == [201, 202, 203]


def test_asynchronous_calls_stay_off_the_event_loop(index: SearchIndex) -> None:
    class Slow(Known):
        def titles(self, doc_ids: Sequence[str]) -> list[str]:
            time.sleep(0.2)
            return super().titles(doc_ids)

    async def beats_meanwhile(known: Known) -> int:
        calls = asyncio.gather(
            CorpusRetriever(index=index, documents=known).ainvoke("sea"),
            search_tool(index, known).ainvoke({"query": "sea"}),
        )
        beats = 0
        while not calls.done():
            await asyncio.sleep(0.001)
            beats += 1
        await calls
        return beats

    known = Slow()
    assert asyncio.run(beats_meanwhile(known)) > 5
    assert known.asked
    assert threading.get_ident() not in known.asked
