"""Loading taxonomies by name, and reading the YAML they are written in."""

import pytest

from litelong import UsageError
from taxonomy import load_taxonomy
from taxonomy.sources import parse_taxonomy


@pytest.mark.parametrize("source", ["", "compact.yaml", "COMPACT", "bisac2"])
def test_an_unknown_source_is_answered_with_those_there_are(source: str) -> None:
    with pytest.raises(UsageError, match="there are: compact"):
        load_taxonomy(source)


def test_a_path_is_a_file_and_never_a_name() -> None:
    with pytest.raises(UsageError, match=r"^\.\./compact: cannot be read"):
        load_taxonomy("../compact")


def test_the_compact_tree_stands_in_for_bisac_until_that_is_imported() -> None:
    found = load_taxonomy("bisac")
    assert (found.name, found.requested) == ("compact", "bisac")
    assert list(found) == list(load_taxonomy("compact"))


def test_a_misspelt_source_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'compact'"):
        load_taxonomy("compct")


def test_a_text_becomes_a_taxonomy_in_its_own_order() -> None:
    text = "sections: [{name: B, code: BBB000000, subjects: [y, {x: [p, q]}]}, {name: A}]"
    found = [(category.path, category.code) for category in parse_taxonomy(text, "mine")]
    assert found == [
        ("B", "BBB000000"),
        ("B / y", None),
        ("B / x", None),
        ("B / x / p", None),
        ("B / x / q", None),
        ("A", None),
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "a mapping with a list 'sections'"),
        ("[A, B]", "a mapping with a list 'sections'"),
        ("sections: {A: B}", "a mapping with a list 'sections'"),
        ("sections: []", "no categories"),
        ("sections: [A]", "'name', 'code' and 'subjects'"),
        ("sections: [{name: A, subject: [x]}]", "'name', 'code' and 'subjects'"),
        ("sections: [{code: AAA000000}]", "a name and a code that are text"),
        ("sections: [{name: A, code: 123}]", "a name and a code that are text"),
        ("sections: [{name: A, subjects: x}]", "a list of the subjects under A"),
        ("sections: [{name: A, subjects: [1984]}]", "quote numbers"),
        ("sections: [{name: A, subjects: [{x: [p], y: [q]}]}]", "one name with a list under it"),
        ("sections: [{name: A, subjects: [{x: p}]}]", "a list of the subjects under A / x"),
        ("sections: [{name: A, subjects: [x, X]}]", "are one category"),
        ("sections: [{name: A, subjects: [TCP/IP]}]", "without '/'"),
        ("sections: [", "is not YAML"),
        ("sections: !!python/object/apply:os.getcwd []", "is not YAML"),
    ],
)
def test_a_text_that_is_no_taxonomy_is_refused_in_one_line(text: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint) as raised:
        parse_taxonomy(text, "mine")
    assert "\n" not in str(raised.value)
