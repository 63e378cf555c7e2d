"""AutoGen as the second engine: loaded late, missed in one line, and failing as the first engine fails."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from agents.autogen import load_team
from agents.chat import ModelError
from agents.chat.scripted import ScriptedModel
from agents.library import Library
from agents.messages import Brief
from agents.panel import seat_panel
from graph.debate import build_debate_graph
from graph.debate_section import DebateSection
from litelong import UsageError


def test_it_is_loaded_only_when_it_is_asked_for() -> None:
    code = (
        "import sys, graph.debate, graph.context, agents.autogen; sys.exit(any('autogen_' in m for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_the_extra_it_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "autogen_agentchat", None)
    monkeypatch.setitem(sys.modules, "autogen_agentchat.agents", None)
    monkeypatch.delitem(sys.modules, "agents.autogen.team", raising=False)
    with pytest.raises(UsageError, match=r"^debate\.engine: autogen needs .*pip install 'litelong\[autogen\]'$"):
        load_team()


@pytest.mark.parametrize("engine", ["langgraph", "autogen"])
def test_a_models_error_comes_out_as_it_is(plain: Any, debated: Callable[..., Any], engine: str) -> None:
    def failing(ask: Any) -> Any:
        return ModelError("the endpoint is gone") if ask.seat.name == "critic-2" else plain(ask)

    with pytest.raises(ModelError, match="the endpoint is gone"):
        debated(failing, engine=engine)


def test_nothing_proposed_ends_at_once(debated: Callable[..., Any]) -> None:
    held = debated(lambda ask: json.dumps({"topics": []}), engine="autogen")
    assert (held.titles, held.outcome.stopped) == ([], "nothing was proposed")
    assert [ask.step for ask in held.asked] == ["propose", "propose"]


def test_turns_stream_as_they_happen(plain: Any, debated: Callable[..., Any]) -> None:
    held = debated(engine="autogen")
    assert [event.agent for event in held.streamed] == [event.agent for event in held.outcome.events]


def test_a_debate_that_is_stopped_leaves_no_task_behind(library: Library, plain: Any) -> None:
    """As Ctrl-C does: the node is cancelled while a model is being asked."""

    class Slow(ScriptedModel):
        async def ask(self, ask: Any) -> Any:
            if ask.step == "criticise":
                asked.set()
                await asyncio.sleep(2)
            return await super().ask(ask)

    library.chats = Slow(plain).seated
    debate = DebateSection.model_validate(
        {
            kind + "s": [{"role": kind, "model": "openai:m@http://localhost:1/v1"}]
            for kind in ("proposer", "critic", "judge")
        }
    )
    panel = seat_panel(debate.seats(), library, "all")

    async def stop() -> set[Any]:
        graph = build_debate_graph(panel, library, lambda _: Brief("c", "c", 4, (), 1), engine="autogen")
        running = asyncio.create_task(graph.ainvoke({"category": "c"}))
        await asked.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await asyncio.sleep(0.1)
        return asyncio.all_tasks() - {asyncio.current_task()}

    asked = asyncio.Event()
    assert asyncio.run(stop()) == set()
