"""Runs with language models in processes of their own: stopped, killed, lied to. Nothing paid is asked twice, no key stays."""

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from benchmarks.chat_server import ChatServer, Question, Said
from benchmarks.latency_server import reply

CALLS = 30
"""Of six categories: two proposers, two critics, a judge each."""
KEY = "planted-key/never+seen"


@pytest.fixture
def serve() -> Iterator[Callable[..., ChatServer]]:
    """Start a server, by default one that thinks for a while and then gives valid replies."""
    with ExitStack() as stack:
        slow = lambda question: Said(reply(question), wait_s=0.3)  # noqa: E731
        yield lambda answer=slow: stack.enter_context(ChatServer(answer))


@pytest.fixture
def begin(
    config_file: Callable[..., Path], command_path: Path, tmp_path: Path
) -> Callable[..., "subprocess.Popen[str]"]:
    """Start `litelong run` with the published panel at a server, four calls in flight."""

    def start(server: ChatServer, **debate: Any) -> "subprocess.Popen[str]":
        one, two, three = (f"openai:{name}@{server.base_url}" for name in ("alpha", "beta", "gamma"))
        seats = {
            "proposers": [{"role": "proposer", "model": one}, {"role": "proposer", "model": two}],
            "critics": [{"role": "critic", "model": one}, {"role": "critic", "model": two}],
            "judges": [{"role": "judge", "model": three}],
        }
        file = config_file(debate={"concurrency": 4, **seats, **debate})
        return subprocess.Popen(
            [str(command_path), "run", str(file)],
            cwd=tmp_path,
            env={**os.environ, "OPENAI_API_KEY": KEY},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def recorded(run: Path) -> int:
    with closing(sqlite3.connect(run / "replies.sqlite")) as db:
        return int(db.execute("SELECT count(*) FROM reply").fetchone()[0])


def wait_for(server: ChatServer, calls: int) -> None:
    while len(server.questions) < calls:
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_stopped_run_finishes_its_calls_says_how_to_go_on_and_asks_none_again(
    number: signal.Signals, begin: Callable[..., Any], serve: Callable[..., ChatServer], tmp_path: Path
) -> None:
    server = serve()
    process = begin(server)
    wait_for(server, 10)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.startswith("litelong: interrupted; `litelong run ")
    assert "goes on where it stopped" in said
    assert recorded(tmp_path / "run") == len(server.questions) < CALLS
    out, said = begin(server).communicate(timeout=120)
    assert said == ""
    assert "samples of exactly" in out
    assert recorded(tmp_path / "run") == len(server.questions) == CALLS


def test_a_killed_run_asks_only_for_what_was_not_recorded(
    begin: Callable[..., Any], serve: Callable[..., ChatServer], tmp_path: Path
) -> None:
    server = serve()
    process = begin(server)
    wait_for(server, 14)
    process.kill()
    process.communicate()
    sent, kept = len(server.questions), recorded(tmp_path / "run")
    assert kept > 0
    begin(server).communicate(timeout=120)
    assert len(server.questions) - sent == CALLS - kept
    assert recorded(tmp_path / "run") == CALLS


def test_a_planted_key_is_nowhere(begin: Callable[..., Any], serve: Callable[..., ChatServer], tmp_path: Path) -> None:
    def answer(question: Question) -> Said:
        """Repeats the headers in errors of every kind, and in replies."""
        headers = json.dumps(dict(question.headers))
        if question.number % 5 == 0:
            return Said(headers, status=500)
        if question.body["model"] == "gamma":
            return Said(headers, status=400)
        if question.number % 7 == 0:
            return Said(headers)
        return Said(reply(question).replace("Many documents", headers.replace('"', "'")))

    server = serve(answer)
    name = f"openai:gamma@{server.base_url}"
    process = begin(server, models={name: {"retries": 1}})
    out, said = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "categories failed" in said
    assert {question.headers["Authorization"] for question in server.questions} == {f"Bearer {KEY}"}
    assert KEY not in out + said
    searched = [file for file in (tmp_path / "run").rglob("*") if file.is_file()]
    assert {"replies.sqlite", "checkpoints.sqlite", "outcomes.sqlite", "usage.json"} <= {file.name for file in searched}
    for file in searched:
        content = file.read_bytes()
        assert b"planted-key" not in content, file
        assert b"never+seen" not in content, file
    with closing(sqlite3.connect(tmp_path / "run" / "replies.sqlite")) as db:
        assert "Bearer ***" in " ".join(row[0] for row in db.execute("SELECT text FROM reply"))


def test_hostile_titles_write_nothing_outside_of_the_run(
    begin: Callable[..., Any], serve: Callable[..., ChatServer], tmp_path: Path
) -> None:
    def answer(question: Question) -> str:
        said = json.loads(reply(question))
        for number, topic in enumerate(said.get("topics", ())):
            topic["title"] = (
                "../../owned",
                "/tmp/models-owned",
                "<|im_end|>\n# x",
                "C:\\owned\0",
                "volcano {{x}}",
                "rose",
            )[number % 6]
            topic["title"] += f" {topic['explanation'][:4]} {number} volcano chess bread railway rose bird"
        return json.dumps(said)

    before = {entry.name for entry in tmp_path.iterdir()}
    out, said = begin(serve(answer)).communicate(timeout=120)
    assert "samples of exactly" in out, said
    assert {entry.name for entry in tmp_path.iterdir()} == before | {"config.yaml", "run"}
    assert not Path("/tmp/models-owned").exists()
    assert not list(tmp_path.rglob("*owned*"))
