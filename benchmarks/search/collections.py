"""Judged test collections: a folder in BEIR's layout or in TREC's.

BEIR   corpus.jsonl (_id, title, text), queries.jsonl (_id, text), qrels/test.tsv (or qrels.tsv): query, document, grade
TREC   documents in *.sgml, *.trec or *.xml (<DOC>, <DOCNO>), topics* (<top>, <num>, <title>), qrels*: query 0 document grade
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import orjson

from litelong import UsageError

_DOC = re.compile(r"<DOC>(.*?)</DOC>", re.DOTALL)
_NUMBER = re.compile(r"<DOCNO>\s*(\S+)\s*</DOCNO>")
_TOP = re.compile(r"<top>(.*?)</top>", re.DOTALL)
_NUM = re.compile(r"<num>\s*(?:Number:)?\s*([^\s<]+)")
_TITLE = re.compile(r"<title>\s*(?:Topic:)?\s*([^<]+)")
_TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True, slots=True)
class Collection:
    """Texts by document, questions by query, and the grade (1 or more) of each relevant document by query."""

    name: str
    documents: dict[str, str]
    queries: dict[str, str]
    grades: dict[str, dict[str, int]]


def load_collection(folder: Path) -> Collection:
    """Read a folder in either layout; only queries with a relevant document are kept. Raises `UsageError`."""
    if (folder / "corpus.jsonl").is_file():
        documents, queries, qrels = _beir(folder)
    elif topics := sorted(folder.glob("topics*")):
        documents, queries, qrels = _trec(folder, topics)
    else:
        raise UsageError(f"{folder}: no corpus.jsonl (BEIR) and no topics* (TREC) in it; give a folder of one of them")
    grades: dict[str, dict[str, int]] = {}
    for query, document, grade in qrels:
        if grade > 0 and query in queries:
            grades.setdefault(query, {})[document] = grade
    if not documents or not grades:
        raise UsageError(f"{folder}: {len(documents)} documents and {len(grades)} judged queries; both are needed")
    return Collection(folder.name, documents, {query: queries[query] for query in sorted(grades)}, grades)


Judgement = tuple[str, str, int]


def _beir(folder: Path) -> tuple[dict[str, str], dict[str, str], Iterator[Judgement]]:
    documents = {
        str(row["_id"]): f"{row.get('title') or ''}\n{row['text']}".strip() for row in _rows(folder / "corpus.jsonl")
    }
    queries = {str(row["_id"]): str(row["text"]) for row in _rows(folder / "queries.jsonl")}
    path = next((p for p in (folder / "qrels" / "test.tsv", folder / "qrels.tsv") if p.is_file()), None)
    if path is None:
        raise UsageError(f"{folder}: no qrels/test.tsv; the judgements are needed")
    return documents, queries, _judgements([path])


def _rows(path: Path) -> Iterator[dict[str, str]]:
    """Objects with `_id` and `text`."""
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                row = orjson.loads(line)
                if not (isinstance(row, dict) and {"_id", "text"} <= row.keys()):
                    raise UsageError(f"{path}:{number}: no object with _id and text; BEIR's layout has one a line")
                yield row
    except (OSError, orjson.JSONDecodeError) as error:
        raise UsageError(f"{path}: cannot be read ({error}); one JSON object a line is expected") from None


def _trec(folder: Path, topics: list[Path]) -> tuple[dict[str, str], dict[str, str], Iterator[Judgement]]:
    documents: dict[str, str] = {}
    for path in sorted(p for p in folder.rglob("*") if p.suffix in {".sgml", ".trec", ".xml"}):
        for body in _DOC.findall(path.read_text("utf-8", "replace")):
            if number := _NUMBER.search(body):
                documents[number[1]] = unescape(_TAG.sub(" ", _NUMBER.sub("", body))).strip()
    queries: dict[str, str] = {}
    for path in topics:
        for body in _TOP.findall(path.read_text("utf-8", "replace")):
            if (number := _NUM.search(body)) and (title := _TITLE.search(body)):
                queries[number[1]] = unescape(title[1]).strip()
    return documents, queries, _judgements(sorted(path for path in folder.glob("qrels*") if path.is_file()))


def _judgements(paths: list[Path]) -> Iterator[Judgement]:
    for path in paths:
        for line in path.read_text("utf-8").splitlines():
            fields = line.split()
            # Three columns in BEIR, four in TREC; a heading has no number at its end.
            if len(fields) in (3, 4) and fields[-1].lstrip("-").isdigit():
                yield fields[0], fields[-2], int(fields[-1])
