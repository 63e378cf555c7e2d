"""The `debate` section and the presets: what a panel's YAML says, and what is refused before anything is spent."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graph.config import load_config
from graph.parts import prepare
from graph.presets import PRESETS
from litelong import UsageError

MINIMAL: dict[str, Any] = {"corpus": {"path": "demo"}}
CHAT = "openai:Qwen2.5-7B-Instruct@http://localhost:1/v1"


def debate(**section: Any) -> Any:
    return load_config({**MINIMAL, "debate": section}).debate


def test_a_seat_has_the_published_settings_unless_it_says_otherwise() -> None:
    seats = debate(critics=[{"role": "critic", "model": CHAT}, {"role": "critic", "model": CHAT, "top_p": 0.5}]).seats()
    critics = [seat for seat in seats if seat.kind == "critic"]
    assert [(seat.name, seat.temperature, seat.top_p) for seat in critics] == [
        ("critic-1", 0.6, 0.95),
        ("critic-2", 0.6, 0.5),
    ]


@pytest.mark.parametrize(
    ("protocol", "kinds"),
    [
        ("litelong", ["proposer-1", "proposer-2", "guest-1", "critic-1", "judge-1"]),
        ("vote", ["proposer-1", "proposer-2", "guest-1", "critic-1"]),
        ("single", ["proposer-1"]),
        ("reflect", ["proposer-1", "proposer-2", "critic-1", "critic-2"]),
    ],
)
def test_only_those_sit_that_speak_under_the_protocol(protocol: str, kinds: list[str]) -> None:
    section = debate(protocol=protocol, proposers=[{"role": "proposer"}] * 2, guests=[{"role": "g"}])
    assert [seat.name for seat in section.seats()] == kinds


def test_rounds_are_the_protocols_own_unless_given() -> None:
    assert debate().rules(0).rounds == 1
    assert debate(protocol="multi_round").rules(0).rounds == 4
    assert debate(protocol="multi_round", rounds=2).rules(0).rounds == 2


def test_the_papers_preset_stands_below_what_the_configuration_says() -> None:
    paper = load_config({**MINIMAL, "preset": "litelong-paper"})
    assert (paper.packing.order, paper.packing.samples_per_topic, paper.retrieve.query) == ("shuffle", 4, "bare")
    assert paper.debate.rules(0).anonymous is False
    assert paper.debate.rules(0).evidence == ("guest",)
    assert {(seat.temperature, seat.top_p) for seat in paper.debate.seats()} == {(0.6, 0.95)}
    own = load_config(
        {**MINIMAL, "preset": "litelong-paper", "packing": {"samples_per_topic": 2}}, ["debate.judging.twice=true"]
    )
    assert (own.packing.samples_per_topic, own.packing.order) == (2, "shuffle")
    assert (own.debate.judging.twice, own.debate.judging.anonymous) == (True, False)


def test_a_preset_resolved_loads_again_as_it_is(tmp_path: Path) -> None:
    paper = load_config({**MINIMAL, "preset": "litelong-paper", "packing": {"order": "rank"}})
    (tmp_path / "config.yaml").write_text(paper.to_yaml(), encoding="utf-8")
    assert load_config(tmp_path / "config.yaml").fingerprint() == paper.fingerprint()


def test_an_unknown_preset_says_which_there_are() -> None:
    with pytest.raises(UsageError, match=f"preset: .*{next(iter(PRESETS))}"):
        load_config({**MINIMAL, "preset": "paper"})


def test_a_prompts_file_is_read_into_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the run knows what it was asked by, and another text is another run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "strict.md").write_text("You are strict.")

    def loaded() -> Any:
        return load_config(
            {**MINIMAL, "debate": {"critics": [{"role": "critic", "model": CHAT, "prompt": "strict.md"}]}}
        )

    before = loaded()
    assert before.debate.critics[0].prompt == "You are strict.\n"
    (tmp_path / "strict.md").write_text("You are lenient.")
    assert loaded().fingerprint() != before.fingerprint()


@pytest.mark.parametrize(
    ("seat", "said"),
    [
        ({"prompt": "no/such.md"}, r"^debate\.critics\.0\.prompt: prompt no/such\.md cannot be read"),
        ({"prompt": "crtic"}, r"^debate\.critics\.0\.prompt: unknown prompt 'crtic'; did you mean 'critic'"),
        ({"prompt": "# criticise\nall of them"}, r"lacks \{\{topics\}\}"),
        ({"temperature": -1}, r"debate\.critics\.0\.temperature"),
        ({"top_p": 0}, r"debate\.critics\.0\.top_p"),
        ({"topp": 0.5}, r"debate\.critics\.0\.topp: unknown key; did you mean 'top_p'"),
    ],
)
def test_a_seat_that_cannot_be_used_is_refused_in_one_line(seat: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        prepare(load_config({**MINIMAL, "debate": {"critics": [{"role": "critic", "model": CHAT, **seat}]}}))
    assert "\n" not in str(caught.value)


def test_a_bad_prompt_leaves_nothing_behind(refuses: Callable[..., None]) -> None:
    refuses(
        {"debate.critics": [{"role": "critic", "prompt": "# criticise\nno slot"}]}, "debate.critics.0.prompt", "topics"
    )


@pytest.mark.parametrize("key", ["engine", "protocol", "retention"])
def test_an_unknown_value_says_which_there_are(key: str) -> None:
    with pytest.raises(UsageError, match=rf"debate\.{key}: .*'"):
        debate(**{key: "another"})
