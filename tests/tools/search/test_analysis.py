"""From text to words: one function for documents and queries."""

from tools.search import Query, QueryPart, Terms, WeightedWord, words
from tools.search.analysis import weighted_words


def test_words_are_folded_and_long_runs_are_cut_not_dropped() -> None:
    assert words("Müller’s CAFÉ, Straße; Øresund İstanbul") == words("muller's cafe, strasse; oresund istanbul")
    assert words("e\u0301te\u0301") == words("ÉTÉ") == ["ete"]
    assert "".join(words("x" * 200)) == "x" * 200


def test_without_analysis_words_are_as_they_are_in_lower_case() -> None:
    assert words("The Whales were SWIMMING, über-schöne Straße", "none") == [
        *("the", "whales", "were", "swimming"),
        *("über", "schöne", "straße"),
    ]
    assert words("e\u0301te\u0301", "none") == words("ÉTÉ", "none") == ["été"]


def test_without_analysis_vowel_signs_stay_in_their_words() -> None:
    assert words("हिन्दी भाषा", "none") == ["हिन्दी", "भाषा"]
    assert "".join(words("ж" * 200, "none")) == "ж" * 200


def test_words_are_weighted_and_added_up_in_alphabetical_order() -> None:
    query = Query((QueryPart("whales ship", 2.0), QueryPart("whale")))
    assert weighted_words(query) == [WeightedWord("ship", 2.0), WeightedWord("whale", 3.0)]
    assert weighted_words("Die Wale", "none") == [WeightedWord("die", 1.0), WeightedWord("wale", 1.0)]
    # Analysed already: "universities" would become another word.
    assert weighted_words(Terms((WeightedWord("univers", 0.5), WeightedWord("univers")))) == [
        WeightedWord("univers", 1.5)
    ]
