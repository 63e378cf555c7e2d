"""Debates by chat models as a person runs them: the commands against a real local server."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import orjson
import pytest

from benchmarks.chat_server import Answer, ChatServer, Question, Said

BIRDS = "NATURE / Wildlife / Birds"
CHESS = "GAMES & ACTIVITIES / Chess and Checkers"
OWN = {BIRDS: ("Arctic Tern", "Tawny Owl", "Fish Eagle"), CHESS: ("Queen Sacrifice", "Rook Ending", "Opening Gambit")}


def sensible(question: Question) -> str:
    """Proposes what the corpus is about, accepts all, and removes whatever is called opening or eagle."""
    shown = [json.loads(line) for line in question.user.splitlines() if line.startswith('{"id"')]
    if "You plan" in question.system:
        titles = next(titles for category, titles in OWN.items() if json.dumps(category) in question.user)
        return json.dumps({"topics": [{"title": title, "explanation": "of the corpus"} for title in titles]})
    if "You review" in question.system or "You wrote" in question.system:
        return json.dumps({"reviews": [{"id": row["id"], "accept": True, "reason": "fine"} for row in shown]})
    weak = [row["id"] for row in shown if "Opening" in row["title"] or "Eagle" in row["title"]]
    return json.dumps({"removals": [{"id": name, "reason": "too narrow"} for name in weak]})


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Answer], ChatServer]]:
    monkeypatch.setitem(os.environ, "OPENAI_API_KEY", "none")
    with ExitStack() as stack:
        yield lambda answer: stack.enter_context(ChatServer(answer))


def panel(server: ChatServer, **section: Any) -> dict[str, Any]:
    """Two proposers, two critics and a judge on one server's two models."""
    one, other = (f"openai:{name}@{server.base_url}" for name in ("qwen", "llama"))
    return {
        "expansion_factor": 2,
        "proposers": [{"role": "proposer", "model": one}, {"role": "proposer", "model": other}],
        "critics": [{"role": "critic", "model": one}, {"role": "critic", "model": other}],
        "judges": [{"role": "judge", "model": one}],
        **section,
    }


def rows(file: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in file.read_bytes().splitlines()]


def topics(run: Path) -> list[tuple[str, str]]:
    return [(row["category"], row["title"]) for row in rows(run / "topics.jsonl")]


@pytest.mark.parametrize("engine", ["langgraph", "autogen"])
def test_the_live_view_shows_turns_as_they_come(
    litelong: Any, config_file: Any, serve: Callable[[Answer], ChatServer], engine: str
) -> None:
    config = config_file(debate=panel(serve(sensible), engine=engine))
    answer = litelong("debate", config, "--category", BIRDS)
    assert answer.status == 0, answer.err
    for words in ("proposer-2 (proposer, openai:llama@", "100 + 10 tokens", "Tawny Owl", "remove", "too narrow"):
        assert words in answer.out
    lines = litelong("debate", config, "--category", BIRDS, "--json").out.splitlines()
    assert [orjson.loads(line)["step"] for line in lines] == ["propose"] * 2 + ["criticise"] * 2 + ["judge"]


def test_recorded_replies_serve_the_other_engine_and_give_the_same_topics(
    litelong: Any, config_file: Any, serve: Callable[[Answer], ChatServer], tmp_path: Path
) -> None:
    server = serve(sensible)
    two = {"select": [BIRDS, CHESS]}
    first, second = tmp_path / "first", tmp_path / "second"
    assert litelong("run", config_file(first, taxonomy=two, debate=panel(server))).status == 0
    asked = len(server.questions)
    assert asked == 2 * 5
    other = panel(server, engine="autogen", replies=str(first))
    answer = litelong("run", config_file(second, taxonomy=two, debate=other))
    assert answer.status == 0, answer.err
    assert len(server.questions) == asked, "no call is made again"
    assert topics(first) == topics(second)
    assert {title for _, title in topics(first)} == {"Arctic Tern", "Tawny Owl", "Queen Sacrifice", "Rook Ending"}
    for name in ("rejected.jsonl", "plan", "samples"):
        one, other_ = first / name, second / name
        files = [one] if one.is_file() else sorted(one.iterdir())
        assert [f.read_bytes() for f in files] == [
            (other_ / f.name if one.is_dir() else other_).read_bytes() for f in files
        ]
    for run in (first, second):
        answer = litelong("validate", run)
        assert answer.status == 0, answer.out
    turns = rows(second / "debates/events-00000.jsonl")
    assert all(turn["cached"] and turn["prompt_tokens"] == 100 for turn in turns)


