"""From text to words: one function for documents and queries."""

from tools.search import words


def test_words_are_folded_and_long_runs_are_cut_not_dropped() -> None:
    assert words("Müller’s CAFÉ, Straße; Øresund İstanbul") == words("muller's cafe, strasse; oresund istanbul")
    assert words("e\u0301te\u0301") == words("ÉTÉ") == ["ete"]
    assert "".join(words("x" * 200)) == "x" * 200
