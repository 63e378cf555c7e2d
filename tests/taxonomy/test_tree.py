"""The tree as people and scripts see it."""

import json
from collections.abc import Iterator

import pytest

from litelong import UsageError
from taxonomy import Category, Provenance, Taxonomy, Topic
from taxonomy.tree import TreeLine, to_json, tree_lines


def lines(found: Iterator[TreeLine]) -> list[str]:
    return [str(line) for line in found]


@pytest.fixture
def small() -> Taxonomy:
    rows = [("SCIENCE", "SCI000000"), ("SCIENCE / Life / Botany", None), ("SCIENCE / Life / Zoology", None)]
    rows += [("SCIENCE / Physics", None), ("PETS", "PET000000")]
    taxonomy = Taxonomy("small", [Category.of(path.split(" / "), code) for path, code in rows])
    for number, category in enumerate(["SCIENCE / Life / Botany", "SCIENCE / Life", "PETS"]):
        taxonomy.add_topic(
            Topic(f"t-{number}", f"Title {number}", "Why.", category, Provenance(("a", "b"), 1, "clear"))
        )
    return taxonomy


def test_a_tree_shows_codes_and_the_topics_of_each_subtree(small: Taxonomy) -> None:
    assert lines(tree_lines(small)) == [
        "SCIENCE  SCI000000  2 topics",
        "├── Life  2 topics",
        "│   ├── Botany  1 topic",
        "│   └── Zoology",
        "└── Physics",
        "PETS  PET000000  1 topic",
    ]


def test_a_cut_tree_says_how_much_it_hides(small: Taxonomy) -> None:
    assert lines(tree_lines(small, depth=0)) == ["SCIENCE  SCI000000  4 below  2 topics", "PETS  PET000000  1 topic"]
    assert lines(tree_lines(small, small.category("science"), depth=1))[1:] == [
        "├── Life  2 below  2 topics",
        "└── Physics",
    ]


def test_a_tree_can_start_anywhere(small: Taxonomy) -> None:
    assert lines(tree_lines(small, small.category("SCIENCE / Life"))) == [
        "Life  2 topics",
        "├── Botany  1 topic",
        "└── Zoology",
    ]


def test_titles_stand_under_their_category(small: Taxonomy) -> None:
    assert lines(tree_lines(small, small.category("SCIENCE / Life"), titles=True)) == [
        "Life  2 topics",
        "├── Title 1",
        "├── Botany  1 topic",
        "│   └── Title 0",
        "└── Zoology",
    ]


def test_a_negative_depth_is_refused(small: Taxonomy) -> None:
    with pytest.raises(UsageError, match="depth is -1"):
        lines(tree_lines(small, depth=-1))


def test_json_is_nested_and_survives_a_round_trip(small: Taxonomy) -> None:
    whole = to_json(small)
    assert json.loads(json.dumps(whole)) == whole
    assert (whole["name"], whole["path"], [child["name"] for child in whole["children"]]) == (
        "small",
        None,
        ["SCIENCE", "PETS"],
    )
    assert to_json(small, small.category("PETS")) == {
        "name": "PETS",
        "path": "PETS",
        "code": "PET000000",
        "topics": [
            {
                "topic_id": "t-2",
                "title": "Title 2",
                "explanation": "Why.",
                "category": "PETS",
                "provenance": {"proposed_by": ["a", "b"], "round": 1, "reason": "clear"},
            }
        ],
        "children": [],
    }
