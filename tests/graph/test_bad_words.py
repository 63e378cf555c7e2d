"""Words that make no command: one line that says which command, what is wrong and what to do, and exit status 2."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from graph.answering import answering
from graph.cli import app

Litelong = Callable[..., Any]
Refused = Callable[..., None]


def commands(group: Any, *before: str) -> Iterator[tuple[str, ...]]:
    """Every command by the words that call it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, *before, name)
        else:
            yield (*before, name)


COMMANDS = list(commands(get_command(app)))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_refuses_words_that_it_does_not_know(
    command: tuple[str, ...], litelong: Litelong, refused: Refused
) -> None:
    named = " ".join(command)
    refused(
        litelong(*command, "--colour"),
        f"litelong: {named}: no such option: --colour",
        f"; `litelong {named} --help` says what it takes",
    )
    refused(litelong(*command, ""), "an argument: is empty; give it a value, or leave it out")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("run", "run: missing argument 'CONFIG'; `litelong run --help` says what it takes"),
        ("demo fast", "demo: got unexpected extra argument(s) (fast); `litelong demo --help` says what it takes"),
        ("index demo", "index: missing option '--out'; "),
        (
            "search DIR bread -k 0",
            "search: invalid value for '-k': Input should be greater than or equal to 1, got '0'; ",
        ),
        ("search DIR bread -k -3", "equal to 1, got '-3'"),
        ("search DIR bread -k 1.5", "search: invalid value for '-k': Input should be a valid integer"),
        ("search DIR bread -k", "search: option '-k' requires an argument; `litelong search --help`"),
        ("index DIR --out o --k1 much", "index: invalid value for '--k1': Input should be a valid number"),
        ("repack DIR --out o --context-length x", "repack: invalid value for '--context-length': "),
        ("taxonomy show --depth -1", "taxonomy show: invalid value for '--depth': "),
        ("run c.yaml --allow-failed=3", "run: option '--allow-failed' does not take a value; "),
        ("report DIR --out=", "--out: is empty; give it a value, or leave it out"),
        ("--colour", "litelong: no such option: --colour; `litelong --help` says what it takes"),
        ("serch DIR bread", "litelong: no command 'serch'; did you mean 'search'?"),
        ("xyzzy", "litelong: no command 'xyzzy'; there are: demo, init, plan, "),
        ("taxonomy xyzzy", "taxonomy: no command 'xyzzy'; there are: import, show, stats, export"),
    ],
)
def test_what_is_wrong_with_them(words: str, said: str, litelong: Litelong, refused: Refused) -> None:
    refused(litelong(*words.split()), said)


def test_an_empty_option_is_not_the_current_folder(
    litelong: Litelong, refused: Refused, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of `--out "$UNSET"` in a script."""
    monkeypatch.chdir(tmp_path)
    refused(litelong("index", "demo", "--out", ""), "--out: is empty; give it a value, or leave it out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [(), ("taxonomy",)], ids=["litelong", "taxonomy"])
def test_without_a_word_the_commands_are_listed(words: tuple[str, ...], litelong: Litelong) -> None:
    answer = litelong(*words)
    assert (answer.status, answer.out) == (2, "")
    assert answer.err == litelong(*words, "--help").out


@pytest.mark.skipif(not Path("/sys").is_dir(), reason="/sys is Linux's, where not even root may make a folder")
def test_a_place_that_nobody_may_write_in(capsys: pytest.CaptureFixture[str]) -> None:
    """Most commands say it in words of their own; what none foresaw is no traceback either."""
    with pytest.raises(typer.Exit) as left, answering("; goes on"):
        Path("/sys/run").mkdir()
    assert left.value.exit_code == 2
    said = capsys.readouterr().err
    assert said.startswith("litelong: /sys/run: ")
    assert said.endswith("; change its permissions, or name another place; goes on\n")
