"""Prompts: which text a seat gives, what a file of one's own must hold, and that what fills a slot stays what it is."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.prompts import NEEDED, SLOTS, check, fill, load_prompt, names, split
from litelong import UsageError


def test_the_prompts_that_are_here_have_all_their_slots() -> None:
    assert set(names()) >= {"critic", "judge", "lookup", "proposer", "reflect"}
    parts = {name: load_prompt(name, None, "here") for name in names()}
    for name, own in parts.items():
        check(own, name)
    assert set().union(*parts.values()) == set(NEEDED), "every part is in some prompt"


def test_a_text_without_parts_is_the_system_part_and_the_task_stays() -> None:
    parts = load_prompt("critic", "You are a strict critic.", "critic-1.prompt")
    assert parts["system"] == "You are a strict critic."
    assert parts["criticise"] == load_prompt("critic", None, "critic-1.prompt")["criticise"]


def test_parts_of_a_file_stand_in_for_the_roles_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.md"
    file.write_text("# criticise\nOf {{category}}:\n# Heading of my own\n{{topics}}\n")
    parts = load_prompt("critic", str(file), "critic-1.prompt")
    assert parts["criticise"] == "Of {{category}}:\n# Heading of my own\n{{topics}}"
    assert parts["system"] == load_prompt("critic", None, "critic-1.prompt")["system"]


def test_a_prompt_by_name() -> None:
    assert load_prompt("critic", "reflect", "critic-1.prompt")["system"].startswith("You wrote")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# criticise\nJudge them.\n", r"^critic-1\.prompt: the prompt: part '# criticise' lacks \{\{topics\}\}"),
        ("# criticise\n{{topics}} {{topiks}}\n", r"unknown slot \{\{topiks\}\}; did you mean \{\{topics\}\}\?"),
        ("# system\n\n# criticise\n{{topics}}", "part '# system' is empty"),
        ("critik", r"unknown prompt 'critik'; did you mean 'critic'\? there are: critic, "),
        ("no/such/file.md", r"no/such/file\.md cannot be read \(No such file or directory\)"),
    ],
)
def test_a_prompt_that_cannot_be_used_is_one_clear_line(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        load_prompt("critic", text, "critic-1.prompt")
    assert "\n" not in str(caught.value)


@given(st.dictionaries(st.sampled_from(sorted(SLOTS)), st.text() | st.just("{{topics}}")))
def test_what_fills_a_slot_is_never_read_as_a_template(values: dict[str, str]) -> None:
    order = sorted(SLOTS)
    template = "|".join(f"{{{{{slot}}}}}" for slot in order)
    assert fill(template, values) == "|".join(values.get(slot, "") for slot in order)


@given(st.text())
def test_any_text_splits_into_known_parts(text: str) -> None:
    assert set(split(text)) <= set(NEEDED)
