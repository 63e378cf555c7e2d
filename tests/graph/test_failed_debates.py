"""A debate that fails stops no other one: its category becomes a dead letter, is retried, or is left out when asked."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from agents.lexical import LexicalCritic, Thresholds
from agents.library import Library
from agents.messages import Brief, Candidate, Critique, Seat
from agents.roles import role
from graph import Config, run
from graph.outcomes import DeadLetter, Outcomes
from litelong import UsageError

BIRDS = "NATURE / Wildlife / Birds"


class Moody(LexicalCritic):
    """A lexical critic that raises `fault` when a category is debated that it cannot stand."""

    faults: dict[str, Exception] = {}  # noqa: RUF012 - the tests set it

    async def criticise(self, brief: Brief, candidates: Sequence[Candidate]) -> list[Critique]:
        if brief.category in self.faults:
            raise self.faults[brief.category]
        return await super().criticise(brief, candidates)


@role("moody", kind="critic", model="lexical")
def moody(seat: Seat, library: Library) -> Moody:
    return Moody(seat.name, library, Thresholds())


@pytest.fixture
def faults() -> Iterator[dict[str, Exception]]:
    """What the critic raises, by category."""
    Moody.faults = {}
    yield Moody.faults
    Moody.faults = {}


@pytest.fixture
def with_moody(config: Callable[..., Config]) -> Config:
    return config(debate={"critics": [{"role": "moody"}]})


def outcomes(path: Path) -> tuple[set[str], list[DeadLetter]]:
    store = Outcomes(path / "debates" / "outcomes.sqlite")
    try:
        return store.done(), store.dead()
    finally:
        store.close()


def test_the_category_is_named_and_the_others_are_done(
    with_moody: Config, faults: dict[str, Exception], categories: Sequence[str]
) -> None:
    faults[BIRDS] = RuntimeError("the model is out of its mind")
    with pytest.raises(UsageError, match=f"{BIRDS}: RuntimeError: the model is out of its mind; run again to retry"):
        run(with_moody)
    done, dead = outcomes(with_moody.out)
    assert done == set(categories) - {BIRDS}
    assert dead == [DeadLetter(BIRDS, "RuntimeError: the model is out of its mind")]
    assert not (with_moody.out / "samples").exists()


def test_running_again_retries_it_and_ends_as_if_nothing_had_been(
    with_moody: Config, faults: dict[str, Exception], finished: Path
) -> None:
    faults[BIRDS] = ValueError("no")
    with pytest.raises(UsageError):
        run(with_moody)
    del faults[BIRDS]
    result = run(with_moody)
    assert result.failed == 0
    assert (result.path / "topics.jsonl").read_bytes() == (finished / "topics.jsonl").read_bytes()
    assert (result.path / "ledger.json").read_bytes() == (finished / "ledger.json").read_bytes()


def test_a_category_that_fails_again_is_still_a_dead_letter(with_moody: Config, faults: dict[str, Exception]) -> None:
    faults[BIRDS] = ValueError("first")
    with pytest.raises(UsageError, match="first"):
        run(with_moody)
    faults[BIRDS] = ValueError("second")
    with pytest.raises(UsageError, match="second"):
        run(with_moody)
    assert outcomes(with_moody.out)[1] == [DeadLetter(BIRDS, "ValueError: second")]


def test_allow_failed_packs_without_it_and_the_manifest_says_so(
    with_moody: Config, faults: dict[str, Exception], litelong: Callable[..., Any]
) -> None:
    faults[BIRDS] = ValueError("no")
    result = run(with_moody, allow_failed=True)
    assert result.failed == 1
    assert result.samples > 0
    stage = orjson.loads((result.path / "manifest.json").read_bytes())["stages"]["debate"]
    assert stage["counts"]["failed"] == [{"category": BIRDS, "reason": "ValueError: no"}]
    topics = (result.path / "topics.jsonl").read_text()
    assert BIRDS not in topics
    assert litelong("validate", result.path).status == 0


def test_the_command_says_it_in_one_line(
    config_file: Callable[..., Path], faults: dict[str, Exception], litelong: Callable[..., Any], tmp_path: Path
) -> None:
    faults.update(
        {BIRDS: ValueError("line one\nline two"), "COOKING / Bread, Cakes and Pastry": ValueError("x" * 9000)}
    )
    path = config_file(debate={"critics": [{"role": "moody"}]})
    answer = litelong("run", path)
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.count("\n") == 1
    assert "2 categories failed, the first: COOKING / Bread, Cakes and Pastry: ValueError: xxx" in answer.err
    assert "--allow-failed" in answer.err
    answer = litelong("run", path, "--allow-failed")
    assert (answer.status, answer.err) == (0, "")
    assert "2 categories failed and were left out (--allow-failed)" in answer.out


def test_what_only_the_user_can_put_right_stops_the_run(with_moody: Config, faults: dict[str, Exception]) -> None:
    """A `UsageError` in a debate, such as a corpus that changes meanwhile, would fail every other debate, too."""
    faults[BIRDS] = UsageError("birds.txt changed since it was indexed: build the index again")
    with pytest.raises(UsageError, match=r"^birds\.txt changed since it was indexed"):
        run(with_moody)
    assert not with_moody.out.exists()


def test_an_internal_error_of_a_stage_is_not_dressed_up(
    with_moody: Config, litelong: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit status 1 and a traceback are for bugs; the run is kept, to be looked into and gone on with."""
    from graph.stages import retrieve

    def broken(_context: object) -> None:
        raise ZeroDivisionError("a bug")

    with monkeypatch.context() as patched:
        patched.setattr(retrieve, "run", broken)
        with pytest.raises(ZeroDivisionError):
            run(with_moody)
    assert run(with_moody).samples > 0
