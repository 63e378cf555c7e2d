"""Messages outlive a kill: all that a debate's state holds comes back from a checkpoint as it went in."""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import GenericAlias, NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from agents import messages
from agents.messages import Brief, Critique, Event, Evidence, Outcome, Proposal, Verdict, Withdrawal
from graph.debate import DebateState
from graph.stages.debate import checkpoints

PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=20),
    int: st.integers(-(1 << 53), 1 << 53),
    float: st.floats(allow_nan=False),
    bool: st.booleans(),
    NoneType: st.none(),
}


def strategy(annotation: Any) -> st.SearchStrategy[Any]:
    """Any value of a message field's type."""
    if annotation in PLAIN:
        return PLAIN[annotation]
    arguments = get_args(annotation)
    if get_origin(annotation) is UnionType:
        return st.one_of(*map(strategy, arguments))
    if get_origin(annotation) is Literal:
        return st.sampled_from(arguments)
    if get_origin(annotation) is tuple:
        if arguments[-1] is Ellipsis:
            return st.lists(strategy(arguments[0]), max_size=3).map(tuple)
        return st.tuples(*map(strategy, arguments))
    hints = get_type_hints(annotation)
    return st.builds(annotation, **{field.name: strategy(hints[field.name]) for field in fields(annotation)})


def records(annotation: Any) -> Iterator[type]:
    """Every dataclass that a value of this type can hold."""
    for argument in get_args(annotation):
        yield from records(argument)
    if is_dataclass(annotation) and isinstance(annotation, type) and not isinstance(annotation, GenericAlias):
        yield annotation
        for hint in get_type_hints(annotation).values():
            yield from records(hint)


IN_STATE = sorted(
    {record for hint in get_type_hints(DebateState).values() for record in records(hint)}, key=lambda t: t.__name__
)


@pytest.fixture(scope="session")
def serde(tmp_path_factory: pytest.TempPathFactory) -> JsonPlusSerializer:
    """The serializer that a run's checkpoints go through."""

    async def borrowed() -> Any:
        async with checkpoints(tmp_path_factory.mktemp("checkpoints") / "checkpoints.sqlite") as saver:
            return saver.serde

    found = asyncio.run(borrowed())
    assert isinstance(found, JsonPlusSerializer)
    return found


def test_what_the_state_of_a_debate_holds() -> None:
    names = {record.__name__ for record in IN_STATE}
    assert {"Brief", "Proposal", "Evidence", "Critique", "Withdrawal", "Verdict", "Event", "Outcome"} <= names
    assert {"Rules", "Defence"} <= names
    assert {"Accepted", "Rejection", "Topic", "Provenance"} <= names
    assert not names & {"Seat", "Draft", "Candidate"}, "these are made anew from the state at every turn"


@pytest.mark.parametrize("record", [record for record in IN_STATE if record.__module__ == messages.__name__])
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_message_comes_back_equal_and_without_a_warning(
    serde: JsonPlusSerializer, record: type, data: st.DataObject, caplog: pytest.LogCaptureFixture
) -> None:
    sent = data.draw(strategy(record))
    with caplog.at_level(logging.DEBUG):
        back = serde.loads_typed(serde.dumps_typed(sent))
        listed = serde.loads_typed(serde.dumps_typed({"state": [sent]}))
    assert type(back) is record
    assert back == sent
    assert listed == {"state": [sent]}
    assert hash(back) == hash(sent), "tuples come back as tuples"
    assert not caplog.records


def test_what_is_not_ours_is_not_unpacked(serde: JsonPlusSerializer, tmp_path: Path) -> None:
    draft = messages.Draft("a title", "why")
    assert not isinstance(serde.loads_typed(serde.dumps_typed(draft)), messages.Draft)


def test_a_whole_state_comes_back(serde: JsonPlusSerializer) -> None:
    evidence = Evidence("proposer-1.1.1", 5, 700, 0.5, 2.0, 0.1, 600, (("proposer-1.1.2", 0.4),))
    state: DebateState = {
        "category": "SCIENCE / Sea",
        "round": 1,
        "brief": Brief("SCIENCE / Sea", "Sea", 4, ("Land",), 1),
        "proposals": [Proposal("proposer-1.1.1", "proposer-1", 1, "Réefs", "why", (("support", 3.0),))],
        "evidence": {"proposer-1.1.1": evidence},
        "critiques": [Critique("proposer-1.1.1", "critic-1", 1, accept=True, reason="good")],
        "withdrawals": [Withdrawal("proposer-1.1.1", "proposer-1", 1, "taken back")],
        "verdicts": [Verdict("proposer-1.1.1", "judge-1", keep=False, reason="weak")],
        "events": [
            Event("run", "c", 1, "a", "r", "judge", "lexical", ("x",), (("x", "keep", ""),), 0, 0, 0.1, False, 0)
        ],
        "outcome": Outcome("SCIENCE / Sea"),
    }
    assert serde.loads_typed(serde.dumps_typed(state)) == state
