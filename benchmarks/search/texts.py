"""Real documents and questions for the measurements of speed: the same ones on every machine that has the same files."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson

from litelong import UsageError
from tools.corpus.document import Document
from tools.files import content_hash

QUERY_WORDS = 12
"""A question is the first words of a document's text: as many as a topic's title and category path have together."""


def read_texts(files: Sequence[Path]) -> Iterator[tuple[str, str]]:
    """`id` and `text` of each line of JSONL files."""
    for file in files:
        with file.open("rb") as lines:
            for line in lines:
                row = orjson.loads(line)
                yield str(row["id"]), str(row["text"])


def load_documents(folder: Path, at_least: int) -> list[Document]:
    """Every document of a folder of JSONL files, by content hash: the first n are a fair sample. Raises `UsageError`."""
    files = sorted(folder.glob("*.jsonl"))
    found = sorted((content_hash(text), doc_id, text) for doc_id, text in read_texts(files))
    if len(found) < at_least:
        raise UsageError(
            f"{folder}: {len(found):,} documents in *.jsonl, {at_least:,} are needed; see benchmarks.debian_corpus"
        )
    return [Document(doc_id, "", text, 0, n) for n, (_, doc_id, text) in enumerate(found)]


def questions(documents: Sequence[Document], count: int) -> list[str]:
    """`count` questions from documents spread over all of them."""
    step = len(documents) // count
    return [" ".join(document.text.split()[:QUERY_WORDS]) for document in documents[:: step or 1][:count]]
