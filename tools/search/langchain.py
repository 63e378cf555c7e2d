"""The index as LangChain sees it: a tool for agents and a retriever for chains.

The index is synchronous and a search takes milliseconds of CPU, so the asynchronous calls run it in a thread and never on
the event loop. Nothing else in `tools/` imports LangChain.
"""

import asyncio
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Protocol, TypedDict, runtime_checkable

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import StructuredTool
from pydantic import BaseModel, Field

from tools.search.interface import Hit, SearchIndex
from tools.search.topic_search import MAX_DEPTH

MAX_HITS = 100
"""What an agent may ask for at once: a hundred titles are about 2,000 tokens of its context."""


@runtime_checkable
class Documents(Protocol):
    """What is known of documents by their `doc_id`, in the order asked: an `IndexedCorpus`, or a debate's `Shelf`."""

    @property
    def titles(self) -> Callable[[Sequence[str]], Sequence[str]]: ...

    @property
    def texts(self) -> Callable[[Sequence[str]], Sequence[str]]: ...

    @property
    def characters(self) -> Callable[[Sequence[str]], Sequence[int]]: ...

    @property
    def origins(self) -> Callable[[Sequence[str]], Sequence[str]]: ...


class Filters(BaseModel):
    """Which documents may be found."""

    source: Annotated[
        str | None, Field(description="only documents of sources whose name matches this pattern, such as wiki*")
    ] = None
    min_characters: Annotated[int | None, Field(ge=0, description="only texts of at least this length")] = None
    max_characters: Annotated[int | None, Field(ge=1, description="only texts of at most this length")] = None

    def kept(self, hits: Sequence[Hit], documents: Documents) -> list[Hit]:
        """The hits that pass, in their order."""
        doc_ids = [hit.doc_id for hit in hits]
        lengths = documents.characters(doc_ids)
        sources: Sequence[str | None] = documents.origins(doc_ids) if self.source else [None] * len(hits)
        least, most = self.min_characters or 0, self.max_characters or float("inf")
        return [
            hit
            for hit, length, source in zip(hits, lengths, sources, strict=True)
            if least <= length <= most and (source is None or fnmatchcase(source, self.source or "*"))
        ]

    @property
    def any(self) -> bool:
        return self.source is not None or self.min_characters is not None or self.max_characters is not None


class CorpusSearch(BaseModel):
    """What `corpus_search` takes where nothing is known of documents but the index."""

    query: Annotated[str, Field(description="words to look for; documents that hold any of them are ranked by BM25")]
    k: Annotated[int, Field(ge=1, le=MAX_HITS, description="how many documents to return")] = 10


class FilteredCorpusSearch(Filters, CorpusSearch):
    """What `corpus_search` takes."""


class FoundDocument(TypedDict):
    """One hit as the model reads it; `title` is the `doc_id` where titles are not known."""

    doc_id: str
    title: str
    rank: int
    score: float


Answer = tuple[list[FoundDocument], list[Hit]]


def search_tool(index: SearchIndex, documents: Documents | None = None) -> StructuredTool:
    """The tool `corpus_search`: its content is a list of `FoundDocument`, its artifact (for the program) the `Hit`s.

    Without `documents` there are no titles and no filters.
    """

    def corpus_search(
        query: str,
        k: int = 10,
        source: str | None = None,
        min_characters: int | None = None,
        max_characters: int | None = None,
    ) -> Answer:
        filters = Filters(source=source, min_characters=min_characters, max_characters=max_characters)
        hits = search_filtered(index, documents, query, k, filters)
        doc_ids = [hit.doc_id for hit in hits]
        titles = documents.titles(doc_ids) if documents else doc_ids
        found = [
            FoundDocument(doc_id=hit.doc_id, title=title, rank=hit.rank, score=hit.score)
            for hit, title in zip(hits, titles, strict=True)
        ]
        return found, list(hits)  # for the program, and for whoever stores the message

    async def corpus_search_async(
        query: str,
        k: int = 10,
        source: str | None = None,
        min_characters: int | None = None,
        max_characters: int | None = None,
    ) -> Answer:
        return await asyncio.to_thread(corpus_search, query, k, source, min_characters, max_characters)

    return StructuredTool.from_function(
        func=corpus_search,
        coroutine=corpus_search_async,
        name="corpus_search",
        description="Find the documents of the corpus that say most about some words: titles and BM25 scores, best first.",
        args_schema=FilteredCorpusSearch if documents else CorpusSearch,
        response_format="content_and_artifact",
    )


def search_filtered(
    index: SearchIndex, documents: Documents | None, query: str, k: int, filters: Filters
) -> Sequence[Hit]:
    """The best `k` hits that pass, with the ranks of the search, which looks at 5,000 hits at most."""
    if documents is None or not filters.any:
        return index.search(query, k)
    depth = min(MAX_DEPTH, 2 * k)
    while True:
        hits = index.search(query, depth)
        kept = filters.kept(hits, documents)
        if len(kept) >= k or len(hits) < depth or depth >= MAX_DEPTH:
            return kept[:k]
        depth = min(MAX_DEPTH, 4 * depth)


class CorpusRetriever(BaseRetriever):
    """The best `k` documents of a query that pass the filters, with their texts, titles, ranks and scores."""

    index: SearchIndex
    documents: Documents
    k: Annotated[int, Field(ge=1)] = 10
    filters: Filters = Filters()

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        return self._found(query)

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun
    ) -> list[Document]:
        return await asyncio.to_thread(self._found, query)

    def _found(self, query: str) -> list[Document]:
        hits = search_filtered(self.index, self.documents, query, self.k, self.filters)
        doc_ids = [hit.doc_id for hit in hits]
        read = zip(hits, self.documents.titles(doc_ids), self.documents.texts(doc_ids), strict=True)
        return [
            Document(
                id=hit.doc_id,
                page_content=text,
                metadata={"doc_id": hit.doc_id, "title": title, "rank": hit.rank, "score": hit.score},
            )
            for hit, title, text in read
        ]
