"""Taking literals apart: the quirks of the list that people bring. The subjects are made up."""

import pytest

from taxonomy.literals import MAX_LITERAL, LiteralError, clean, is_bisac, parse_literal, reference, under_heading


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("ZOO\xa0/ Bears", ("ZOO", "Bears")),
        ("ZOO\xa0/\xa0Bears /\u2009Polar", ("ZOO", "Bears", "Polar")),
        ("ZOO / Bears *", ("ZOO", "Bears")),
        ("ZOO / Bears\xa0*", ("ZOO", "Bears")),
        ("ZOO / Bears (see also ICE / Floes) *", ("ZOO", "Bears")),
        ("ZOO / Bears * (see also ICE / Floes)", ("ZOO", "Bears")),
        ("ZOO / Search with A*", ("ZOO", "Search with A*")),
        ("ZOO / Bears (incl. Pandas) *", ("ZOO", "Bears (incl. Pandas)")),
        ("ZOO/ Bears /Polar", ("ZOO", "Bears", "Polar")),
        ("ZOO / Cats/Dogs", ("ZOO", "Cats-Dogs")),
        ("ZOO / Zoo / Zoo", ("ZOO", "Zoo", "Zoo")),
        ("ZOO /  / Bears / ", ("ZOO", "Bears")),
        ("ZOO / Be\u00adars\u200b", ("ZOO", "Bears")),
        ("ZOO / How to See Bears", ("ZOO", "How to See Bears")),
        ("ZOO / Cafe\u0301s", ("ZOO", "Caf\xe9s")),
    ],
)
def test_names(text: str, names: tuple[str, ...]) -> None:
    assert parse_literal(text).names == names


@pytest.mark.parametrize(
    ("text", "also"),
    [
        ("ZOO / Bears (see also\xa0ICE\xa0/ Floes)", ("ICE / Floes",)),
        ("ZOO / Bears (See Also Floes)", ("Floes",)),
        ("ZOO / Bears (see also Wars (1850-1877))", ("Wars (1850-1877)",)),
        ("ZOO / Bears (see also headings under Floes or Ice)", ("headings under Floes or Ice",)),
        ("ZOO / Bears (see also A) (see also B)", ("A", "B")),
        ("ZOO / Bears (see also A", ("A",)),
        ("ZOO / Bears [see also A]", ("A",)),
        ("ZOO / Bears see also A *", ("A",)),
        ("ZOO / Bears; see also A or B", ("A or B",)),
        ("ZOO / Bears (see also )", ()),
        ("ZOO / Bears (see also Wars) / Polar", ("Wars",)),
    ],
)
def test_see_also_is_taken_out_of_the_name(text: str, also: tuple[str, ...]) -> None:
    literal = parse_literal(text)
    assert literal.also == also
    assert literal.names[:2] == ("ZOO", "Bears")


def test_a_star_is_a_mark_after_a_space_and_in_a_bisac_list_always() -> None:
    assert parse_literal("ZOO / Bears*").names == ("ZOO", "Bears*")
    assert parse_literal("ZOO / Bears*", bisac=True).names == ("ZOO", "Bears")
    assert parse_literal("ZOO / Bears* (see also Ice)*", bisac=True).names == ("ZOO", "Bears")


def test_a_see_line_is_an_alias_in_brackets_or_bare_where_it_has_no_code() -> None:
    assert parse_literal("ZOO / Ursids (see ZOO / Bears)").see == "ZOO / Bears"
    bare = parse_literal("ZOO / Ursids see ZOO / Bears", bare_see=True)
    assert (bare.names, bare.see) == (("ZOO", "Ursids"), "ZOO / Bears")
    assert parse_literal("ZOO / Where to see Bears").see is None


@pytest.mark.parametrize("text", ["", "  ", "/", "*", "(see also X)", "a\x1bb", "a\ue000b", "x" * (MAX_LITERAL + 1)])
def test_what_is_no_literal_is_refused_with_the_reason(text: str) -> None:
    with pytest.raises(LiteralError):
        parse_literal(text)


def test_cleaning_twice_changes_nothing() -> None:
    for text in ("a\xa0 b", "\ufeffa", "e\u0301", " \u3000x\n"):
        assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    ("heading", "label", "literal"),
    [
        ("Bears", "Polar / General", "Bears / Polar / General"),
        ("Bears, Cats & Dogs", "& DOGS / Food", "Bears, Cats & Dogs / Food"),
        ("Bears and Cats", "BEARS & CATS / Food", "Bears and Cats / Food"),
        ("Bears", "BEARS / Food", "Bears / Food"),
        ("BEARS", "BEARS / Food", "BEARS / BEARS / Food"),
        ("Bears", "Bears / Food", "Bears / Bears / Food"),
        ("Bears & Cats", "& Dogs / Food", "Bears & Cats / & Dogs / Food"),
    ],
)
def test_what_is_left_of_a_heading_in_its_labels_is_recognised(heading: str, label: str, literal: str) -> None:
    assert under_heading(heading, label) == literal


def test_headings_under_means_what_lies_below() -> None:
    assert reference("headings under Ice / Floes") == ("Ice / Floes", True)
    assert reference("Headings of Newspapers") == ("Headings of Newspapers", False)


def test_a_bisac_list_is_known_by_its_codes_and_themes_beside_them_do_not_count() -> None:
    assert is_bisac(["ZOO000000"])
    assert is_bisac(["ZOO000000", "EV010", "CU020", "1.0.1.0", "4.0"])
    assert not is_bisac([])
    assert not is_bisac(["EV010"])
    assert not is_bisac(["ZOO000000", "Z1", "Z2"])
