"""The 2024 list as it is: the npm package's tarball, JSON and CSV. Figures are the list's own; no row of it stands here."""

import csv
import io
import json
import tarfile
import tracemalloc
from pathlib import Path

import openpyxl
import pytest

from taxonomy import Category, Choice, Taxonomy
from taxonomy.importing.gather import Gathered
from taxonomy.importing.reading import read_file


@pytest.fixture(scope="module")
def gathered(bisac_package: Path) -> Gathered:
    return read_file(bisac_package, "bisac")[1]


@pytest.fixture(scope="module")
def bisac(gathered: Gathered) -> Taxonomy:
    return Taxonomy.of(gathered.listing)


@pytest.fixture(scope="module")
def files(bisac_package: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The package's own JSON and CSV, and the list in the other forms that people have it in."""
    folder = tmp_path_factory.mktemp("forms")
    with tarfile.open(bisac_package) as archive:
        found = {}
        for name in ("bisac-data.json", "export.csv"):
            stream = archive.extractfile(f"package/data/{name}")
            assert stream
            found[name] = folder / name
            found[name].write_bytes(stream.read())
    sections = json.loads(found["bisac-data.json"].read_bytes())["categories"]
    rows = [(subject["code"], subject["label"]) for section in sections for subject in section["subjects"]]
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows([("Code", "Literal"), *rows])
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Subjects")
    for row in (("BISAC Subject Headings",), (), ("Code", "Literal"), *rows, ("EV010", "EVENT / Somebody's Day")):
        sheet.append(row)
    for name, data in (
        ("map.json", json.dumps(dict(rows)).encode()),
        ("cp1252.csv", text.getvalue().encode("cp1252")),
        ("bom.csv", text.getvalue().encode("utf-8-sig")),
    ):
        found[name] = folder / name
        found[name].write_bytes(data)
    found["list.xlsx"] = folder / "list.xlsx"
    book.save(found["list.xlsx"])
    return found


def test_every_code_stands_once_in_a_tree_of_the_known_shape(gathered: Gathered, bisac: Taxonomy) -> None:
    stats = bisac.stats()
    assert gathered.read == stats.coded == len({c.code for c in bisac if c.code}) == 5_726
    assert (stats.sections, stats.categories, stats.by_depth) == (53, 5_738, (53, 2_311, 3_042, 332))
    assert (stats.leaves, stats.inner) == (5_210, 528)
    assert sum(1 for c in bisac if not c.code) == sum(1 for c in bisac if not c.code and not bisac.is_leaf(c)) == 12
    assert bisac.links.edition == "2024"
    assert gathered.listing.terms


def test_the_graph_is_small(gathered: Gathered) -> None:
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    tree = Taxonomy.of(gathered.listing)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(tree) == 5_738
    assert after - before < 50_000_000


def test_debated_are_the_nodes_with_a_code_before_exclusions(bisac: Taxonomy) -> None:
    assert len(bisac.debated()) == len(bisac.select(Choice())) == 5_726


def test_the_preset_leaves_seven_sections_out(bisac: Taxonomy, files: dict[str, Path]) -> None:
    away = {
        "BIBLES",
        "STUDY AIDS",
        "JUVENILE FICTION",
        "JUVENILE NONFICTION",
        "YOUNG ADULT FICTION",
        "YOUNG ADULT NONFICTION",
    }
    kept = bisac.select(Choice(preset="general-adult"))
    assert {c.section for c in bisac} - {c.section for c in kept} == away
    assert {c.section for c in kept} & away == set()
    with_non = Taxonomy.of(read_file(files["export.csv"], "bisac", keep_general=True)[1].listing)
    general = with_non.select(Choice(preset="general-adult"))
    assert {c.section for c in with_non} - {c.section for c in general} == away | {"NON-CLASSIFIABLE"}
    assert {c.code for c in general} == {c.code for c in kept}


def test_leaves_inner_nodes_depth_and_a_sample(bisac: Taxonomy) -> None:
    assert len(bisac.select(Choice(kind="leaves"))) == 5_210
    assert len(bisac.select(Choice(kind="inner"))) == 528
    assert len(bisac.select(Choice(kind="all"))) == 5_738
    assert len(bisac.select(Choice(kind="all", depth=1))) == 53 + 2_311
    assert len(bisac.select(Choice(sample=100, seed=3))) == 100


def test_general_stays_when_it_is_asked_for(bisac_package: Path) -> None:
    kept = Taxonomy.of(read_file(bisac_package, "bisac", keep_general=True)[1].listing)
    general = [c for c in kept if c.name == "General"]
    assert len(general) == 516
    assert len(kept) == 5_738 + 516
    assert len(kept.debated()) == 5_726


def test_see_also_leads_from_76_categories_and_none_leads_nowhere(gathered: Gathered, bisac: Taxonomy) -> None:
    edges = [(s, t) for s, t, kind in bisac.graph.edges(data="kind") if kind == "see_also"]
    assert len({source for source, _ in edges}) == 76
    assert len(edges) == 80
    assert gathered.warnings == ()


@pytest.mark.parametrize(
    ("source", "targets"),
    [
        ("OCC026000", ["REL118000"]),
        ("REL118000", ["OCC026000"]),  # a section whose name has a comma
        ("PER017000", ["PER004080"]),  # relative to the section
        ("COM064000", ["BUS090000"]),  # headings under an inner category
        ("STU004000", ["JNF055010", "YAN054010"]),  # two at once
        ("JUV057000", ["JUV070000"]),  # not the section of the same name
        ("YAN054010", ["STU004000"]),  # a section in capitals, not the subject of the same name beside it
    ],
)
def test_references_of_every_kind(bisac: Taxonomy, source: str, targets: list[str]) -> None:
    assert [c.code for c, _ in bisac.links.see_also(bisac.category(source))] == targets


@pytest.mark.parametrize(
    ("code", "section"),
    [("OCC000000", "BODY, MIND & SPIRIT"), ("FOR000000", "LANGUAGE STUDY"), ("CKB000000", "COOKING")],
)
def test_a_prefix_is_no_mnemonic(bisac: Taxonomy, code: str, section: str) -> None:
    assert bisac.category(code).path == section


def test_nothing_of_the_lists_spelling_is_left(bisac: Taxonomy) -> None:
    for category in bisac:
        assert "\xa0" not in category.path
        assert not category.path.endswith("*")
        assert "see also" not in category.path
        assert category.section == category.section.upper()


def test_notes_stand_with_their_section(bisac: Taxonomy) -> None:
    assert any("recipes" in note or "Chinese" in note for note in bisac.links.notes(bisac.category("CKB000000")))
    assert {c.depth for c in bisac if c.path in bisac.links.listing.notes} == {0}


FORMS = ["bisac-data.json", "export.csv", "map.json", "cp1252.csv", "bom.csv", "list.xlsx"]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_the_list_is_the_same_list(form: str, files: dict[str, Path], bisac: Taxonomy) -> None:
    gathered = read_file(files[form], "bisac")[1]
    tree = Taxonomy.of(gathered.listing)
    non = [Category("NON-CLASSIFIABLE", "NON000000", "NON-CLASSIFIABLE", 0)] if form == "export.csv" else []
    assert set(tree) == {*bisac, *non}
    assert set(gathered.listing.see_also) == set(bisac.links.listing.see_also)
    assert (gathered.listing.edition, gathered.warnings) == ("2024", ())
    assert gathered.skipped.get("merchandising themes", 0) == (1 if form == "list.xlsx" else 0)
    assert gathered.skipped.get("repeated lines", 0) == (52 if form == "export.csv" else 0)


def test_the_neighbours_of_a_category(bisac: Taxonomy) -> None:
    chemistry = bisac.category("SCI013000")
    assert [c.code for c in bisac.ancestors(chemistry)] == ["SCI000000"]
    assert all(bisac.parent(child) == chemistry for child in bisac.avoid(chemistry))
    leaf = bisac.leaves(chemistry)[0]
    assert {c.path for c in bisac.avoid(leaf)} == {c.path for c in bisac.children(chemistry)} - {leaf.path}
