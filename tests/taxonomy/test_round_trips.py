"""Random trees written in every form that can be imported, and read back: equal. With and without the list's quirks."""

import csv
import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import networkx
import openpyxl
import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from taxonomy import Taxonomy
from taxonomy.export import to_graphml, to_json_bytes
from taxonomy.importing.gather import Gathered
from taxonomy.importing.reading import read_file
from taxonomy.listing import Listing, SeeAlso
from taxonomy.names import normalised, path_key

Nodes = list[tuple[tuple[str, ...], str | None]]
NAMES = (
    st.text(st.sampled_from("abAB9 &,-.'([éßñ"), min_size=1, max_size=8)
    .map(lambda s: " ".join(s.split()))
    .filter(lambda s: s and not s.startswith("&"))
)
WORDS = st.text(st.sampled_from("abcdé,- "), min_size=1, max_size=9).map(lambda s: " ".join(s.split())).filter(bool)


@st.composite
def trees(draw: st.DrawFn, names: st.SearchStrategy[str] = NAMES) -> Nodes:
    """A random tree, depth first. Leaves have codes, inner nodes sometimes: a list of codes says nothing of other leaves."""
    children: dict[tuple[str, ...], list[str]] = {(): []}
    for name in draw(st.lists(names, min_size=1, max_size=15)):
        above = draw(st.sampled_from(list(children)))
        if normalised(name) not in map(normalised, children[above]):
            children[above].append(name)
            children[(*above, name)] = []
    shape = draw(st.sampled_from(["C{}", "ZZZ{:06}", "Z{}.5"]))
    nodes: Nodes = []
    stack: list[tuple[str, ...]] = [(name,) for name in reversed(children[()])]
    while stack:
        path = stack.pop()
        coded = not children[path] or draw(st.booleans())
        nodes.append((path, shape.format(len(nodes) + 1) if coded else None))
        stack += [(*path, name) for name in reversed(children[path])]
    return nodes


def imported(path: Path, data: str | bytes, encoding: str = "utf-8") -> Gathered:
    path.write_bytes(data if isinstance(data, bytes) else data.encode(encoding))
    return read_file(path, "random")[1]


def read_back(gathered: Gathered) -> Nodes:
    assert not gathered.warnings
    return [(tuple(c.path.split(" / ")), c.code) for c in Taxonomy.of(gathered.listing)]


def rows(nodes: Nodes) -> list[list[str]]:
    return [[code, " / ".join(path)] for path, code in nodes if code]


