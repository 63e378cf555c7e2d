"""Both state machines from Python, as notebooks and LangGraph Studio build them, and as they are drawn."""

import asyncio
import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from syrupy.assertion import SnapshotAssertion

import graph
from agents.messages import Event, Outcome
from graph import Config, build_debate, build_pipeline
from litelong import UsageError

BIRDS = "NATURE / Wildlife / Birds"


def test_the_debate_is_drawn(config: Callable[..., Config], snapshot: SnapshotAssertion) -> None:
    assert build_debate(config()).get_graph().draw_mermaid() == snapshot


def test_the_pipeline_is_drawn(config: Callable[..., Config], snapshot: SnapshotAssertion) -> None:
    assert build_pipeline(config()).get_graph().draw_mermaid() == snapshot


def test_a_debate_ends_with_topics_and_reasons(config: Callable[..., Config]) -> None:
    state = asyncio.run(build_debate(config()).ainvoke({"category": BIRDS}))
    outcome: Outcome = state["outcome"]
    assert outcome.accepted
    assert all(rejection.reason and rejection.rejected_by for rejection in outcome.rejected)
    assert len(state["proposals"]) == len(outcome.accepted) + len(outcome.rejected)
    assert {accepted.topic.category for accepted in outcome.accepted} == {BIRDS}


def test_every_proposal_meets_every_critic_and_judge(config: Callable[..., Config]) -> None:
    made = config(debate={"critics": [{"role": "critic"}] * 3, "judges": [{"role": "judge"}] * 2})
    state = asyncio.run(build_debate(made).ainvoke({"category": BIRDS}))
    proposed = [proposal.proposal_id for proposal in state["proposals"]]
    for agent in ("critic-1", "critic-2", "critic-3"):
        assert [c.proposal_id for c in state["critiques"] if c.by == agent] == proposed
    for agent in ("judge-1", "judge-2"):
        assert [v.proposal_id for v in state["verdicts"] if v.by == agent] == proposed


def test_a_debate_without_documents_ends_without_topics(config: Callable[..., Config]) -> None:
    state = asyncio.run(build_debate(config()).ainvoke({"category": "TRUE CRIME / Robbery and Heists"}))
    assert state["outcome"].accepted == ()


def test_a_debate_takes_a_checkpointer_and_remembers(config: Callable[..., Config]) -> None:
    compiled = build_debate(config(), InMemorySaver())
    thread: Any = {"configurable": {"thread_id": "mine"}}
    asyncio.run(compiled.ainvoke({"category": BIRDS}, thread))
    state = asyncio.run(compiled.aget_state(thread))
    assert state.next == ()
    assert state.values["outcome"].category == BIRDS


def test_a_debate_of_an_unknown_category_is_refused(config: Callable[..., Config]) -> None:
    with pytest.raises(UsageError, match="has no category 'Alchemy'"):
        asyncio.run(build_debate(config()).ainvoke({"category": "Alchemy"}))


def test_the_state_holds_no_document_text(config: Callable[..., Config], texts: Any) -> None:
    """Only ids, counts and the debate's own short words: a checkpointer stores the whole state at every step."""
    state = asyncio.run(build_debate(config()).ainvoke({"category": BIRDS}))
    said = repr(state)
    assert not any(text.text[60:160] in said for text in texts)
    assert len(said) < 100_000


def test_the_pipeline_runs_as_a_graph(config: Callable[..., Config], two: dict[str, Any]) -> None:
    made = config(taxonomy=two)
    state = asyncio.run(build_pipeline(made).ainvoke({}))
    assert state["run_dir"] == str(made.out)
    assert state["documents"] == 180
    assert state["categories"] == 2
    assert state["samples"] > 0


def test_a_whole_corpus_recipe_goes_past_topics(config: Callable[..., Config]) -> None:
    state = asyncio.run(build_pipeline(config(packing={"recipe": "standard"})).ainvoke({}))
    assert set(state) == {"run_dir", "documents", "tokens", "samples"}


def test_a_pipeline_can_be_built_twice_and_run(config: Callable[..., Config], two: dict[str, Any]) -> None:
    """A notebook's cell is run again while the first graph is still there."""
    made = config(taxonomy=two)
    first = build_pipeline(made)
    second = build_pipeline(made)
    assert asyncio.run(second.ainvoke({})) == asyncio.run(first.ainvoke({}))
    assert graph.run(made).samples > 0


def test_a_failed_pipeline_holds_no_lock(config: Callable[..., Config]) -> None:
    made = config(packing={"context_length": 100_000})
    failed = build_pipeline(made)
    with pytest.raises(UsageError, match="less than one sample"):
        asyncio.run(failed.ainvoke({}))
    with pytest.raises(UsageError, match="less than one sample"):
        graph.run(made)


def test_graphs_close_what_they_opened(config: Callable[..., Config], tmp_path: Path) -> None:
    def opened() -> list[Path]:
        links = [link for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
        return [file for file in (link.readlink() for link in links) if file.is_relative_to(tmp_path)]

    compiled = build_debate(config())
    assert opened()
    del compiled
    gc.collect()
    assert opened() == []


def test_turns_stream_as_they_happen(config: Callable[..., Config]) -> None:
    async def listen() -> list[Event]:
        stream = build_debate(config()).astream({"category": BIRDS}, stream_mode="custom")
        return [event async for event in stream if isinstance(event, Event)]

    assert [event.agent for event in asyncio.run(listen())] == ["proposer-1", "critic-1", "judge-1"]


def test_the_front_door_names_what_it_has() -> None:
    assert {"Config", "RunResult", "arun", "build_debate", "build_pipeline", "load_config", "run"} <= set(graph.__all__)
    for name in graph.__all__:
        assert getattr(graph, name).__name__ == name
    with pytest.raises(AttributeError, match="module 'graph' has no attribute 'nothing'"):
        _ = graph.nothing
