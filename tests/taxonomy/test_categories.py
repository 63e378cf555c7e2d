"""Looking categories up, walking between them, and hanging topics under them."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from time import process_time

import pytest

from litelong import UsageError
from taxonomy import Category, Provenance, Taxonomy, Topic, load_taxonomy, topic_id

ROWS = [
    (["SCIENCE"], "SCI000000"),
    (["SCIENCE", "Life Sciences", "Marine Biology"], None),
    (["SCIENCE", "Life Sciences", "Botany"], None),
    (["SCIENCE", "Physics"], None),
    (["BODY, MIND & SPIRIT"], "OCC000000"),
    (["BODY, MIND & SPIRIT", "Dreams"], None),
    (["PETS"], "PET000000"),
]


@pytest.fixture
def small() -> Taxonomy:
    return Taxonomy("small", [Category.of(names, code) for names, code in ROWS])


def paths(categories: list[Category]) -> list[str]:
    return [category.path for category in categories]


def a_topic(category: str, title: str) -> Topic:
    return Topic(topic_id(category, title), title, "Why.", category, Provenance(("proposer-1",), 0, "clear"))


@pytest.mark.parametrize(
    "name",
    [
        "OCC000000",
        " occ000000 ",
        "BODY, MIND & SPIRIT",
        "body, mind and spirit",
        "Body,  Mind&Spirit",
        "BODY, MIND & SPIRIT /",
    ],
)
def test_a_category_is_found_by_its_code_or_path_however_it_is_spelt(small: Taxonomy, name: str) -> None:
    assert small.category(name).path == "BODY, MIND & SPIRIT"


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("Marine Biology", "'SCIENCE / Life Sciences / Marine Biology'"),
        ("SCIENCE / Life Science / Marin Biology", "'SCIENCE / Life Sciences / Marine Biology'"),
        ("Marin Biolgy", "'SCIENCE / Life Sciences / Marine Biology'"),
        ("SCI039000", "SCI000000 (SCIENCE)"),
        ("spirit", "'BODY, MIND & SPIRIT'"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(small: Taxonomy, name: str, nearest: str) -> None:
    with pytest.raises(UsageError) as raised:
        small.category(name)
    assert name in str(raised.value)
    assert f"the nearest is {nearest};" in str(raised.value)


@pytest.mark.parametrize("name", ["", " ", "/", "qqqq", "x" * 10_000])
def test_a_name_like_no_other_is_still_one_line(small: Taxonomy, name: str) -> None:
    with pytest.raises(UsageError, match="nothing is near it") as raised:
        small.category(name)
    assert "\n" not in str(raised.value)


def test_an_ancestor_that_is_not_listed_is_made_up_without_a_code(small: Taxonomy) -> None:
    made_up = small.category("SCIENCE / Life Sciences")
    assert (made_up.code, made_up.section, made_up.depth) == (None, "SCIENCE", 1)


def test_the_order_is_depth_first_and_as_listed() -> None:
    rows = ["A", "B", "A / y", "B / z", "A / x", "A / y / q"]
    taxonomy = Taxonomy("mixed", [Category.of(row.split(" / ")) for row in rows])
    assert paths(list(taxonomy)) == ["A", "A / y", "A / y / q", "A / x", "B", "B / z"]


def test_the_walks(small: Taxonomy) -> None:
    science, life, marine = (
        small.category(n) for n in ["SCI000000", "science/life sciences", "science/life sciences/marine biology"]
    )
    assert paths(small.sections()) == ["SCIENCE", "BODY, MIND & SPIRIT", "PETS"]
    assert paths(small.children(science)) == ["SCIENCE / Life Sciences", "SCIENCE / Physics"]
    assert small.parent(science) is None
    assert small.parent(marine) == life
    assert small.ancestors(marine) == [science, life]
    assert paths(small.siblings(marine)) == ["SCIENCE / Life Sciences / Botany"]
    assert paths(small.siblings(science)) == ["BODY, MIND & SPIRIT", "PETS"]
    assert paths(small.leaves(life)) == [marine.path, "SCIENCE / Life Sciences / Botany"]
    assert len(small.leaves()) == 5
    assert paths(small.subtree(life)) == [life.path, marine.path, "SCIENCE / Life Sciences / Botany"]
    assert small.leaves(marine) == small.subtree(marine) == [marine]


def test_a_leaf_avoids_its_siblings_and_an_inner_category_its_children(small: Taxonomy) -> None:
    life = small.category("SCIENCE / Life Sciences")
    assert paths(small.avoid(life)) == ["SCIENCE / Life Sciences / Marine Biology", "SCIENCE / Life Sciences / Botany"]
    assert paths(small.avoid(small.category("science/physics"))) == ["SCIENCE / Life Sciences"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("science/*", ["SCIENCE / Life Sciences", "SCIENCE / Physics"]),
        ("SCIENCE / Life*", ["SCIENCE / Life Sciences"]),
        ("**/marine*", ["SCIENCE / Life Sciences / Marine Biology"]),
        ("SCIENCE/**/Physics", ["SCIENCE / Physics"]),
        ("SCIENCE/**/**/Botany", ["SCIENCE / Life Sciences / Botany"]),
        ("SCIENCE/*/*", ["SCIENCE / Life Sciences / Marine Biology", "SCIENCE / Life Sciences / Botany"]),
        ("* mind and *", ["BODY, MIND & SPIRIT"]),
        ("*", ["SCIENCE", "BODY, MIND & SPIRIT", "PETS"]),
        ("PET?", ["PETS"]),
        ("PETS/**", []),
        ("SCIENCE*Botany", []),
        ("SC[IJ]ENCE", []),
        ("", []),
    ],
)
def test_a_glob_matches_whole_paths_and_a_star_stays_within_a_name(
    small: Taxonomy, pattern: str, found: list[str]
) -> None:
    assert paths(small.glob(pattern)) == found


def test_a_list_with_codes_below_its_sections_debates_what_has_a_code() -> None:
    rows = [
        ("A", "AAA000000"),
        ("A / x", None),
        ("A / x / q", "AAA001000"),
        ("A / y", "AAA002000"),
        ("A / y / r", "AAA003000"),
    ]
    taxonomy = Taxonomy("coded", [Category.of(path.split(" / "), code) for path, code in rows])
    assert paths(taxonomy.debated()) == ["A", "A / x / q", "A / y", "A / y / r"]


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ([], "no categories"),
        ([("A", None), ("A", None)], "are one category"),
        ([("A & B", None), ("a and b", None)], "are one category"),
        ([("A / x", None), ("a / y", None)], "are one category"),
        ([("A", "AAA000000"), ("B", "aaa000000")], "both have code"),
    ],
)
def test_a_list_that_contradicts_itself_is_refused(rows: list[tuple[str, str | None]], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        Taxonomy("bad", [Category.of(path.split(" / "), code) for path, code in rows])


@pytest.mark.parametrize("name", ["", "  ", "AC/DC", "two\nlines", " edge", "a  b", "nul\0"])
def test_a_name_that_cannot_stand_in_a_path_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="category name"):
        Category.of(["A", name])


def test_topics_hang_under_their_category_in_the_same_graph(small: Taxonomy) -> None:
    marine, dreams = "SCIENCE / Life Sciences / Marine Biology", "BODY, MIND & SPIRIT / Dreams"
    topics = [a_topic(dreams, "Nightmares"), a_topic(marine, "Kelp Forests"), a_topic(marine, "Whale Song")]
    for topic in topics:
        small.add_topic(topic)
    assert small.topics(small.category(marine)) == topics[1:]
    assert small.topics(small.category("SCI000000")) == []
    assert small.topics(small.category("SCI000000"), subtree=True) == topics[1:]
    assert small.topics() == [*topics[1:], topics[0]]
    assert small.graph.nodes[topics[0].topic_id] == {"kind": "topic", "topic": topics[0]}
    assert list(small.graph.predecessors(topics[0].topic_id)) == [dreams]
    assert len(small) == 8
    assert small.leaves(small.category(marine)) == [small.category(marine)]


def test_adding_a_topic_twice_changes_nothing_but_another_content_is_an_error(small: Taxonomy) -> None:
    topic = a_topic("PETS", "Cats")
    small.add_topic(topic)
    small.add_topic(topic)
    assert small.topics() == [topic]
    with pytest.raises(ValueError, match="another content"):
        small.add_topic(replace(topic, explanation="Another."))
    with pytest.raises(ValueError, match="another content"):
        small.add_topic(replace(topic, topic_id="PETS"))


def test_a_topic_of_an_unknown_category_is_refused(small: Taxonomy) -> None:
    with pytest.raises(UsageError, match="the nearest is 'PETS'"):
        small.add_topic(a_topic("Pets", "Cats"))


def test_a_topic_id_is_the_same_in_every_run_and_for_every_spelling() -> None:
    assert topic_id("PETS", "Cats & Dogs") == topic_id("PETS", " cats  and DOGS ") == "t-ff3b8ebb4bdadf88"
    assert topic_id("PETS", "Cats") != topic_id("SCIENCE", "Cats") != topic_id("SCIENCE", "Cat")
    assert topic_id("PETS", "a lone surrogate \ud800")


def test_stats_count_every_category_and_topic(small: Taxonomy) -> None:
    small.add_topic(a_topic("SCIENCE / Physics", "Tides"))
    stats = small.stats()
    assert (stats.categories, stats.sections, stats.leaves, stats.inner, stats.coded) == (8, 3, 5, 3, 3)
    assert (stats.debated, stats.topics, stats.by_depth) == (5, 1, (3, 3, 2))
    assert [(s.name, s.code, s.categories, s.debated, s.topics) for s in stats.per_section] == [
        ("SCIENCE", "SCI000000", 5, 3, 1),
        ("BODY, MIND & SPIRIT", "OCC000000", 2, 1, 0),
        ("PETS", "PET000000", 1, 1, 0),
    ]


def test_neighbours_of_6000_categories_take_under_a_second_of_cpu() -> None:
    sections = [[f"SECTION {s}"] for s in range(53)]
    inner = [[*section, f"subject {i}"] for section in sections for i in range(28)]
    leaves = [[*subject, f"leaf {i}"] for subject in inner for i in range(3)]
    taxonomy = Taxonomy("large", [Category.of(names) for names in [*sections, *inner, *leaves]])
    assert len(taxonomy) == 53 + 53 * 28 * 4
    start = process_time()
    for category in taxonomy:
        taxonomy.ancestors(category)
        taxonomy.leaves(category)
        taxonomy.siblings(category)
    assert process_time() - start < 1


def test_importing_the_room_loads_nothing_heavy() -> None:
    code = "import sys, taxonomy; print(sorted({'networkx', 'yaml', 'litelong'} & set(sys.modules)))"
    root = Path(__file__).parents[2]
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert run.stdout == "[]\n"


def test_the_front_door_says_which_names_it_has() -> None:
    import taxonomy

    with pytest.raises(AttributeError, match="load_taxonomy"):
        taxonomy.load  # noqa: B018
    assert all(getattr(taxonomy, name) for name in taxonomy.__all__)


def test_the_same_source_gives_the_same_taxonomy() -> None:
    assert list(load_taxonomy("compact")) == list(load_taxonomy("compact"))