def test_a_judge_that_cannot_be_read_is_a_dead_letter_with_its_reason_and_the_others_go_on(
    litelong: Any, config_file: Any, serve: Callable[[Answer], ChatServer]
) -> None:
    def mute_about_chess(question: Question) -> str:
        return "No." if "You decide" in question.system and "Chess" in question.user else sensible(question)

    config = config_file(taxonomy={"select": [BIRDS, CHESS]}, debate=panel(serve(mute_about_chess)))
    answer = litelong("run", config)
    assert answer.status == 2
    assert f"a category failed: {CHESS}: DebateError: no judge could be read: judge-1: " in answer.err
    allowed = litelong("run", config, "--allow-failed")
    assert allowed.status == 0, allowed.err
    assert {category for category, _ in topics(config.parent / "run")} == {BIRDS}


def test_a_proposer_that_cannot_be_read_stands_in_the_event_log(
    litelong: Any, config_file: Any, serve: Callable[[Answer], ChatServer]
) -> None:
    def one_mute(question: Question) -> str:
        return "" if "You plan" in question.system and question.body["model"] == "llama" else sensible(question)

    config = config_file(taxonomy={"select": [BIRDS]}, debate=panel(serve(one_mute)))
    assert litelong("run", config).status == 0
    (turn,) = [turn for turn in rows(config.parent / "run/debates/events-00000.jsonl") if turn["agent"] == "proposer-2"]
    assert turn["problem"] == "the reply is empty"
    assert turn["repairs"] == 1
    assert topics(config.parent / "run")


def test_what_could_not_be_read_is_asked_again_when_the_category_is_retried(
    litelong: Any, config_file: Any, serve: Callable[[Answer], ChatServer]
) -> None:
    mute = [True]

    def judge_wakes_up(question: Question) -> str:
        return "No." if mute and "You decide" in question.system else sensible(question)

    server = serve(judge_wakes_up)
    config = config_file(taxonomy={"select": [BIRDS]}, debate=panel(server))
    assert litelong("run", config).status == 2
    before = len(server.questions)
    mute.clear()
    assert litelong("run", config).status == 0
    (asked,) = server.questions[before:]
    assert "You decide" in asked.system
    assert "No." not in asked.user, "asked anew, not asked to repair"
    run = config.parent / "run"
    calls = orjson.loads((run / "ledger.json").read_bytes())["model_calls"]
    assert (calls["calls"], calls["unreadable"]) == (len(server.questions), 1), "the account keeps what was not read"
    assert litelong("validate", run).status == 0


@pytest.mark.parametrize("engine", ["langgraph", "autogen"])
def test_a_debate_taken_up_again_asks_only_what_was_not_answered(
    litelong: Any, config_file: Any, serve: Callable[[Answer], ChatServer], engine: str
) -> None:
    refusing = [True]

    def judge_is_ill(question: Question) -> str | Said:
        ill = refusing[0] and "You decide" in question.system
        return Said("not today", status=400) if ill else sensible(question)

    server = serve(judge_is_ill)
    config = config_file(taxonomy={"select": [BIRDS]}, debate=panel(server, engine=engine))
    assert litelong("run", config).status == 2
    before = len(server.questions)
    refusing.clear()
    refusing.append(False)
    answer = litelong("run", config)
    assert answer.status == 0, answer.err
    assert [("You decide" in question.system) for question in server.questions[before:]] == [True]
    turns = rows(config.parent / "run/debates/events-00000.jsonl")
    assert [turn["cached"] for turn in turns] == [True] * 4 + [False]
