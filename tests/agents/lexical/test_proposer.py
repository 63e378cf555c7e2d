"""What the lexical proposer puts forward, from a real index."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from agents.lexical import LexicalProposer
from agents.library import Library, Shelf
from agents.messages import Brief
from tools.corpus.document import Document
from tools.files import content_hash
from tools.search import SearchSettings, build_index

BRIEF = Brief("MUSIC / Harmony", "Harmony", 6, (), 1)
Opens = Callable[[dict[str, str], int], Library]


def dictionary() -> dict[str, str]:
    """Entries about harmony that speak of melody and of a chap; melody has an entry of its own, chap has none."""
    random = Random(0)
    other = ["harbours", "tractors", "orchards", "lanterns", "anchors", "ploughs"]
    entries = {"Melody": "Melody is a row of tones. The melody is sung."}
    for n in range(12):
        entries[f"Harmony {n}"] = (
            f"Harmony number {n}. In harmony a melody is joined, says the fellow with several tones."
        )
    for n in range(300):
        entries[f"Entry {n}"] = f"The {random.choice(other)} and {random.choice(other)} of place {n}."
    return entries


@pytest.fixture
def opens(tmp_path: Path) -> Iterator[Opens]:
    """A library over such entries, where a topic must fill so many tokens."""
    libraries: list[Library] = []

    def open_(entries: dict[str, str], target: int) -> Library:
        documents = (Document(name, name, text, 0, n) for n, (name, text) in enumerate(entries.items()))
        index = build_index(documents, tmp_path / "index", SearchSettings())
        shelf = Shelf(
            characters=lambda names: [len(entries[name]) for name in names],
            texts=lambda names: [entries[name] for name in names],
            titles=list,
            sample=lambda n: sorted(entries, key=lambda name: content_hash(entries[name]))[:n],
        )
        libraries.append(Library(index, shelf, characters_per_token=4.0, target_tokens=target, depth=100))
        return libraries[-1]

    yield open_
    for library in libraries:
        library.close()
        library.index.close()


def proposed(library: Library) -> list[str]:
    return [draft.title for draft in asyncio.run(LexicalProposer(library).propose(BRIEF, ()))]


def test_a_lone_word_is_proposed_where_a_document_is_about_it(opens: Opens) -> None:
    titles = proposed(opens(dictionary(), 50))
    assert "Melody" in titles
    assert "Fellow" not in titles, "as common beside harmony, but no entry is titled so"


def test_what_the_corpus_cannot_fill_is_not_proposed_beside_what_it_can(opens: Opens) -> None:
    entries = {**dictionary(), "Tones": "Tones. The tones of a bell are many. " * 60}
    titles = proposed(opens(entries, 600))
    assert "Tones" in titles
    assert "Melody" not in titles


def test_where_the_corpus_can_fill_nothing_the_critics_are_given_the_best_to_say_so(opens: Opens) -> None:
    assert "Melody" in proposed(opens(dictionary(), 5_000))


def test_a_lone_word_that_is_common_everywhere_is_no_subject_of_the_category(opens: Opens) -> None:
    entries = {name: f"{text} There the melody." for name, text in dictionary().items()}
    assert "Melody" not in proposed(opens(entries, 50))
