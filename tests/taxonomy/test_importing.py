"""What an import does with the list's quirks, line by line; and the files that it refuses. The subjects are made up."""

import gzip
import io
import json
import random
import tarfile
import zipfile
from pathlib import Path

import openpyxl
import pytest

from litelong import UsageError
from taxonomy import Taxonomy
from taxonomy.importing import tarball
from taxonomy.importing.gather import Gathered
from taxonomy.importing.reading import read_file

ZOO = "code,literal\nZOO000000,ZOO / General\nZOO001000,ZOO / Bears\n"


def read(folder: Path, data: str | bytes, *, keep_general: bool = False) -> Gathered:
    path = folder / "list"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_file(path, "mine", keep_general=keep_general)[1]


def paths(gathered: Gathered) -> list[tuple[str, str | None]]:
    return [(category.path, category.code) for category in Taxonomy.of(gathered.listing)]


def test_general_is_folded_into_its_parent_or_kept_when_asked(tmp_path: Path) -> None:
    assert paths(read(tmp_path, ZOO)) == [("ZOO", "ZOO000000"), ("ZOO / Bears", "ZOO001000")]
    assert read(tmp_path, ZOO).changed == {"'General' folded into its parent": 1}
    kept = read(tmp_path, ZOO, keep_general=True)
    assert paths(kept) == [("ZOO", None), ("ZOO / General", "ZOO000000"), ("ZOO / Bears", "ZOO001000")]


def test_general_stays_beside_a_parent_that_has_a_code_of_its_own(tmp_path: Path) -> None:
    gathered = read(tmp_path, ZOO + "ZOO009000,ZOO\n")
    assert ("ZOO / General", "ZOO000000") in paths(gathered)
    assert ("ZOO", "ZOO009000") in paths(gathered)
    assert gathered.warnings == ("line 2: 'ZOO / General' stays beside its parent's code",)


def test_the_hierarchy_comes_from_the_literal_and_never_from_the_code(tmp_path: Path) -> None:
    data = "code,literal\nXYZ999990,ZOO / Bears / Polar\nABC000000,ZOO\nXYZ000000,PARK\n"
    assert paths(read(tmp_path, data)) == [
        ("ZOO", "ABC000000"),
        ("ZOO / Bears", None),
        ("ZOO / Bears / Polar", "XYZ999990"),
        ("PARK", "XYZ000000"),
    ]


def test_non_classifiable_stands_once_however_often_it_is_listed(tmp_path: Path) -> None:
    data = "code,heading,label\nZOO001000,Zoo,Bears\nNON000000,Zoo,NON-CLASSIFIABLE\nNON000000,Park,NON-CLASSIFIABLE\n"
    gathered = read(tmp_path, data)
    assert paths(gathered) == [("Zoo", None), ("Zoo / Bears", "ZOO001000"), ("NON-CLASSIFIABLE", "NON000000")]
    assert gathered.skipped == {"repeated lines": 1}


def test_other_lists_in_the_file_are_skipped_and_counted(tmp_path: Path) -> None:
    data = (
        ZOO + "EV010,EVENT / Bear Day\nCU020,CULTURE / Bear\n1.0.1,Bear Island\n4.2,Zoo Town\n,Copyright of the zoo\n"
    )
    gathered = read(tmp_path, data)
    assert len(paths(gathered)) == 2
    assert gathered.skipped == {"merchandising themes": 2, "regional themes": 2, "lines without a code": 1}


def test_a_see_line_is_another_name_and_no_category(tmp_path: Path) -> None:
    gathered = read(
        tmp_path,
        ZOO + ",ZOO / Ursids see Bears\n,ZOO / Yeti (see ZOO / Snowmen)\nZOO777000,ZOO / Grizzly (see Bears)\n",
    )
    tree = Taxonomy.of(gathered.listing)
    assert [c.path for c in tree] == ["ZOO", "ZOO / Bears"]
    assert tree.category("zoo/ursids").path == tree.category("ZOO777000").path == "ZOO / Bears"
    assert gathered.warnings == (
        "line 5: 'see ZOO / Snowmen' of 'ZOO / Yeti' does not lead to one category; the line is left out",
    )


def test_an_alias_may_lead_over_another_one_and_never_replaces_a_category(tmp_path: Path) -> None:
    data = (
        ZOO
        + ",ZOO / Teddies see Ursids\n,ZOO / Ursids see Bears\n,ZOO / Bears see ZOO\n,ZOO / All see Bears or Ursids\n"
    )
    gathered = read(tmp_path, data)
    assert Taxonomy.of(gathered.listing).category("zoo / teddies").path == "ZOO / Bears"
    assert gathered.warnings == ("line 6: 'see ZOO' of 'ZOO / Bears' stands at a category; the line is left out",)


