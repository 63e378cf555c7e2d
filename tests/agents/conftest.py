"""A small corpus in a real index, and the library that agents read it through."""

from collections.abc import Iterator, Sequence
from random import Random

import pytest

from agents.library import Library, Shelf
from tools.corpus.document import Document
from tools.files import content_hash
from tools.search import SearchIndex, SearchSettings, build_index

SEA = ["tide", "harbour", "sailor", "anchor", "plankton", "trench", "lagoon", "salt"]
FARM = ["wheat", "tractor", "barn", "harvest", "plough", "orchard", "silo", "dairy"]
COMMON = ["year", "people", "place", "world", "number", "part"]


def _texts() -> dict[str, str]:
    """Forty documents: reefs and whales belong to marine biology, tractors and dairy to agriculture."""
    random = Random(0)
    subjects = [("coral reef bleaching", SEA), ("whale migration", SEA), ("tractor engine", FARM), ("dairy cow", FARM)]
    texts = {}
    for number in range(40):
        subject, words = subjects[number % 4]
        field = "marine biology" if words is SEA else "agriculture"
        own = random.choices(words + COMMON, k=60)
        texts[f"docs/{number}.txt"] = " ".join([*([subject] * 3), field, str(number), *own])
    return texts


@pytest.fixture(scope="session")
def texts() -> dict[str, str]:
    return _texts()


@pytest.fixture(scope="session")
def index(texts: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchIndex]:
    documents = (Document(doc_id, doc_id, text, 0, n) for n, (doc_id, text) in enumerate(texts.items()))
    index = build_index(documents, tmp_path_factory.mktemp("corpus") / "index", SearchSettings())
    yield index
    index.close()


@pytest.fixture
def library(texts: dict[str, str], index: SearchIndex) -> Iterator[Library]:
    def sample(count: int) -> Sequence[str]:
        return sorted(texts, key=lambda doc_id: content_hash(texts[doc_id]))[:count]

    shelf = Shelf(
        characters=lambda doc_ids: [len(texts[doc_id]) for doc_id in doc_ids],
        texts=lambda doc_ids: [texts[doc_id] for doc_id in doc_ids],
        titles=list,
        sample=sample,
    )
    library = Library(index, shelf, characters_per_token=4.0, target_tokens=600, depth=100)
    yield library
    library.close()
