"""`litelong taxonomy import` and a run's use of what it keeps."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from graph import load_config
from litelong import UsageError
from taxonomy import load_taxonomy
from taxonomy.store import home, imported

Litelong = Callable[..., Any]
ZOO = "code,literal\nZOO000000,ZOO / General\nZOO001000,ZOO / Bears (see also Cats or Yeti)\nZOO002000,ZOO / Cats *\n"


@pytest.fixture(autouse=True)
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LITELONG_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def zoo(tmp_path: Path) -> Path:
    path = tmp_path / "zoo.csv"
    path.write_text(ZOO)
    return path


def test_an_import_gives_an_account_and_is_usable_by_its_name(litelong: Litelong, zoo: Path, empty_home: Path) -> None:
    answer = litelong("taxonomy", "import", zoo, "--name", "zoo")
    assert (answer.status, answer.err) == (0, "")
    for part in (
        f"read 3 lines of {zoo} as a table with columns code, literal",
        "3 categories (1 at depth 0, 2 at depth 1); 3 with a code, 2 leaves, 1 inner",
        "changed: 1 'General' folded into its parent",
        "warning: line 3: 'see also Yeti' of 'ZOO / Bears' leads nowhere",
        f"kept as {empty_home}/taxonomies/zoo.json",
        "`taxonomy: zoo`",
    ):
        assert part in answer.out
    assert answer.out.count("\nterms: ") == 1
    assert [c.path for c in load_taxonomy("zoo")] == ["ZOO", "ZOO / Bears", "ZOO / Cats"]
    assert imported() == ["zoo"]
    again = orjson.loads(litelong("taxonomy", "import", zoo, "--name", "zoo", "--json").out)
    assert (again["replaced"], again["categories"], again["see_also"]) == (True, 3, 1)


def test_a_list_with_bisac_codes_is_called_bisac_and_another_one_after_its_file(
    litelong: Litelong, tmp_path: Path, zoo: Path
) -> None:
    assert "`taxonomy: bisac`" in litelong("taxonomy", "import", zoo).out
    assert load_taxonomy("bisac").requested == load_taxonomy("bisac").name == "bisac"
    tree = tmp_path / "My-Tree.yaml"
    tree.write_text("Zoo: [Bears, Cats]")
    assert "`taxonomy: my-tree`" in litelong("taxonomy", "import", tree).out
    assert imported() == ["bisac", "my-tree"]


def test_a_refused_file_leaves_what_was_imported_before(litelong: Litelong, zoo: Path) -> None:
    litelong("taxonomy", "import", zoo, "--name", "zoo")
    before = {path: path.read_bytes() for path in home().rglob("*") if path.is_file()}
    zoo.write_text(ZOO + "ZOO001000,ZOO / Ursids\n")
    answer = litelong("taxonomy", "import", zoo, "--name", "zoo")
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.count("\n") == 1
    assert "code ZOO001000 stands in two places" in answer.err
    assert {path: path.read_bytes() for path in home().rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("name", ["compact", "../zoo", "Zoo", "", "a" * 61, ".zoo", "a/b"])
def test_a_name_that_cannot_be_one_is_refused_and_nothing_is_made(litelong: Litelong, zoo: Path, name: str) -> None:
    answer = litelong("taxonomy", "import", zoo, "--name", name)
    assert answer.status == 2
    assert "name" in answer.err
    assert not home().exists()


def test_a_file_that_is_not_there_or_has_no_name_is_refused(litelong: Litelong, tmp_path: Path, zoo: Path) -> None:
    assert "cannot be read (No such file" in litelong("taxonomy", "import", tmp_path / "none").err
    assert "cannot be read (Is a directory" in litelong("taxonomy", "import", tmp_path).err
    odd = zoo.with_name("Größe ?.yaml")
    odd.write_text("Zoo: [Bears]")
    assert "give it one with --name" in litelong("taxonomy", "import", odd).err


def test_a_data_folder_that_cannot_be_made_is_said_in_one_line(
    litelong: Litelong, zoo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LITELONG_HOME", str(zoo / "below-a-file"))
    answer = litelong("taxonomy", "import", zoo)
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert "set LITELONG_HOME to another folder" in answer.err


def test_a_damaged_import_is_said_in_one_line(litelong: Litelong, zoo: Path) -> None:
    litelong("taxonomy", "import", zoo, "--name", "zoo")
    path = home() / "taxonomies" / "zoo.json"
    for data in (path.read_bytes().replace(b"Cats", b"Dogs"), path.read_bytes()[:-20], b"[]", b'{"format": 9}'):
        path.write_bytes(data)
        with pytest.raises(UsageError, match="import the list again"):
            load_taxonomy("zoo")


def test_a_file_can_be_named_as_the_source_itself(zoo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(zoo.parent)
    for source in ("zoo.csv", "./zoo.csv", str(zoo)):
        config = load_config({"corpus": {"path": "demo"}, "taxonomy": source})
        assert config.taxonomy.source == str(zoo)
    assert [c.path for c in load_taxonomy(str(zoo))] == ["ZOO", "ZOO / Bears", "ZOO / Cats"]


def test_a_run_records_its_taxonomy_and_refuses_another_content_of_it(
    litelong: Litelong, config_file: Callable[..., Path], tmp_path: Path
) -> None:
    tree = tmp_path / "tree.yaml"
    tree.write_text("NATURE: {Wildlife: [Birds, Beasts]}\nCOOKING: ['Bread, Cakes and Pastry']")
    config = config_file(taxonomy={"source": str(tree), "select": ["NATURE/**", "COOKING/**"]})
    assert litelong("run", config).status == 0
    manifest = orjson.loads((tmp_path / "run" / "manifest.json").read_bytes())
    assert manifest["taxonomy"] == {
        "requested": "tree.yaml",
        "name": "tree.yaml",
        "edition": None,
        "digest": load_taxonomy(str(tree)).links.digest(),
    }
    tree.write_text("NATURE: {Wildlife: [Birds]}\nCOOKING: ['Bread, Cakes and Pastry']")
    answer = litelong("run", config)
    assert answer.status == 2
    assert "began with another tree.yaml taxonomy" in answer.err


def test_bisac_without_an_import_is_the_compact_tree_and_says_so(
    litelong: Litelong,
    config_file: Callable[..., Path],
    caplog: pytest.LogCaptureFixture,
    two: dict[str, Any],
    tmp_path: Path,
) -> None:
    config = config_file(taxonomy={**two, "source": "bisac"})
    said = "taxonomy compact: 787 categories; it stands in for bisac, which is not imported on this machine"
    planned = orjson.loads(litelong("plan", config, "--json").out)
    assert planned["taxonomy"].startswith(said)
    assert any(message.startswith(said) for message in caplog.messages)
    assert litelong("run", config).status == 0
    manifest = orjson.loads((tmp_path / "run" / "manifest.json").read_bytes())
    assert (manifest["taxonomy"]["requested"], manifest["taxonomy"]["name"]) == ("bisac", "compact")