def test_see_also_is_a_typed_edge_outside_the_tree(tmp_path: Path) -> None:
    data = (
        ZOO
        + 'PAR000000,PARK / General (see also headings under\xa0ZOO\xa0or\xa0Lake)\nPAR001000,"PARK / Ponds (see also Lake)"\n'
    )
    gathered = read(tmp_path, data)
    tree = Taxonomy.of(gathered.listing)
    park = tree.category("PARK")
    assert tree.links.see_also(park) == [(tree.category("ZOO"), True)]
    assert tree.graph.get_edge_data("PARK", "ZOO") == {"see_also": {"kind": "see_also", "under": True}}
    assert [c.path for c in tree.children(park)] == ["PARK / Ponds"]
    assert [str(w) for w in gathered.warnings] == [
        "line 4: 'see also Lake' of 'PARK' leads nowhere",
        "line 5: 'see also Lake' of 'PARK / Ponds' leads nowhere",
    ]


def test_usage_notes_stay_with_their_section(tmp_path: Path) -> None:
    section = {
        "heading": "Zoo",
        "notes": ["For works\xa0about zoos.", "ZOO"],
        "subjects": [{"code": "ZOO001000", "label": "ZOO / Bears"}],
    }
    tree = Taxonomy.of(read(tmp_path, json.dumps({"categories": [section]})).listing)
    assert tree.links.notes(tree.category("ZOO / Bears")) == ("For works about zoos.",)


def test_repeated_names_and_other_spellings_are_one_path(tmp_path: Path) -> None:
    gathered = read(tmp_path, "code,literal\nZ1,ZOO / Bears / Zoo\nZ2,Zoo / bears / Bears\nZ3,ZOO / Zoo\n")
    assert [path for path, _ in paths(gathered)] == [
        "ZOO",
        "ZOO / Bears",
        "ZOO / Bears / Zoo",
        "ZOO / Bears / Bears",
        "ZOO / Zoo",
    ]
    assert gathered.changed == {"names spelled as they were first": 2}


def test_sheets_about_the_list_are_not_the_list(tmp_path: Path) -> None:
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["ZOO subjects, 2031 edition"])
    for row in (["Code", "Literal"], ["ZOO001000", "ZOO / Bears"], ["ZOO002000", "ZOO / Cats"]):
        book.active.append(row)
    for title, row in (("Inactivated", ["ZOO001000", "ZOO / Ursids"]), ("About", ["Call us"])):
        book.create_sheet(title).append(row)
    book.save(out)
    gathered = read(tmp_path, out.getvalue())
    assert [code for _, code in paths(gathered)] == [None, "ZOO001000", "ZOO002000"]
    assert gathered.skipped == {
        "lines before the headings": 1,
        "lines of the sheet 'Inactivated', which is not the list": 1,
        "lines of the sheet 'About', which has no codes and literals": 1,
    }


def test_the_edition_is_the_files_own_word_for_it(tmp_path: Path) -> None:
    assert read(tmp_path, "Zoo subjects; 2031 Edition\n\n" + ZOO.replace(",", ";")).listing.edition == "2031"
    assert read(tmp_path, ZOO).listing.edition is None


def test_a_column_beside_the_literals_is_no_part_of_them(tmp_path: Path) -> None:
    lines = "".join(f"ZOO{n:06},ZOO / Bear {n},Active\n" for n in range(9))
    for head in ("", "Codes (new),What it says,Status\n", "BISAC Subject Codes,BISAC Subject Headings (2031),Status\n"):
        found = paths(read(tmp_path, head + lines))
        assert found[:2] == [("ZOO", None), ("ZOO / Bear 0", "ZOO000000")]
        assert len(found) == 10


def test_a_table_without_headings_is_told_by_what_is_in_it(tmp_path: Path) -> None:
    body = ZOO.split("\n", 1)[1]
    assert paths(read(tmp_path, body)) == paths(read(tmp_path, ZOO))
    parts = "ZOO000000\tZoo\tGeneral\nZOO001000\tZoo\tBears\nZOO002000\tZoo\tBears / Polar\n"
    assert [path for path, _ in paths(read(tmp_path, parts))] == ["Zoo", "Zoo / Bears", "Zoo / Bears / Polar"]


def archive(members: list[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as made:
        for info, data in members:
            info.size = len(data)
            made.addfile(info, io.BytesIO(data))
    return out.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def spreadsheet(**parts: str) -> bytes:
    """A workbook with some parts replaced."""
    book, out, changed = openpyxl.Workbook(), io.BytesIO(), io.BytesIO()
    for row in (["Code", "Literal"], ["ZOO001000", "ZOO / Bears"]):
        book.active.append(row)
    book.save(out)
    with zipfile.ZipFile(out) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(info.filename, parts.get(info.filename, old.read(info.filename).decode()))
    return changed.getvalue()


LAUGHS = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">' + "".join(
    f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)
)
SHEET = "xl/worksheets/sheet1.xml"
SHEET = "xl/worksheets/sheet1.xml"
NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def sheet(cell: str, prolog: str = "") -> bytes:
    """A workbook whose sheet is one cell."""
    inner = f"<row r='1'><c t='inlineStr'><is><t>{cell}</t></is></c></row>"
    return spreadsheet(**{SHEET: f"{prolog}<worksheet xmlns='{NAMESPACE}'><sheetData>{inner}</sheetData></worksheet>"})


