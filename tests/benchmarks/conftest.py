"""A small corpus with plants: eight categories, two subjects each, enough text for 512 tokens a topic."""

import warnings
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from benchmarks.panels.command import Choice

SUBJECTS: dict[str, tuple[str, str]] = {
    "NATURE / Wildlife / Mammals": ("brown bear", "grey wolf"),
    "NATURE / Wildlife / Birds": ("bald eagle", "emperor penguin"),
    "NATURE / Landscapes / Deserts and Grasslands": ("sand dune", "tall prairie"),
    "NATURE / Climate Zones and Seasons": ("monsoon rain", "polar winter"),
    "SCIENCE / Life Sciences / Marine Biology": ("coral reef", "kelp forest"),
    "SCIENCE / Life Sciences / Microbes and Viruses": ("measles outbreak", "gut flora"),
    "TRANSPORTATION / Land / Railways and Track Gauges": ("narrow gauge", "freight train"),
    "TRANSPORTATION / Water / Ferries and Ocean Liners": ("car ferry", "cruise ship"),
}
"""Half of the categories are held out by the hash of their paths."""
FILLER = """
    quiet report early found several people describe along later often between seen near small wide across during many
    under reach carry begin grow slowly strong measure change follow remain
""".split()  # noqa: SIM905 - a list literal would take many lines


def plants_of(category: str, others: Sequence[str]) -> dict[str, Any]:
    """Two good topics, a paraphrase of each, and two of each other kind."""
    one, two = (subject.title() for subject in SUBJECTS[category])
    return {
        "category": category,
        "good": [one, two],
        "off_category": [subject.title() for subject in others],
        "duplicate": [{"of": one, "title": f"{one} Life"}, {"of": two, "title": f"The {two} Today"}],
        "too_broad": ["The World", "People and Things"],
        "unfillable": [f"Medieval Poetry of the {one}", "Zirconium Wedding Cakes"],
    }


@pytest.fixture(scope="session", autouse=True)
def lexicon() -> None:
    """TextBlob's tagger leaves its word list open once, when it first reads it; tests run with warnings as errors."""
    from textblob.en import tag

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        tag("word")


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus as a folder of JSONL: ten documents a subject that name it and the words of its category."""
    folder = tmp_path_factory.mktemp("corpus")
    random = Random(7)
    rows = []
    for category, subjects in SUBJECTS.items():
        name = category.rsplit(" / ", 1)[1].lower()
        for subject in subjects:
            for n in range(10):
                words = " ".join(random.choices(FILLER, k=60))
                text = f"{subject}\nThe {subject} is one of the {name}. {words}. A {subject} {words}."
                rows.append({"id": f"{subject}-{n}", "text": text})
    (folder / "all.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return folder


@pytest.fixture(scope="session")
def plants(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A frozen plants file for it, in a folder of its own."""
    folder = tmp_path_factory.mktemp("plants")
    paths = list(SUBJECTS)
    beds = [
        plants_of(path, [SUBJECTS[paths[(n + 3) % len(paths)]][0], SUBJECTS[paths[(n + 5) % len(paths)]][1]])
        for n, path in enumerate(paths)
    ]
    freeze(folder, {"corpus": "debian", "context_length": 512, "categories": beds})
    return folder


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Path:
    """Where the tests' one index is kept."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def choice(data: Path, plants: Path, cache: Path) -> Choice:
    """All three panels on the small corpus, both halves."""
    return Choice(("debian",), ("lexical", "perfect", "random"), "both", data, cache, plants)


def freeze(folder: Path, plants: dict[str, Any]) -> Path:
    """Write a plants file with its digest."""
    body = orjson.dumps(plants)
    path = folder / f"{plants['corpus']}.json"
    path.write_bytes(body)
    (folder / "digests.json").write_bytes(orjson.dumps({path.name: sha256(body).hexdigest()}))
    return path
