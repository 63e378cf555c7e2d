"""The index as LangChain sees it: a tool for agents and a retriever for chains.

The index is synchronous and a search takes milliseconds of CPU, so the asynchronous calls run it in a thread and never on
the event loop. Nothing else in `tools/` imports LangChain.
"""

import asyncio
from collections.abc import Callable
from typing import Annotated, TypedDict

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import StructuredTool
from pydantic import BaseModel, Field

from tools.search.interface import Hit, SearchIndex

MAX_HITS = 100
"""What an agent may ask for at once: a hundred titles are about 2,000 tokens of its context."""


class CorpusSearch(BaseModel):
    """What `corpus_search` takes."""

    query: Annotated[str, Field(description="words to look for; documents that hold any of them are ranked by BM25")]
    k: Annotated[int, Field(ge=1, le=MAX_HITS, description="how many documents to return")] = 10


class FoundDocument(TypedDict):
    """One hit as the model reads it; `title` is the `doc_id` where titles are not known."""

    doc_id: str
    title: str
    rank: int
    score: float


def search_tool(index: SearchIndex, titles: Callable[[str], str] | None = None) -> StructuredTool:
    """The tool `corpus_search(query, k=10)`, which returns a list of `FoundDocument`. `titles` maps a `doc_id` to its title."""

    def corpus_search(query: str, k: int = 10) -> list[FoundDocument]:
        hits = index.search(query, k)
        return [
            FoundDocument(doc_id=h.doc_id, title=titles(h.doc_id) if titles else h.doc_id, rank=h.rank, score=h.score)
            for h in hits
        ]

    async def corpus_search_async(query: str, k: int = 10) -> list[FoundDocument]:
        return await asyncio.to_thread(corpus_search, query, k)

    return StructuredTool.from_function(
        func=corpus_search,
        coroutine=corpus_search_async,
        name="corpus_search",
        description="Find the documents of the corpus that say most about some words: titles and BM25 scores, best first.",
        args_schema=CorpusSearch,
    )


class CorpusRetriever(BaseRetriever):
    """The best `k` documents of a query with their text. `text_of` fetches a document's text by its `doc_id`."""

    index: SearchIndex
    text_of: Callable[[str], str]
    k: int = 10

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        return [self._document(hit) for hit in self.index.search(query, self.k)]

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun
    ) -> list[Document]:
        return await asyncio.to_thread(lambda: [self._document(hit) for hit in self.index.search(query, self.k)])

    def _document(self, hit: Hit) -> Document:
        return Document(
            id=hit.doc_id,
            page_content=self.text_of(hit.doc_id),
            metadata={"doc_id": hit.doc_id, "rank": hit.rank, "score": hit.score},
        )
