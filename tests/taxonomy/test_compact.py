"""The compact tree that is shipped."""

import re

import pytest

from taxonomy import Taxonomy, load_taxonomy
from taxonomy.names import path_key


@pytest.fixture(scope="module")
def compact() -> Taxonomy:
    return load_taxonomy("compact")


def test_has_the_53_sections_with_codes_of_their_own(compact: Taxonomy) -> None:
    codes = [section.code or "" for section in compact.sections()]
    assert len(codes) == len(set(codes)) == 53
    assert all(re.fullmatch("[A-Z]{3}000000", code) for code in codes)
    assert all(section.name == section.name.upper() for section in compact.sections())


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("OCC000000", "BODY, MIND & SPIRIT"),
        ("FOR000000", "LANGUAGE STUDY"),
        ("HUM000000", "HUMOR"),
        ("TRV000000", "TRAVEL"),
        ("YAN000000", "YOUNG ADULT NONFICTION"),
    ],
)
def test_a_section_has_its_bisac_code(compact: Taxonomy, code: str, name: str) -> None:
    assert compact.category(code).path == name


def test_sections_stand_in_alphabetical_order(compact: Taxonomy) -> None:
    names = [section.name for section in compact.sections()]
    assert names == sorted(names)


def test_every_section_has_10_to_20_subjects_at_one_or_two_levels(compact: Taxonomy) -> None:
    for section in compact.sections():
        assert 10 <= len(compact.subtree(section)) - 1 <= 20, section.name
    assert {category.depth for category in compact} == {0, 1, 2}


def test_no_subject_has_a_code_so_the_leaves_are_debated(compact: Taxonomy) -> None:
    assert not [category.path for category in compact if category.depth and category.code]
    assert compact.debated() == compact.leaves()


def test_no_path_stands_twice(compact: Taxonomy) -> None:
    keys = [path_key(category.path) for category in compact]
    assert len(keys) == len(set(keys))


def test_an_inner_subject_has_at_least_two_children(compact: Taxonomy) -> None:
    assert not [category.path for category in compact if len(compact.children(category)) == 1]


def test_marine_biology_is_a_life_science(compact: Taxonomy) -> None:
    category = compact.category("SCIENCE / Life Sciences / Marine Biology")
    assert (category.name, category.section, category.depth, category.code) == ("Marine Biology", "SCIENCE", 2, None)


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("POL000000", "government elections armed terrorist refugees border"),
        ("BUS000000", "gross inflation unemployment exports debt"),
        ("TEC000000", "oil gas coal electricity nuclear telephone"),
        ("TRA000000", "airports seaports railways highways"),
        ("SOC000000", "population fertility migration ethnic"),
        ("NAT000000", "climate resources pollution"),
        ("MED000000", "epidemics mortality expectancy"),
        ("SCI000000", "climate space volcanoes"),
        ("REL000000", "affiliation islam churches"),
        ("EDU000000", "literacy enrollment"),
        ("LAW000000", "constitutions courts citizenship"),
    ],
)
def test_what_a_country_almanac_covers_has_a_subject_in_its_natural_section(
    compact: Taxonomy, section: str, words: str
) -> None:
    named = set(re.findall(r"\w+", " ".join(c.name for c in compact.subtree(compact.category(section))).lower()))
    assert set(words.split()) <= named


def test_a_loaded_taxonomy_is_not_shared(compact: Taxonomy) -> None:
    assert load_taxonomy("compact").graph is not compact.graph
