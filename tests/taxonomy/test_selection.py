"""What `taxonomy.select`, `exclude` and `limit` choose."""

import pytest

from litelong import UsageError
from taxonomy import Category, Taxonomy

SMALL = Taxonomy(
    "small",
    [
        Category.of(path.split(" / "), code)
        for path, code in [
            ("ART", "ART000000"),
            ("ART / Sculpture", None),
            ("SCIENCE", "SCI000000"),
            ("SCIENCE / Life / Botany", None),
            ("SCIENCE / Life / Zoology", None),
            ("SCIENCE / Physics", None),
            ("PETS", "PET000000"),
        ]
    ],
)
CODED = Taxonomy(
    "coded",
    [
        Category.of(path.split(" / "), code)
        for path, code in [
            ("A", "AAA000000"),
            ("A / x", "AAA001000"),
            ("A / x / q", "AAA002000"),
            ("A / y / r", "AAA003000"),
        ]
    ],
)


def chosen(select: list[str], exclude: list[str] | None = None, limit: int | None = None) -> list[str]:
    return [category.path for category in SMALL.select(select, exclude or [], limit)]


ALL = ["ART / Sculpture", "SCIENCE / Life / Botany", "SCIENCE / Life / Zoology", "SCIENCE / Physics", "PETS"]


def test_nothing_selected_means_every_debated_category() -> None:
    assert chosen([]) == ALL


def test_an_exact_name_selects_exactly_that_category_even_an_inner_one() -> None:
    assert chosen(["sci000000"]) == ["SCIENCE"]
    assert chosen(["science/life"]) == ["SCIENCE / Life"]


def test_a_glob_selects_the_debated_categories_among_its_matches() -> None:
    assert chosen(["SCIENCE/**"]) == ALL[1:4]
    assert chosen(["SCIENCE/*"]) == ["SCIENCE / Physics"]
    assert chosen(["*"]) == ["PETS"]


def test_where_inner_categories_have_codes_a_glob_selects_them_too() -> None:
    assert [c.path for c in CODED.select(["A/**"], [], None)] == ["A / x", "A / x / q", "A / y / r"]


def test_the_order_is_the_taxonomys_and_nothing_comes_twice() -> None:
    assert chosen(["PETS", "**/Zoology", "SCIENCE/**", "science / life / zoology", "ART/*"]) == ALL


def test_an_excluded_inner_category_takes_its_subtree_away() -> None:
    assert chosen([], ["SCIENCE"]) == ["ART / Sculpture", "PETS"]
    assert chosen(["SCIENCE", "SCIENCE/**"], ["science/life"]) == ["SCIENCE", "SCIENCE / Physics"]


def test_an_excluded_glob_takes_away_what_it_matches() -> None:
    assert chosen([], ["**/*ology", "ART/**"]) == ["SCIENCE / Life / Botany", "SCIENCE / Physics", "PETS"]
    assert chosen(["SCIENCE", "SCIENCE/**"], ["SCIENCE/**"]) == ["SCIENCE"]


def test_a_limit_keeps_the_first_of_what_is_left() -> None:
    assert chosen([], ["ART"], 2) == ALL[1:3]
    assert chosen([], [], 100) == ALL


@pytest.mark.parametrize(
    ("select", "exclude", "limit", "complaint"),
    [
        (["SCIENSE"], [], None, "the nearest is 'SCIENCE'"),
        (["SCIENSE/**"], [], None, "taxonomy.select 'SCIENSE/\\*\\*' matches none"),
        ([], ["Botany"], None, "the nearest is 'SCIENCE / Life / Botany'"),
        ([], ["**/Geology"], None, "taxonomy.exclude '\\*\\*/Geology' matches none"),
        (["SCI*"], [], None, "not debated by themselves, such as 'SCIENCE'"),
        (["PETS"], ["PETS"], None, "leaves none of the 1 selected"),
        ([], ["**"], None, "leaves none of the 5 selected"),
        ([], [], 0, "taxonomy.limit is 0"),
    ],
)
def test_a_choice_that_means_nothing_is_refused_in_words(
    select: list[str], exclude: list[str], limit: int | None, complaint: str
) -> None:
    with pytest.raises(UsageError, match=complaint):
        chosen(select, exclude, limit)


def test_a_name_with_a_question_mark_is_a_name_first() -> None:
    taxonomy = Taxonomy("marks", [Category.of(["WHY?"]), Category.of(["WHYS"])])
    assert [c.path for c in taxonomy.select(["why?"], [], None)] == ["WHY?"]
