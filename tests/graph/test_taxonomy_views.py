"""A run's topics in its taxonomy: show, stats, export. The run is real."""

import os
import pty
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx
import orjson
import pytest

from taxonomy import load_taxonomy
from taxonomy.importing.reading import read_file

Litelong = Callable[..., Any]
BIRDS = "NATURE / Wildlife / Birds"


def topics_of(run: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in (run / "topics.jsonl").read_bytes().splitlines()]


def test_show_hangs_a_runs_topics_under_their_categories(litelong: Litelong, finished: Path) -> None:
    titles = [topic["title"] for topic in topics_of(finished) if topic["category"] == BIRDS]
    out = litelong("taxonomy", "show", "NATURE/Wildlife", "--run", finished).out
    assert titles
    assert f"Birds  {len(titles)} topics" in out
    for title in titles:
        assert f"── {title}\n" in out
    found = orjson.loads(litelong("taxonomy", "show", BIRDS, "--run", finished, "--json").out)
    assert [topic["title"] for topic in found["topics"]] == titles


def test_stats_say_how_much_of_each_section_has_topics(
    litelong: Litelong, finished: Path, categories: tuple[str, ...]
) -> None:
    topics = topics_of(finished)
    found = orjson.loads(litelong("taxonomy", "stats", "--run", finished, "--json").out)
    assert (found["debated"], found["topics"]) == (len(categories), len(topics))
    assert found["covered"] == len({topic["category"] for topic in topics})
    nature = next(section for section in found["per_section"] if section["name"] == "NATURE")
    assert (nature["debated"], nature["covered"], nature["coverage"]) == (1, 1, 1.0)
    assert sum(section["covered"] for section in found["per_section"]) == found["covered"]
    whole = orjson.loads(litelong("taxonomy", "stats", "--run", finished, "--source", "compact", "--json").out)
    nature = next(section for section in whole["per_section"] if section["name"] == "NATURE")
    assert 0 < nature["coverage"] == round(1 / nature["debated"], 4) < 0.2
    assert f"{found['coverage']:.1%}" in litelong("taxonomy", "stats", "--run", finished).out


def test_graphml_holds_the_whole_graph(litelong: Litelong, finished: Path, tmp_path: Path) -> None:
    file = tmp_path / "out" / "tree.graphml"
    assert litelong("taxonomy", "export", file, "--run", finished).out.startswith("wrote 787 categories and ")
    graph = networkx.read_graphml(file)
    topics, tree = topics_of(finished), load_taxonomy("compact")
    assert len(graph) == len(tree) + len(topics)
    assert {node for node, kind in graph.nodes(data="kind") if kind == "topic"} == {t["topic_id"] for t in topics}
    assert graph.nodes[topics[0]["topic_id"]]["title"] == topics[0]["title"]
    edges = {(above, below) for above, below, kind in graph.edges(data="kind") if kind == "child"}
    assert edges == {(parent.path, c.path) for c in tree if (parent := tree.parent(c))}


def test_json_is_imported_again_as_the_same_taxonomy(litelong: Litelong, finished: Path, tmp_path: Path) -> None:
    file = tmp_path / "tree.json"
    litelong("taxonomy", "export", file, "--run", finished)
    again = read_file(file, "again")[1]
    assert again.warnings == ()
    assert again.listing.digest() == load_taxonomy("compact").links.digest()


def test_what_cannot_be_shown_is_one_line(litelong: Litelong, finished: Path, tmp_path: Path) -> None:
    for arguments, complaint in (
        (("show", "--run", tmp_path), "not a run directory"),
        (("export", tmp_path / "tree.xml"), "end it with .graphml or .json"),
        (("stats", "--source", "nowhere.csv"), "taxonomy.source 'nowhere.csv' is unknown"),
        (("show", "--source", "compact", "Bears & Cats"), "has no category"),
    ):
        answer = litelong("taxonomy", *arguments)
        assert (answer.status, answer.out, answer.err.count("\n")) == (2, "", 1)
        assert complaint in answer.err


def test_another_taxonomy_than_the_runs_own_is_refused(litelong: Litelong, copied: Path) -> None:
    manifest = orjson.loads((copied / "manifest.json").read_bytes())
    manifest["taxonomy"]["digest"] = "0" * 32
    (copied / "manifest.json").write_bytes(orjson.dumps(manifest))
    for command in (("taxonomy", "stats", "--run", copied), ("validate", copied)):
        answer = litelong(*command)
        assert answer.status == 2
        assert "began with another compact taxonomy" in answer.err


def test_on_a_terminal_the_tree_has_colours_and_control_characters_are_visible(
    command_path: Path, tmp_path: Path
) -> None:
    leader, follower = pty.openpty()
    command = [str(command_path), "taxonomy", "show", "NATURE", "--depth", "1"]
    subprocess.run(command, stdout=follower, check=True, env={**os.environ, "TERM": "xterm-256color"})
    os.close(follower)
    text = os.read(leader, 1 << 16).decode()
    os.close(leader)
    assert "\x1b[1mNATURE" in text
    assert "├── " in text


def test_a_file_with_a_reference_that_leads_nowhere_is_said_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "zoo.csv"
    file.write_text("code,literal\nZ1,ZOO / Bears (see also Yeti)\nZ2,ZOO / Cats (see also Yeti)\n")
    load_taxonomy(str(file))
    assert caplog.messages == [
        f"'{file}': line 2: 'see also Yeti' of 'ZOO / Bears' leads nowhere (and 1 more; `litelong taxonomy import` lists them)"
    ]
