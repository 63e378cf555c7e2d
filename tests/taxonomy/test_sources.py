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
    "text",
    [
        "[A, {B: [x, y]}]",
        "{A: null, B: {x: , y: }}",
        "sections: [{name: A}, {name: B, subjects: [x, y]}]",
        "- {label: A}\n- {heading: B, children: {x: [], y: null}}",
        "{name: mine, path: null, children: [{name: A}, {name: B, children: [{name: x}, {name: y}]}]}",
    ],
)
def test_a_tree_may_be_written_as_lists_mappings_or_records(text: str) -> None:
    assert [category.path for category in parse_taxonomy(text, "mine")] == ["A", "B", "B / x", "B / y"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no categories"),
        ("A", "'A' in place of a list or mapping"),
        ("sections: []", "no categories"),
        ("sections: [{name: A, subject: [x]}]", "unknown key 'subject'; there are: name, code, children"),
        ("sections: [{code: AAA000000}]", "None in place of a name"),
        ("sections: [{name: A, code: 123}]", "the code 123 is not text; quote it"),
        ("sections: [{name: A, subjects: x}]", "under 'A': 'x' in place of a list or mapping"),
        ("sections: [{name: A, subjects: [1984]}]", "1984 in place of a name; quote numbers"),
        ("[no, yes]", "False in place of a name; quote numbers, dates and words"),
        ("sections: [{name: A, subjects: [{x: [p], y: [q]}]}]", "a mapping of several keys in place of a name"),
        ("sections: [{name: A, subjects: [{x: p}]}]", "under 'A / x': 'p' in place of a list or mapping"),
        ("sections: [{name: A, subjects: [x, X]}]", "are one category"),
        ("sections: [{name: A, subjects: [TCP/IP]}]", "without '/'"),
        ("A: [x]\nA: [y]", "line 2: it is not YAML .'A' twice"),
        ("A: &a [x]\nB: {<<: {c: *a}}", "merge keys"),
        ("&a {A: *a}", "more than 32 levels"),
        ("[" * 5000 + "]" * 5000, "a list in place of a name"),
        ("sections: [", "is not YAML"),
        ("sections: !!python/object/apply:os.getcwd []", "is not YAML"),
    ],
)
def test_a_text_that_is_no_taxonomy_is_refused_in_one_line(text: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint) as raised:
        parse_taxonomy(text, "mine")
    assert "\n" not in str(raised.value)
