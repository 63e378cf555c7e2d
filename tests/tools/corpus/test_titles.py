"""Titles made from texts: the first line that says something, without marks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.corpus.titles import clip, title_of


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("\n\n  # Sea *ice*  and `snow` #\nmore", "Sea ice and snow"),
        ("---\n\nTitle after a rule", "Title after a rule"),
        ("> - **Bold** [link](http://x.y) ![pic](p.png)", "Bold link pic"),
        ("<h1>A &amp; B</h1>", "A & B"),
        ("snake_case_name and 2 * 3 * 4", "snake_case_name and 2 * 3 * 4"),
        ("_Emphasis_ here", "Emphasis here"),
        ("#hashtag", "#hashtag"),
        ("C# and F#", "C# and F#"),
        ("***", "***"),
        ("word " * 100, ("word " * 24).strip()),
    ],
)
def test_the_first_line_without_marks(text: str, title: str) -> None:
    assert title_of(text) == title


@given(st.text())
def test_a_title_is_one_short_line(text: str) -> None:
    title = title_of(text)
    assert len(title) <= 120
    assert title == clip(title)
    assert bool(title) == bool(text.strip("\r\n").strip())
    title.encode()
