"""Whole runs with language models, over real HTTP to a server that answers like one: what is asked, recorded, counted, kept."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import orjson
import pytest

from benchmarks.chat_server import ChatServer, Question, Said
from benchmarks.latency_server import reply
from graph import load_config, run
from graph.planning import estimate

CALLS = 5
"""Of one category: two proposers, two critics, a judge."""


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


@pytest.fixture
def serve() -> Iterator[Callable[..., ChatServer]]:
    """Start a server, by default one whose replies are valid for whatever is asked."""
    with ExitStack() as stack:
        yield lambda answer=reply: stack.enter_context(ChatServer(answer))


def panel(server: ChatServer, **debate: Any) -> dict[str, Any]:
    """A `debate` section with the published panel; models of three names, so that no two seats ask the same."""
    one, two, three = (f"openai:{name}@{server.base_url}" for name in ("alpha", "beta", "gamma"))
    return {
        "proposers": [{"role": "proposer", "model": one}, {"role": "proposer", "model": two}],
        "critics": [{"role": "critic", "model": one}, {"role": "critic", "model": two}],
        "judges": [{"role": "judge", "model": three}],
        **debate,
    }


def usage(path: Path) -> Mapping[str, Any]:
    content: Mapping[str, Any] = orjson.loads((path / "usage.json").read_bytes())
    return content


def ledger(path: Path) -> Mapping[str, Any]:
    content: Mapping[str, Any] = orjson.loads((path / "ledger.json").read_bytes())["model_calls"]
    return content


def distinct(server: ChatServer) -> int:
    return len({(q.body["model"], q.system, q.user) for q in server.questions})


def test_a_run_asks_each_seat_once_a_category_and_another_run_uses_its_replies(
    config: Callable[..., Any], serve: Callable[..., ChatServer], two: dict[str, Any], litelong: Callable[..., Any]
) -> None:
    server = serve()
    prices = {f"openai:gamma@{server.base_url}": {"price_in": 2.0, "price_out": 8.0}}
    first = run(config("first", taxonomy=two, debate=panel(server, models=prices)))
    assert len(server.questions) == distinct(server) == 2 * CALLS
    calls = ledger(first.path)
    assert (calls["calls"], calls["repairs"], calls["unreadable"], calls["failed_categories"]) == (10, 0, 0, 0)
    assert calls["prompt_tokens"] == 10 * 100
    judge = usage(first.path)["models"]["judge-1"]
    assert judge["cost"] == pytest.approx(2 * (100 * 2.0 + 10 * 8.0) / 1e6)
    assert (judge["calls"], judge["replayed"], judge["role"]) == (2, 0, "judge")
    assert litelong("validate", first.path).status == 0

    again = run(config("again", taxonomy=two, debate=panel(server, models=prices, replies=str(first.path))))
    assert len(server.questions) == 2 * CALLS
    assert (again.path / "ledger.json").read_bytes() == (first.path / "ledger.json").read_bytes()
    for file in sorted((first.path / "samples").iterdir()):
        assert (again.path / "samples" / file.name).read_bytes() == file.read_bytes()
    judge = usage(again.path)["models"]["judge-1"]
    assert (judge["calls"], judge["replayed"], judge["cost"]) == (0, 2, 0.0)


def test_plan_estimates_calls_tokens_and_cost_and_calls_nothing(
    config: Callable[..., Any],
    serve: Callable[..., ChatServer],
    litelong: Callable[..., Any],
    config_file: Callable[..., Path],
) -> None:
    server = serve()
    prices = {f"openai:alpha@{server.base_url}": {"price_in": 1.0, "price_out": 10.0}}
    found = estimate(config(debate=panel(server, models=prices)))
    assert server.questions == []
    assert found.model_calls == 6 * CALLS
    by_seat = {seat.seat: seat for seat in found.models}
    proposer = by_seat["proposer-1"]
    assert proposer.cost == pytest.approx((proposer.prompt_tokens + 10 * proposer.reply_tokens) / 1e6)
    assert by_seat["judge-1"].cost is None
    result = run(config(debate=panel(server, models=prices)))
    assert len(server.questions) == found.model_calls
    characters = sum(len(q.system) + len(q.user) for q in server.questions)
    assert characters / 4 / 2 < sum(seat.prompt_tokens for seat in found.models) < characters / 4 * 2
    said = litelong("plan", result.path / "config.yaml")
    assert "about 6 calls" in said.out
    assert "no price is configured" in said.out


def test_a_budget_stops_the_run_and_a_larger_one_goes_on_with_it(
    config_file: Callable[..., Path], serve: Callable[..., ChatServer], litelong: Callable[..., Any], tmp_path: Path
) -> None:
    server = serve()
    file = config_file(debate=panel(server, concurrency=2, budget={"tokens": 1_100}))
    stopped = litelong("run", file)
    assert stopped.status == 2
    assert "debate.budget.tokens: 1,100 of 1,100 are spent" in stopped.err
    assert "--set debate.budget.tokens=" in stopped.err
    # 110 tokens a call: the tenth reaches the budget; at most one more was in flight.
    assert len(server.questions) in {10, 11}
    assert usage(tmp_path / "run")["models"]["proposer-1"]["calls"] > 0
    assert litelong("run", file).status == 2
    assert len(server.questions) in {10, 11}
    assert litelong("run", file, "--set", "debate.budget.tokens=100000").status == 0
    assert len(server.questions) == distinct(server) == 6 * CALLS
    assert ledger(tmp_path / "run")["calls"] == 6 * CALLS


def test_replies_that_cannot_be_read_and_categories_that_fail_are_in_the_ledger(
    config_file: Callable[..., Path], serve: Callable[..., ChatServer], litelong: Callable[..., Any], tmp_path: Path
) -> None:
    def answer(question: Question) -> str | Said:
        if question.body["model"] == "beta" and "Chess" in question.user:
            return "I would rather play."
        if "Birds" in question.user and question.body["model"] == "gamma":
            return Said("this prompt is not for me", status=400)
        return reply(question)

    server = serve(answer)
    file = config_file(debate=panel(server))
    assert "Birds" in litelong("run", file).err
    assert litelong("run", file, "--allow-failed").status == 0
    calls = ledger(tmp_path / "run")
    # beta proposes and criticises: of Chess, both its replies stay unreadable after one repair turn each.
    assert (calls["repairs"], calls["unreadable"], calls["failed_categories"]) == (2, 2, 1)
    assert calls["calls"] == 6 * CALLS + 2 - 1
    models = usage(tmp_path / "run")["models"]
    assert models["judge-1"]["failed"] == 2
    assert models["proposer-2"]["unreadable"] == 1


def test_a_wrong_key_stops_the_run_in_one_line_and_keeps_it(
    config_file: Callable[..., Path], serve: Callable[..., ChatServer], litelong: Callable[..., Any], tmp_path: Path
) -> None:
    server = serve(lambda question: reply(question) if question.number < 8 else Said("no such key", status=401))
    stopped = litelong("run", config_file(debate=panel(server, concurrency=1)))
    assert stopped.status == 2
    assert "refused: " in stopped.err
    assert "no such key" in stopped.err
    assert stopped.err.count("\n") == 1
    assert len(server.questions) == 8  # not one more call after it
    assert sum(seat["calls"] for seat in usage(tmp_path / "run")["models"].values()) == 7


@pytest.mark.parametrize(
    ("debate", "words"),
    [
        ({"models": {"openai:alpha@http://x/v1": {}}}, ("debate.models", "openai:alpha", "did you mean")),
        ({"budget": {"cost": 1.0}}, ("debate.budget.cost", "price_in")),
        ({"replies": "nowhere"}, ("debate.replies", "nowhere", "replies.sqlite")),
        ({"judges": [{"role": "judge", "model": "groq:llama"}]}, ("judge-1", "pip install langchain-groq")),
        ({"judges": [{"role": "judge", "model": "openai:gpt-4o"}]}, ("judge-1", "OPENAI_API_KEY")),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_is_missing_is_said_before_anything_is_written(
    refuses: Callable[..., None], serve: Callable[..., ChatServer], debate: dict[str, Any], words: tuple[str, ...]
) -> None:
    server = serve()
    refuses({f"debate.{key}": value for key, value in panel(server, **debate).items()}, *words)
    assert server.questions == []


def test_limits_prices_and_the_budget_do_not_make_it_another_run(
    config: Callable[..., Any], serve: Callable[..., ChatServer]
) -> None:
    server = serve()
    name = f"openai:gamma@{server.base_url}"
    plain = config(debate=panel(server))
    same = config(
        debate=panel(
            server, concurrency=3, budget={"cost": 3.0}, models={name: {"price_in": 1, "retries": 9, "key_env": "K"}}
        )
    )
    other = config(debate=panel(server, models={name: {"max_tokens": 9}}))
    assert plain.fingerprint() == same.fingerprint() != other.fingerprint()
    assert load_config(plain.model_dump(mode="json")).fingerprint() == plain.fingerprint()


def test_a_finished_run_is_packed_anew_and_looked_into_without_its_models_or_their_key(
    config: Callable[..., Any],
    two: dict[str, Any],
    litelong: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever gets a run has no key for the models that found its topics, and their server is gone."""
    monkeypatch.setenv("A_KEY", "sk-of-somebody")
    with ChatServer(reply) as server:
        debate = panel(server)
        keys = {seat["model"]: {"key_env": "A_KEY"} for seat in debate["proposers"] + debate["judges"]}
        path = run(config("first", taxonomy=two, debate={**debate, "models": keys})).path
        questions = len(server.questions)
        assert litelong("repack", path, "--context-length", 512, "--out", tmp_path / "alive").status == 0
        assert len(server.questions) == questions > 0
    monkeypatch.delenv("A_KEY")
    changes: tuple[list[object], ...] = (
        ["--context-length", 512],
        ["--context-length", 1400],  # searches again
        ["--recipe", "litelong+nextlong"],
        ["--recipe", "standard"],
    )
    for number, change in enumerate(changes):
        answer = litelong("repack", path, *change, "--out", tmp_path / str(number))
        assert answer.status == 0, answer.err
        assert litelong("validate", tmp_path / str(number)).status == 0
    assert litelong("validate", path).status == 0
    assert litelong("inspect", path).status == 0
    # A run that would have to ask says what is missing.
    answer = litelong("run", path / "config.yaml", "--out", tmp_path / "again")
    assert answer.status == 2
    assert "A_KEY is not set" in answer.err
