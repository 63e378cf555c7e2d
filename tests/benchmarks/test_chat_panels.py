"""Panels of language models in the benchmark: what they cost, how steady they are, and how badly they may do."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.chat_server import ChatServer, Question
from benchmarks.panels.command import Choice, run_all
from benchmarks.panels.debates import PanelRun, panel_section
from benchmarks.panels.page import report
from benchmarks.panels.scoring import ends_of, share
from litelong import UsageError


def first_falls(question: Question) -> str:
    """Reviews nothing, and removes the first topic that it sees: a judge that goes by the order alone."""
    if "You decide" not in question.system:
        return json.dumps({"topics": [], "reviews": []})
    first = next(json.loads(line)["id"] for line in question.user.splitlines() if line.startswith('{"id"'))
    return json.dumps({"removals": [{"id": first, "reason": "the first"}]})


@pytest.fixture
def measured(choice: Choice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., PanelRun]:
    monkeypatch.setenv("OPENAI_API_KEY", "none")

    def run(answer: Callable[[Question], str]) -> PanelRun:
        with ChatServer(answer) as server:
            model = f"openai:m@{server.base_url}"
            debate = {
                "critics": [{"role": "critic", "model": model}],
                "judges": [{"role": "judge", "model": model}],
                "judging": {"twice": True},
                "models": {model: {"price_in": 1.0, "price_out": 10.0}},
            }
            panel = tmp_path / "chat.yaml"
            panel.write_text(yaml.safe_dump({"debate": debate}))
            (found,) = run_all(Choice(("debian",), (str(panel),), "tune", choice.data, choice.cache, choice.plants))
        return found

    return run


def test_order_consistency_tokens_and_cost_are_measured(measured: Callable[..., PanelRun]) -> None:
    run = measured(first_falls)
    spent = run.spent
    categories = len(run.garden.beds)
    accepted = sum(end.fate.stands for end in ends_of(run.fates)) + run.own_accepted
    assert spent.tokens == 3 * 110 * categories
    assert spent.tokens_per_topic == pytest.approx(spent.tokens / accepted, rel=0.2), "twins are one topic"
    assert spent.tokens_per_topic is not None
    assert spent.cost_per_topic == pytest.approx(spent.tokens_per_topic * 200e-6 / 110)
    assert spent.order is not None
    assert spent.order.of - spent.order.hits == 2 * categories, "each reading removes a topic that the other keeps"
    text = report([run], 1)
    assert "| verdicts the same in both orders |" in text.replace("  ", "")
    assert share(ends_of(run.fates), "good").value == 1.0


def test_a_panel_that_cannot_be_read_keeps_nothing_and_the_table_says_why(measured: Callable[..., PanelRun]) -> None:
    run = measured(lambda question: "I am a small model.")
    assert run.spent.dead == len(run.garden.beds)
    assert run.spent.tokens_per_topic is None
    assert share(ends_of(run.fates), "good").value == 0.0
    assert share(ends_of(run.fates), "off_category").value == 1.0
    assert {end.fate.reason for end in ends_of(run.fates)} == {"no judge gave a verdict on it"}
    assert "debates that came to nothing" in report([run], 1)


def test_a_protocol_without_a_place_for_plants_is_refused(tmp_path: Path) -> None:
    panel = tmp_path / "single.yaml"
    panel.write_text("debate: {protocol: single}")
    with pytest.raises(UsageError, match="single nobody judges what others propose"):
        panel_section(str(panel))


def test_panels_without_language_models_have_no_such_table(choice: Choice) -> None:
    (run,) = run_all(Choice(("debian",), ("perfect",), "tune", choice.data, choice.cache, choice.plants))
    spent: Any = run.spent
    assert (spent.tokens, spent.dead, spent.unread.hits) == (0, 0, 0)
    assert "language models" not in report([run], 1)
