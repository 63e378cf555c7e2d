"""What `taxonomy.select`, `exclude` and `limit` choose."""

import pytest

from litelong import UsageError
from taxonomy import Category, Choice, Taxonomy
from taxonomy.selection import Kind, check_expansion

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
    return [category.path for category in SMALL.select(Choice(select, exclude or [], limit=limit))]


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
    assert [c.path for c in CODED.select(Choice(["A/**"]))] == ["A / x", "A / x / q", "A / y / r"]


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
    assert [c.path for c in taxonomy.select(Choice(["why?"]))] == ["WHY?"]


def kinds(kind: Kind, select: tuple[str, ...] = (), depth: int | None = None) -> list[str]:
    return [c.path for c in SMALL.select(Choice(select, kind=kind, depth=depth))]


def test_a_kind_says_what_stands_for_a_glob_and_an_exact_name_stands_for_itself() -> None:
    assert kinds("leaves") == kinds("auto") == ALL
    assert kinds("inner") == ["ART", "SCIENCE", "SCIENCE / Life"]
    assert kinds("all") == [c.path for c in SMALL]
    assert kinds("inner", ("SCIENCE/**", "PETS")) == ["SCIENCE / Life", "PETS"]


def test_depth_counts_levels_below_the_section() -> None:
    assert kinds("all", depth=0) == ["ART", "SCIENCE", "PETS"]
    assert kinds("auto", depth=1) == ["ART / Sculpture", "SCIENCE / Physics", "PETS"]
    assert kinds("leaves", ("SCIENCE/**", "SCIENCE/Life/Botany"), depth=1) == [
        "SCIENCE / Life / Botany",
        "SCIENCE / Physics",
    ]


def test_a_preset_takes_its_sections_away_by_their_code_wherever_that_stands() -> None:
    rows = [("JUVENILE / General", "JUV000000"), ("JUVENILE / Cats", "JUV001000"), ("CATS", "CAT000000")]
    taxonomy = Taxonomy("young", [Category.of(path.split(" / "), code) for path, code in rows])
    assert [c.path for c in taxonomy.select(Choice(preset="general-adult"))] == ["CATS"]
    with pytest.raises(UsageError, match="none of its sections"):
        SMALL.select(Choice(preset="general-adult"))
    with pytest.raises(UsageError, match="there are: general-adult"):
        taxonomy.select(Choice(preset="adult"))


LARGE = Taxonomy("large", [Category.of(["A", f"b{n}"]) for n in range(500)])


def test_a_sample_is_the_seeds_and_a_smaller_one_is_part_of_a_larger_one() -> None:
    def sample(size: int, seed: int, taxonomy: Taxonomy = LARGE) -> set[str]:
        found = taxonomy.select(Choice(sample=size, seed=seed))
        assert [c for c in taxonomy if c in found] == found
        assert len(found) == min(size, 500)
        return {c.path for c in found}

    backwards = Taxonomy("large", list(LARGE)[:0:-1])
    assert sample(50, 1) == sample(50, 1, backwards) != sample(50, 2)
    assert sample(50, 1) < sample(60, 1) < sample(500, 1) == sample(9_999, 1)
    # Drawn evenly: of 50 drawn from 500, each half should give about 25.
    assert 10 < sum(path in sample(50, 1) for path in (f"A / b{n}" for n in range(250))) < 40


@pytest.mark.parametrize(
    ("choice", "complaint"),
    [
        (Choice(sample=0), "taxonomy.sample is 0"),
        (Choice(depth=-1), "taxonomy.depth is -1: give a number from 0"),
        (Choice(["SCIENCE/*"], kind="inner", depth=0), "of another kind or depth than inner, 0"),
        (Choice(depth=0, kind="inner", exclude=["ART", "SCIENCE"]), "leaves none of the 2 selected"),
    ],
)
def test_numbers_and_kinds_that_leave_nothing_are_refused_in_words(choice: Choice, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        SMALL.select(choice)


def test_an_expansion_factor_grows_with_the_subtree_unless_something_fits_better() -> None:
    def factor(name: str, **overrides: int) -> int:
        return SMALL.expansion_factor(SMALL.category(name), {key.replace("_", "/"): n for key, n in overrides.items()})

    assert [factor(name) for name in ("PETS", "SCIENCE / Life", "SCIENCE")] == [6, 7, 8]
    assert LARGE.expansion_factor(LARGE.category("A")) == 12
    everything = {"**": 20, "SCIENCE_**": 3, "SCI000000": 30}
    assert [factor(name, **everything) for name in ("PETS", "SCIENCE / Life", "SCIENCE")] == [20, 3, 30]
    assert factor("SCIENCE / Life", **{"SCIENCE_Life": 1, "**": 2}) == 2
    with pytest.raises(UsageError, match=r"taxonomy.expansion_factor 'SCIENSE/\*\*' matches none"):
        check_expansion(SMALL, {"PETS": 1, "SCIENSE/**": 9})
    with pytest.raises(UsageError, match="the nearest is 'PETS'"):
        check_expansion(SMALL, {"PET": 1})