def table(lines: list[list[str]], separator: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows(lines)
    return out.getvalue()


def headed(nodes: Nodes) -> list[list[str]]:
    lines = [[code, path[0], " / ".join(path[1:]) or "General"] for path, code in nodes if code]
    return [["code", "heading", "label"], *lines]


def workbook(lines: list[list[str]]) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for line in lines:
        book.active.append(line)
    book.save(out)
    return out.getvalue()


def records(nodes: Nodes, at: tuple[str, ...] = ()) -> list[object]:
    below = [(path, code) for path, code in nodes if path[:-1] == at]
    return [{"name": path[-1], "code": code, "children": records(nodes, path)} for path, code in below]


def edges(nodes: Nodes) -> list[list[str]]:
    ids = {path: str(number) for number, (path, _) in enumerate(nodes)}
    lines = [[ids[path], ids.get(path[:-1], ""), path[-1], code or ""] for path, code in nodes]
    return [["id", "parent_id", "name", "code"], *lines]


def package(nodes: Nodes) -> str:
    sections: dict[str, list[dict[str, str]]] = {}
    for path, code in nodes:
        if code:
            sections.setdefault(path[0], []).append({"code": code, "label": "\xa0/ ".join(path)})
    data = {
        "date": "2025-08-29",
        "categories": [{"heading": k, "notes": [], "subjects": v} for k, v in sections.items()],
    }
    return json.dumps(data)


def tarball(content: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, data in (
            ("package/package.json", b'{"name": "x", "version": "1"}'),
            ("package/data/list.json", content),
        ):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


class Form(NamedTuple):
    """How a tree is written, and in which encoding."""

    write: Callable[[Nodes], str | bytes]
    encoding: str = "utf-8"


TITLE = [["My list"], [], ["notes", "BISAC_Code", "full literal"]]
FORMS = {
    "csv of code and literal": Form(lambda nodes: table([["Code", "Literal"], *rows(nodes)], ",")),
    "the same with a byte order mark": Form(lambda nodes: table([["Code", "Literal"], *rows(nodes)], ","), "utf-8-sig"),
    "the same in cp1252, by semicolons": Form(lambda nodes: table([["Code", "Literal"], *rows(nodes)], ";"), "cp1252"),
    "the same in UTF-16, by tabs": Form(lambda nodes: table([["Code", "Literal"], *rows(nodes)], "\t"), "utf-16"),
    "under a title": Form(lambda nodes: table([*TITLE, *(["", *row] for row in rows(nodes))], "|")),
    "csv of code, heading and label": Form(lambda nodes: table(headed(nodes), ",")),
    "spreadsheet of code and literal": Form(lambda nodes: workbook([["Code", "Literal"], *rows(nodes)])),
    "spreadsheet of code, heading and label": Form(lambda nodes: workbook(headed(nodes))),
    "json of code to literal": Form(lambda nodes: json.dumps(dict(rows(nodes)))),
    "json rows": Form(lambda nodes: json.dumps([{"code": code, "literal": literal} for code, literal in rows(nodes)])),
    "the package's json": Form(package),
    "a tarball": Form(lambda nodes: tarball(package(nodes).encode())),
    "nested json": Form(lambda nodes: json.dumps(records(nodes))),
    "nested yaml": Form(lambda nodes: yaml.safe_dump(records(nodes), allow_unicode=True, sort_keys=False)),
    "parents and children": Form(lambda nodes: table(edges(nodes), ",")),
}  # fmt: skip


def _shouted(path: tuple[str, ...]) -> bool:
    return len(path) > 1 and path[1].isupper() and normalised(path[1]) == normalised(path[0])


SLOW = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("form", FORMS)
@SLOW
@given(nodes=trees())
def test_a_tree_written_and_read_back_is_equal(form: str, nodes: Nodes, tmp_path: Path) -> None:
    # A heading's own name in capitals before a label is taken for the heading, as one export has it.
    assume("label" not in form or not any(_shouted(path) for path, _ in nodes))
    data = FORMS[form].write(nodes)
    assert read_back(imported(tmp_path / "list", data, FORMS[form].encoding)) == nodes


@SLOW
@given(nodes=trees(), data=st.data())
def test_the_lines_of_a_tree_by_id_may_stand_in_any_order(nodes: Nodes, data: st.DataObject, tmp_path: Path) -> None:
    head, *lines = edges(nodes)
    shuffled = data.draw(st.permutations(lines))
    found = read_back(imported(tmp_path / "list.csv", table([head, *shuffled], ",")))
    assert sorted(found, key=repr) == sorted(nodes, key=repr)


@SLOW
@given(nodes=trees())
def test_names_alone_are_enough_for_a_tree_of_mappings(nodes: Nodes, tmp_path: Path) -> None:
    def mapping(at: tuple[str, ...]) -> dict[str, object] | None:
        below = [path for path, _ in nodes if path[:-1] == at]
        return {path[-1]: mapping(path) for path in below} or None

    bare = [(path, None) for path, _ in nodes]
    data = yaml.safe_dump(mapping(()), allow_unicode=True, sort_keys=False)
    assert read_back(imported(tmp_path / "list.yaml", data)) == bare


@SLOW
@given(nodes=trees())
def test_parents_and_children_by_name_need_no_ids(nodes: Nodes, tmp_path: Path) -> None:
    named = [(tuple(f"{name} {'x'.join(path[: at + 1])}" for at, name in enumerate(path)), None) for path, _ in nodes]
    lines = [[path[-2] if len(path) > 1 else "", path[-1]] for path, _ in named]
    keys = [normalised(child) for _, child in lines]
    if len(set(keys)) < len(keys):
        return  # two nodes of one name cannot be told apart without ids
    assert read_back(imported(tmp_path / "list.csv", table([["parent", "child"], *lines], ","))) == named


@SLOW
@given(nodes=trees(WORDS), data=st.data())
def test_a_list_with_all_its_quirks_is_the_tree_it_was_written_from(
    nodes: Nodes, data: st.DataObject, tmp_path: Path
) -> None:
    """Stars, no-break spaces, `General`, references to everywhere; sections in capitals, as the list prints them."""
    nodes = [((f"S{path[0].upper()}S", *path[1:]), code) for path, code in nodes]
    if len({path_key(" / ".join(path)) for path, _ in nodes}) < len(nodes):
        return
    inner = {path[:-1] for path, _ in nodes}
    lines, expected = [["code", "literal"]], set()
    for path, code in nodes:
        if not code:
            continue
        written = (*path, "General") if path in inner and data.draw(st.booleans()) else path
        text = data.draw(st.sampled_from([" / ", "\xa0/ ", "\xa0/\xa0"])).join(written)
        target, _ = data.draw(st.sampled_from(nodes))
        if target != path and data.draw(st.booleans()):
            under = data.draw(st.sampled_from(["", "headings under\xa0"]))
            text += f" (see also {under}{' / '.join(target)})"
            expected.add((" / ".join(path), " / ".join(target), bool(under)))
        lines.append([code, text + data.draw(st.sampled_from(["", " *", "\xa0*"]))])
    gathered = imported(tmp_path / "list.csv", table(lines, ","))
    assert read_back(gathered) == nodes
    assert set(gathered.listing.see_also) == expected


@SLOW
@given(nodes=trees(), data=st.data())
def test_what_is_stored_and_what_is_exported_is_the_same_taxonomy(
    nodes: Nodes, data: st.DataObject, tmp_path: Path
) -> None:
    paths = [" / ".join(path) for path, _ in nodes]
    pairs = data.draw(st.lists(st.tuples(st.sampled_from(paths), st.sampled_from(paths), st.booleans()), max_size=4))
    edges = {(source, target): SeeAlso(source, target, under) for source, target, under in pairs if source != target}
    listing = Listing(
        name="random",
        categories=tuple((path, code) for path, (_, code) in zip(paths, nodes, strict=True)),
        see_also=tuple(sorted(edges.values(), key=lambda edge: paths.index(edge.source))),
        aliases={"Zz / Another": paths[-1]} if data.draw(st.booleans()) else {},
        notes={paths[0]: ("A note.",)},
        edition=data.draw(st.sampled_from([None, "2031"])),
    )
    assert Listing.from_bytes(listing.to_bytes(), "here") == listing
    tree = Taxonomy.of(listing)
    again = imported(tmp_path / "tree.json", to_json_bytes(tree))
    assert not again.warnings
    assert replace(again.listing, terms=None) == listing
    graph = networkx.read_graphml(io.BytesIO(to_graphml(tree)))
    assert [(node, data.get("code")) for node, data in graph.nodes(data=True)] == [*listing.categories]
