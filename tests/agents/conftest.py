"""A small corpus in a real index, and the library that agents read it through."""

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any, NamedTuple, cast

import pytest

from agents.chat import Ask
from agents.chat.scripted import ScriptedModel
from agents.library import Library, Shelf
from agents.messages import Brief, Event, Outcome
from agents.panel import seat_panel
from graph.debate import DebateState, build_debate_graph
from graph.debate_section import DebateSection
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


MODEL = "openai:Qwen2.5-7B-Instruct@http://localhost:1/v1"
OTHER = "openai:Llama-3.1-8B@http://localhost:2/v1"
MARINE = "SCIENCE / Marine Biology"


def shown(ask: Ask[Any]) -> list[dict[str, Any]]:
    """The topics in a prompt, as the model sees them."""
    return [json.loads(line) for line in ask.user.splitlines() if line.startswith('{"id"')]


def plain_reply(ask: Ask[Any]) -> str:
    """What a sensible panel says: topics called "poor" are rejected, revised and removed; "weak" ones only removed."""
    rows = shown(ask)
    if ask.step == "propose":
        number = ask.seat.name[-1]
        names = ("Coral Reef", "Weak Whale", "Poor Plankton", "Whale Migration")
        return json.dumps({"topics": [{"title": f"{name} {number}", "explanation": f"on {name}"} for name in names]})
    if ask.step == "criticise":
        reviews = [
            {"id": row["id"], "accept": "Poor" not in row["title"], "reason": f"on {row['id']}", "relevance": 4}
            for row in rows
        ]
        return json.dumps({"reviews": reviews})
    if ask.step == "answer":
        return json.dumps({"answers": [_answer(row) for row in rows]})
    weak = [{"id": row["id"], "reason": "weak"} for row in rows if "Weak" in row["title"]]
    strong = [{"id": row["id"], "reason": "strong", "score": 5} for row in rows if "Weak" not in row["title"]]
    return json.dumps({"removals": weak, "keeps": strong, "ranking": strong})


def _answer(row: dict[str, Any]) -> dict[str, str]:
    action = "revise" if "Poor" in row["title"] else "keep"
    title = row["title"].replace("Poor", "Rich")
    return {"id": row["id"], "action": action, "title": title, "explanation": "better", "reason": "as they said"}


class Debated(NamedTuple):
    """A debate's outcome, what the models were asked, the end of the state, and the turns as they were streamed."""

    outcome: Outcome
    asked: list[Ask[Any]]
    state: DebateState
    streamed: list[Event]

    @property
    def titles(self) -> list[str]:
        return [accepted.topic.title for accepted in self.outcome.accepted]

    def turns(self, agent: str) -> list[Event]:
        return [event for event in self.outcome.events if event.agent == agent]


@pytest.fixture
def debated(library: Library) -> Callable[..., Debated]:
    """Hold one debate over the small corpus with scripted models. `says` makes each reply from its question."""

    def hold(says: Callable[[Ask[Any]], Any] = plain_reply, *, brief: Brief | None = None, **section: Any) -> Debated:
        model = ScriptedModel(says)
        library.chats = model.seated
        seats = {
            "proposers": [{"role": "proposer", "model": MODEL}, {"role": "proposer", "model": OTHER}],
            "critics": [{"role": "critic", "model": MODEL}, {"role": "critic", "model": OTHER}],
            "judges": [{"role": "judge", "model": MODEL}],
        }
        debate = DebateSection.model_validate({**seats, **section})
        about = brief or Brief(MARINE, "Marine Biology", 4, ("Fishing",), 1)
        graph = build_debate_graph(
            seat_panel(debate.seats(), library, debate.shown_to_critics),
            library,
            lambda _: about,
            protocol=debate.protocol,
            rules=debate.rules(seed=0),
            engine=debate.engine,
        )
        streamed: list[Event] = []

        async def follow() -> DebateState:
            state: Any = {}
            async for mode, chunk in graph.astream({"category": MARINE}, stream_mode=["custom", "values"]):
                if mode == "custom" and isinstance(chunk, Event):
                    streamed.append(chunk)
                elif mode == "values":
                    state = chunk
            return cast(DebateState, state)

        state = asyncio.run(follow())
        return Debated(state["outcome"], model.asked, state, streamed)

    return hold


@pytest.fixture
def plain() -> Callable[[Ask[Any]], str]:
    """The replies of a sensible panel."""
    return plain_reply
