"""Snippets: a readable piece of the text around the query's words, and where in it they stand."""

from hypothesis import given
from hypothesis import strategies as st

from tools.search.snippets import snippet

FILLER = "nothing of interest is said here at all "


def test_the_piece_with_most_of_the_query_is_shown_and_its_words_are_marked() -> None:
    text = f"Whale. {FILLER * 20}The blue whales'\n\tmigration follows krill. {FILLER * 20}A whale again."
    shown = snippet(text, "whale migrations krill")
    assert [shown.text[a:b] for a, b in shown.marks] == ["whales", "migration", "krill"]
    assert "The blue whales' migration follows krill." in shown.text
    assert shown.text.startswith("… ")
    assert shown.text.endswith(" …")


def test_a_rare_word_is_worth_more_than_two_common_ones() -> None:
    text = f"the sea and the north {FILLER * 20} a coelacanth {FILLER * 20}"
    weights = {"sea": 0.1, "north": 0.1, "coelacanth": 1.0}
    assert "coelacanth" in snippet(text, "sea north coelacanth", weights.__getitem__).text
    assert "coelacanth" not in snippet(text, "sea north coelacanth").text


def test_without_a_match_the_text_begins() -> None:
    assert snippet("A short text.\nOf two lines.", "whale") == ("A short text. Of two lines.", ())
    long = snippet(FILLER * 20, "whale", width=50)
    assert (long.text, long.marks) == ("nothing of interest is said here at all nothing of …", ())
    assert snippet("", "whale") == ("", ())


@given(
    text=st.text(st.sampled_from("ab \n\u0301é.\u202e\x1b"), max_size=300),
    query=st.text(st.sampled_from("ab é"), max_size=6),
    width=st.integers(1, 40),
)
def test_any_text_gives_one_line_with_marks_inside_it(text: str, query: str, width: int) -> None:
    shown = snippet(text, query, width=width)
    assert len(shown.text) <= width + 4
    assert "\n" not in shown.text
    ends = [place for mark in shown.marks for place in mark]
    assert ends == sorted(ends)
    assert all(0 <= place <= len(shown.text) for place in ends)
