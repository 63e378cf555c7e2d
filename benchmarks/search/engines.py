"""The engines by themselves, used as their manuals show: what our interface is measured against.

They get the same analysed words, keep the `doc_id` in their own stores, and answer with it. tantivy: one writer thread
and the memory that ours has. Whoosh: no positions, 256 MiB, the block size and compression that ours has; its search
without `optimize`, which was the faster one at every k (docs/search.md).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tantivy
from whoosh import fields, index, query, scoring
from whoosh.analysis import KeywordAnalyzer
from whoosh.codec.whoosh3 import W3Codec

from tools.corpus.document import Document
from tools.search import words


class PlainTantivy:
    """tantivy without our interface."""

    def __init__(self, documents: Sequence[Document], folder: Path) -> None:
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("text", tokenizer_name="words", index_option="freq")
        builder.add_text_field("doc_id", stored=True, tokenizer_name="raw", index_option="basic")
        self._schema = builder.build()
        opened = tantivy.Index(self._schema, str(folder))
        opened.register_tokenizer("words", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
        writer = opened.writer(heap_size=256 << 20, num_threads=1)
        for document in documents:
            entry = tantivy.Document()
            entry.add_text("text", " ".join(words(document.text)))
            entry.add_text("doc_id", document.doc_id)
            writer.add_document(entry)
        writer.commit()
        writer.wait_merging_threads()
        opened.config_reader("manual")
        self._searcher = opened.searcher()

    def ranked(self, text: str, k: int) -> list[tuple[float, tantivy.DocAddress]]:
        """Scores and tantivy's own addresses: the search alone, nothing read about what was found."""
        terms = [tantivy.Query.term_query(self._schema, "text", word, "freq") for word in sorted(set(words(text)))]
        any_of = tantivy.Query.boolean_query([(tantivy.Occur.Should, term) for term in terms])
        return self._searcher.search(any_of, k, count=False).hits

    def search(self, text: str, k: int) -> list[str]:
        """The `doc_id`s of the best `k`, read from tantivy's store."""
        return [self._searcher.doc(address)["doc_id"][0] for _, address in self.ranked(text, k)]


class PlainWhoosh:
    """Whoosh without our interface."""

    def __init__(
        self, documents: Sequence[Document], folder: Path, codec: W3Codec, memory: int = 256, phrase: bool = False
    ) -> None:
        schema = fields.Schema(text=fields.TEXT(analyzer=KeywordAnalyzer(), phrase=phrase), doc_id=fields.STORED)
        self._index: Any = index.create_in(str(folder), schema)
        writer = self._index.writer(limitmb=memory, codec=codec)
        for document in documents:
            writer.add_document(text=words(document.text), doc_id=document.doc_id)
        writer.commit(merge=False)
        self._searcher: Any = self._index.searcher(weighting=scoring.BM25F(B=0.75, K1=1.2))

    def search(self, text: str, k: int, optimize: bool = False) -> list[str]:
        """The `doc_id`s of the best `k`."""
        any_of = query.Or([query.Term("text", word) for word in sorted(set(words(text)))])
        return [hit["doc_id"] for hit in self._searcher.search(any_of, limit=k, optimize=optimize)]

    def read_postings(self, text: str) -> int:
        """How many postings the question's words have, after reading each as our interface does."""
        reader, count = self._searcher.reader(), 0
        for word in sorted(set(words(text))):
            if ("text", word) in reader:
                matcher = reader.postings("text", word)
                while matcher.is_active():
                    matcher.id(), matcher.weight()
                    matcher.next()
                    count += 1
        return count

    def close(self) -> None:
        """Close Whoosh's files."""
        self._searcher.close()
        self._index.close()
