"""Judged collections out of free texts, for when no published one is at hand: written in BEIR's layout.

    reverse-dictionary   asked by WordNet's definition of a word, in an older dictionary (GCIDE) and one of computing (FOLDOC);
                         grade 2 for the entries of that word, 1 for those of its synonyms in WordNet
    sections             asked by a section's heading, in the manuals' sections without their headings; grade 1 for its own,
                         which may be cut in several parts

Neither judgement has anything to do with BM25: they come from the books' own structure.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import orjson

from benchmarks.search.texts import read_texts
from litelong import UsageError
from tools.files import content_hash, write_atomic

QUERIES = 1_000
_GLOSS = re.compile(r"^\s+\w+(?: 1)?: (.+?)(?:;|\[|$)", re.DOTALL)
_SYNONYMS = re.compile(r"\[syn: (.+?)\]", re.DOTALL)
_BRACED = re.compile(r"\{([^}]+)\}")


class Query(NamedTuple):
    """A question with the grade of each document that answers it."""

    text: str
    grades: Mapping[str, int]


def write_judged(data: Path, out: Path) -> list[str]:
    """Write both collections below `out` from the JSONL files of `benchmarks.debian_corpus`. Returns what was written."""
    return [
        _write(out / "reverse-dictionary", *_reverse_dictionary(data)),
        _write(out / "sections", *_sections(data)),
    ]


def _reverse_dictionary(data: Path) -> tuple[dict[str, str], list[Query]]:
    documents = dict(read_texts(_files(data, "dict-gcide", "dict-foldoc")))
    entries: dict[str, list[str]] = defaultdict(list)
    for doc_id, text in documents.items():
        entries[_headword(text)].append(doc_id)
    queries = []
    for _, text in sorted(read_texts(_files(data, "dict-wn")), key=lambda item: content_hash(item[1])):
        word, _, rest = text.partition("\n")
        gloss = _GLOSS.match(rest)
        if word.lower() not in entries or gloss is None or len(gloss[1].split()) < 4:
            continue
        first_sense = re.split(r"\n\s+2: ", rest)[0]
        listed = _SYNONYMS.search(first_sense)
        synonyms = _BRACED.findall(" ".join(listed[1].split())) if listed else []
        grades = {doc_id: 1 for synonym in synonyms for doc_id in entries.get(synonym.lower(), ())}
        grades |= dict.fromkeys(entries[word.lower()], 2)
        queries.append(Query(" ".join(gloss[1].split()), grades))
        if len(queries) == QUERIES:
            break
    return documents, queries


def _sections(data: Path) -> tuple[dict[str, str], list[Query]]:
    documents: dict[str, str] = {}
    parts: dict[str, dict[str, int]] = defaultdict(dict)
    for doc_id, text in read_texts(_files(data, "anarchism", "debian-handbook")):
        heading, _, body = text.partition("\n")
        if len(body) > 200:
            documents[doc_id] = body.strip()
            parts[heading][doc_id] = 1
    return documents, [Query(heading, parts[heading]) for heading in sorted(parts, key=content_hash)[:QUERIES]]


def _headword(text: str) -> str:
    return text.partition("\n")[0].strip().lower()


def _files(data: Path, *names: str) -> list[Path]:
    files = [data / f"{name}.jsonl" for name in names]
    for file in files:
        if not file.is_file():
            raise UsageError(
                f"{file}: is missing; make it with `python -m benchmarks.debian_corpus {data} --packages ...`"
            )
    return files


def _write(folder: Path, documents: Mapping[str, str], queries: Iterable[Query]) -> str:
    queries = list(queries)
    rows = [orjson.dumps({"_id": doc_id, "title": "", "text": text}) for doc_id, text in documents.items()]
    write_atomic(folder / "corpus.jsonl", b"\n".join(rows) + b"\n")
    asked = [orjson.dumps({"_id": f"q{n}", "text": query.text}) for n, query in enumerate(queries)]
    write_atomic(folder / "queries.jsonl", b"\n".join(asked) + b"\n")
    lines = ["query-id\tcorpus-id\tscore"]
    lines += [f"q{n}\t{doc_id}\t{grade}" for n, query in enumerate(queries) for doc_id, grade in query.grades.items()]
    write_atomic(folder / "qrels" / "test.tsv", ("\n".join(lines) + "\n").encode())
    return f"{folder.name}: {len(documents):,} documents, {len(queries):,} queries, {len(lines) - 1:,} judgements"