def yaml_laughs() -> str:
    lines = [f"a{n}: &a{n} {{{', '.join(f'k{i}: *a{n - 1}' for i in range(9))}}}" for n in range(1, 30)]
    return "\n".join(["a0: &a0 [x, y]", *lines])


LIST = json.dumps({"ZOO001000": "ZOO / Bears"}).encode()
REFUSED: dict[str, tuple[str | bytes, str]] = {
    "an empty file": ("", "no columns of codes and literals"),
    "an empty list": ("code,literal\n", "there is no category in it"),
    "an empty mapping": ("{}", "there is no category in it"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not text"),
    "prose": ("It was a dark night.\nThe bears slept, and so did the cats.\n", "no columns of codes and literals"),
    "an old spreadsheet": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save it as .xlsx"),
    "a zip": (spreadsheet().replace(b"xl/workbook.xml", b"xl/workbook.xmm"), "no .xlsx spreadsheet"),
    "a truncated spreadsheet": (spreadsheet()[:-200], "damaged or truncated spreadsheet"),
    "broken JSON": ('{"ZOO001000": "ZOO / Bears",\n', "line 2: not valid JSON"),
    "a truncated archive": (archive([(member("l.json"), random.Random(0).randbytes(9999))])[:5000], "damaged or truncated"),
    "a tar cut in its list": (gzip.decompress(archive([(member("l.json"), LIST * 99)]))[:900], "truncated"),
    "an archive without a list": (archive([(member("p/readme.md"), b"hello")]), "an archive without a list"),
    "an archive of nothing readable": (archive([(member("p/a.json"), b"[1]")]), "p/a.json in it"),
    "an archive that climbs out": (archive([(member("p/../../l.json"), LIST)]), "a path that leads out of it"),
    "an archive with an absolute path": (archive([(member("/etc/l.json"), LIST)]), "a path that leads out of it"),
    "an archive with a link": (
        archive([(member("l.json", tarfile.SYMTYPE, "/etc/passwd"), b"")]),
        "a link or a device",
    ),
    "a code with two literals": (
        ZOO + "ZOO001000,ZOO / Ursids\n",
        r"code ZOO001000 stands in two places: 'ZOO / Bears' \(line 3\) and 'ZOO / Ursids' \(line 4\)",
    ),
    "the same in JSON": ('{"ZOO001000": "ZOO / Bears", "ZOO001000": "ZOO / Ursids"}', "'ZOO001000' stands in two places"),
    "a literal with two codes": (ZOO + "ZOO002000,ZOO / bears\n", r"has code ZOO001000 \(line 3\) and code ZOO002000"),
    "a cycle": ("parent,child\nA,B\nB,C\nC,A\n", "line 2: a cycle: B < A < C < B"),
    "its own parent": ("id,parent,name\n1,,A\n2,2,B\n", "line 3: a cycle: B < B"),
    "two parents": ("parent,child\nA,C\nB,C\n", "line 3: 'C' is there already"),
    "a parent that is not there": ("id,parent,name\n1,,A\n2,9,B\n", "line 3: its parent '9' is no line's id"),
    "a huge cell": (ZOO + "ZOO002000,ZOO / " + "x" * 100_000 + "\n", "line 4: a cell of 100,006 characters"),
    "a huger cell": (ZOO + "ZOO002000,ZOO / " + "x" * 1_000_000 + "\n", "line 4: not a table"),
    "a quote that never closes": (ZOO + 'ZOO002000,"ZOO / Cats\n' + "ZOO003000,ZOO / Dogs\n" * 99, "a cell of"),
    "a control character": (ZOO + "ZOO002000,ZOO / \x1b[31mCats\n", "line 4: a control or private character"),
    "laughs in YAML": (yaml_laughs(), "more than 200,000 categories"),
    "laughs in a spreadsheet": (sheet("&a11;", LAUGHS + "]>"), "a spreadsheet that cannot be read .EntitiesForbidden"),
    "a bomb of a spreadsheet": (spreadsheet(**{SHEET: " " * (33 << 20)}), "bytes unpacked"),
    "a huge cell in a spreadsheet": (sheet("x" * 200_000), "row 1: a cell of 200,000 characters"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_a_file_that_is_no_list_is_refused_in_one_line(what: str, tmp_path: Path) -> None:
    data, complaint = REFUSED[what]
    with pytest.raises(UsageError, match=complaint) as raised:
        read(tmp_path, data)
    assert "\n" not in str(raised.value)
    assert str(raised.value).startswith(f"{tmp_path / 'list'}: ")


def test_an_archive_that_unpacks_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tarball, "MAX_BYTES", 1 << 20)
    with pytest.raises(UsageError, match="holds more than 1,048,576 bytes"):
        read(tmp_path, archive([(member(f"{n}.txt"), bytes(1 << 19)) for n in range(3)]))
    with pytest.raises(UsageError, match="at most 1,048,576 are read"):
        read(tmp_path, archive([(member("l.json"), bytes(2 << 20))]))


def test_a_spreadsheet_without_the_extra_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    with pytest.raises(UsageError, match=r"needs openpyxl, .* pip install 'litelong\[xlsx\]'"):
        read(tmp_path, spreadsheet())
