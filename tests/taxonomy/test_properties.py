"""What holds for every taxonomy, whatever its shape and names."""

import networkx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from litelong import UsageError
from taxonomy import Category, Choice, Taxonomy, topic_id
from taxonomy.names import normalised, path_key
from taxonomy.tree import TreeNode, to_json, tree_lines

NAMES = (
    st.text(st.sampled_from("abAB9 &,-.'()[éßñς"), min_size=1, max_size=8)
    .map(lambda s: " ".join(s.split()))
    .filter(bool)
)


@st.composite
def taxonomies(draw: st.DrawFn) -> Taxonomy:
    """A random tree; its rows come in any order in which an ancestor may be missing or stand after its descendants."""
    paths: dict[str, list[str]] = {}
    coded = draw(st.booleans())
    for name in draw(st.lists(NAMES, min_size=1, max_size=25)):
        parents: list[list[str]] = [[], *paths.values()]
        path = [*draw(st.sampled_from(parents)), name]
        paths.setdefault(path_key("/".join(path)), path)
    rows = draw(st.permutations(list(paths.values())))
    return Taxonomy("random", [Category.of(row, f"C{i}" if coded and i % 3 else None) for i, row in enumerate(rows)])


@given(taxonomies())
def test_children_and_ancestors_are_inverse(taxonomy: Taxonomy) -> None:
    for category in taxonomy:
        assert all(taxonomy.parent(child) == category for child in taxonomy.children(category))
        above = taxonomy.ancestors(category)
        assert [a.depth for a in above] == list(range(category.depth))
        assert all(category in taxonomy.subtree(a) for a in above)
        assert above[:1] in ([], [taxonomy.category(category.section)])


@given(taxonomies())
def test_the_tables_agree_with_the_graph(taxonomy: Taxonomy) -> None:
    graph = taxonomy.graph
    assert networkx.is_forest(graph)
    assert {c.path for c in taxonomy} == set(graph)
    for category in taxonomy:
        assert [c.path for c in taxonomy.children(category)] == list(graph.successors(category.path))
        assert {c.path for c in taxonomy.subtree(category)} == {
            category.path,
            *networkx.descendants(graph, category.path),
        }
        assert taxonomy.is_leaf(category) == (graph.out_degree(category.path) == 0)


@given(taxonomies())
def test_subtrees_and_leaves_partition_the_tree_in_its_order(taxonomy: Taxonomy) -> None:
    assert [c for section in taxonomy.sections() for c in taxonomy.subtree(section)] == list(taxonomy)
    assert [c for section in taxonomy.sections() for c in taxonomy.leaves(section)] == taxonomy.leaves()
    stats = taxonomy.stats()
    assert stats.leaves + stats.inner == stats.categories == sum(stats.by_depth) == len(taxonomy)


@given(taxonomies())
def test_two_stars_match_what_lies_below(taxonomy: Taxonomy) -> None:
    assert taxonomy.glob("**") == list(taxonomy)
    for category in taxonomy:
        assert taxonomy.glob(category.path + "/**") == taxonomy.subtree(category)[1:]
        assert taxonomy.glob(category.path + "/*") == taxonomy.children(category)
        assert category in taxonomy.glob("**/" + category.name)


@given(taxonomies())
def test_every_spelling_of_a_path_finds_its_category(taxonomy: Taxonomy) -> None:
    for category in taxonomy:
        path = category.path
        spellings = [path, path.upper(), path.lower(), path.title().swapcase(), path.replace("&", " and ")]
        spellings += [path.replace(" / ", "/"), path.replace(" / ", "  /"), f" {path} ", path.replace(" ", "  ")]
        assert {taxonomy.category(spelling).path for spelling in spellings} == {path}
        if category.code:
            assert taxonomy.category(category.code.lower()) == category


@given(taxonomies(), st.data())
def test_a_selection_repeats_nothing_and_keeps_the_order(taxonomy: Taxonomy, data: st.DataObject) -> None:
    everything = list(taxonomy)
    patterns = st.lists(st.sampled_from([*(c.path for c in everything), "**", "*", "**/*a*"]), max_size=4)
    select, exclude = data.draw(patterns), data.draw(patterns)
    try:
        found = taxonomy.select(Choice(select, exclude))
    except UsageError:
        return
    positions = [everything.index(category) for category in found]
    assert positions == sorted(set(positions))
    assert taxonomy.select(Choice(select, exclude, limit=1)) == found[:1]
    assert taxonomy.select(Choice([c.path for c in found])) == found


@given(taxonomies())
def test_a_list_written_down_and_read_again_is_the_same(taxonomy: Taxonomy) -> None:
    assert list(Taxonomy("again", list(taxonomy))) == list(taxonomy)


@given(taxonomies())
def test_lines_and_json_show_every_category_once(taxonomy: Taxonomy) -> None:
    def shown(node: TreeNode) -> list[str | None]:
        return [node["path"], *(path for child in node["children"] for path in shown(child))]

    assert shown(to_json(taxonomy))[1:] == [category.path for category in taxonomy]
    assert len(list(tree_lines(taxonomy))) == len(taxonomy)


@given(st.text())
def test_any_text_is_looked_up_without_another_error(text: str) -> None:
    taxonomy = Taxonomy("one", [Category.of(["A"])])
    assert taxonomy.glob(text) in ([], list(taxonomy))
    assume(taxonomy.find(text) is None)
    with pytest.raises(UsageError):
        taxonomy.category(text)


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)
    assert path_key(path_key(text)) == path_key(text)


@given(st.text(), st.text())
def test_topic_ids_tell_titles_apart_as_people_do(one: str, other: str) -> None:
    assert (topic_id("A", one) == topic_id("A", other)) == (normalised(one) == normalised(other))
    assert topic_id("A", one) != topic_id("B", one)
