"""Reading replies as models write them."""

import pytest
from pydantic import BaseModel, ConfigDict, field_validator

from agents.chat.structured import read_reply


class Pick(BaseModel):
    """What is asked for."""

    model_config = ConfigDict(extra="forbid")

    ids: list[str]
    note: str = ""


@pytest.mark.parametrize(
    "text",
    [
        '{"ids": ["a", "b"]}',
        'Here you are:\n```json\n{"ids": ["a", "b"]}\n```\nAnything else?',
        '<think>{"ids": 1}? or {} ... no</think>{"ids": ["a", "b"]}',
        'For {a set} like {"x": 1} I say {"ids": ["a", "b"], "note": "line\nbreak"} (see {above})',
        '\ufeff{"ids": ["a", "b"], "note": "回答 <|im_end|>"}',
    ],
)
def test_the_object_is_found_in_what_stands_around_it(text: str) -> None:
    value, problem = read_reply(text, Pick)
    assert value is not None
    assert (value.ids, problem) == (["a", "b"], None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("I cannot help with that.", "no JSON object"),
        ('{"ids": ["a", "b"', "no JSON object"),
        ('{"ids": "a"}', "ids: Input should be a valid list"),
        ('{"ids": [1, NaN]}', "no JSON object"),
        ('{"ids": [], "path": "/etc/passwd"}', "path: Extra inputs"),
        ("{" * 200_000, "no JSON object"),
        ('{"ids":' + "[" * 200_000, "no JSON object"),
        ('{"ids": ["a"]}' + "x" * 1_000_000, "more than 1,000,000"),
        ('{"ids": [' + "9" * 10_000 + "]}", "no JSON object"),
    ],
)
def test_what_cannot_be_read_says_why(text: str, words: str) -> None:
    value, problem = read_reply(text, Pick)
    assert value is None
    assert problem is not None
    assert words in problem
    assert len(problem) < 1_000


@pytest.mark.parametrize(
    ("written", "read"), [("\\ud800 a", "\ufffd a"), ("\\ud83d\\ude00", "😀"), ("a\\u0000", "a\0")]
)
def test_every_string_read_can_be_written_to_a_file(written: str, read: str) -> None:
    value, _ = read_reply(f'{{"ids": ["{written}"]}}', Pick)
    assert value is not None
    assert value.ids == [read]
    value.ids[0].encode("utf-8")


class Careless(BaseModel):
    """A shape whose author did not think of dictionaries."""

    word: str

    @field_validator("word", mode="before")
    @classmethod
    def _known(cls, value: object) -> object:
        return value if value in {"yes", "no"} else "no"


def test_a_validator_that_breaks_is_a_problem_of_the_reply() -> None:
    assert read_reply('{"word": {}}', Careless) == (None, "the JSON object could not be checked (TypeError)")
