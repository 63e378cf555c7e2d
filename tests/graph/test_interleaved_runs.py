"""Runs of the interleaved recipes: valid by the separate reader, the same bytes for any workers and interruption."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from graph import Config, run
from graph.stages import mine
from graph.validating import validate
from tools.packing.negatives_file import write_negatives
from tools.tokens import load_tokenizer

RECIPES = ["nextlong", "litelong+nextlong", "utk", "litelong+utk"]
MINING = {"granularity": 300}
NAMES = ("samples", "plan", "ledger.json", "negatives")
Configure = Callable[..., Config]


def content(path: Path) -> dict[str, bytes]:
    """The bytes of what must be the same."""
    files = [file for name in NAMES for file in ([path / name] if (path / name).is_file() else (path / name).glob("*"))]
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in files}


def rows(path: Path, name: str = "samples") -> list[dict[str, Any]]:
    return [row for file in sorted((path / name).glob("part-*")) for row in pq.read_table(file).to_pylist()]


@pytest.fixture
def chosen(config: Configure, two: dict[str, Any]) -> Configure:
    """A configuration of a recipe over the small corpus; one with topics has two categories of them."""

    def make(
        name: str, recipe: str, workers: int = 2, packing: Mapping[str, Any] | None = None, **negatives: Any
    ) -> Config:
        return config(
            name,
            run={"out": str(name), "workers": workers},
            packing={"recipe": recipe, "context_length": 1024, **(packing or {})},
            negatives={**MINING, **negatives},
            **({"taxonomy": two} if recipe.startswith("litelong") else {}),
        )

    return make


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_run_is_valid_and_the_same_for_any_number_of_workers(chosen: Configure, recipe: str, tmp_path: Path) -> None:
    one = run(chosen(str(tmp_path / "one"), recipe, workers=1))
    other = run(chosen(str(tmp_path / "other"), recipe, workers=4))
    assert one.samples >= 4
    found = validate(one.path)
    assert found.problems == []
    assert found.samples == one.samples
    assert {len(row["input_ids"]) for row in rows(one.path)} == {1024}
    assert content(one.path) == content(other.path)
    assert list(orjson.loads((one.path / "manifest.json").read_bytes())["stages"])[-3:] == (
        ["mine", "pack", "report"] if "nextlong" in recipe else ["encode", "pack", "report"]
    )


@pytest.mark.parametrize(
    ("recipe", "how"),
    [
        ("nextlong", {"position": "tail"}),
        ("nextlong", {"position": "random", "unit": "tokens", "granularity": 80}),
        ("nextlong", {"truncate": "tail", "near_copies": None, "words": None}),
        ("litelong+nextlong", {"pool": "topic"}),
        ("litelong+nextlong", {"pool": "corpus", "expansion": 3}),
        ("nextlong", {"source": "dense"}),
    ],
)
def test_every_way_to_arrange_and_mine_gives_a_valid_run(
    chosen: Configure, recipe: str, how: dict[str, Any], tmp_path: Path
) -> None:
    made = run(chosen(str(tmp_path / "run"), recipe, **how))
    assert made.samples
    assert validate(made.path).problems == []
    assert not (made.path / "negatives" / "index").exists(), "the index of chunks is thrown away"


@pytest.mark.parametrize("recipe", ["nextlong", "litelong+nextlong"])
def test_what_no_sample_has_of_documents_goes_to_the_remainder_pool(
    chosen: Configure, recipe: str, tmp_path: Path
) -> None:
    alone = run(chosen(str(tmp_path / "alone"), recipe))
    made = run(chosen(str(tmp_path / "run"), recipe, packing={"remainder": "pool", "padding": True}))
    assert validate(made.path).problems == []
    both = [rows(made.path), rows(alone.path)]
    assert both[0][: len(both[1])] == both[1]
    more = both[0][len(both[1]) :]
    assert {row["recipe"] for row in more} == {f"{recipe}/remainder"}
    assert {segment["role"] for row in more for segment in row["segments"]} == {"document"}
    account = orjson.loads((made.path / "ledger.json").read_bytes())["tokens"]
    before = orjson.loads((alone.path / "ledger.json").read_bytes())["tokens"]
    assert account["unused"] + account["passed_over"] + account["near_duplicate"] == 0 < before["unused"]
    assert account["cut"] <= before["cut"]


def test_negatives_of_the_topics_own_pool_are_its_own_hits(chosen: Configure, tmp_path: Path) -> None:
    made = run(chosen(str(tmp_path / "run"), "litelong+nextlong", pool="topic"))
    hits: dict[str, set[str]] = {}
    for row in rows(made.path, "hits"):
        hits.setdefault(row["topic_id"], set()).add(row["doc_id"])
    for row in rows(made.path):
        assert {segment["doc_id"] for segment in row["segments"]} <= hits[row["topic_id"]]


def test_what_was_mined_and_refused_is_recorded(chosen: Configure, tmp_path: Path) -> None:
    made = run(chosen(str(tmp_path / "run"), "nextlong"))
    roots = pq.read_table(made.path / "negatives" / "roots.parquet").to_pylist()
    assert len({root["doc_id"] for root in roots}) == len(roots), "without replacement"
    anchors = {row["segments"][0]["doc_id"] for row in rows(made.path)}
    assert anchors <= {root["doc_id"] for root in roots}
    account = orjson.loads((made.path / "ledger.json").read_bytes())["negatives"]
    assert account["roots"] == len(roots)
    assert account["near_copies_threshold"] == 0.8
    assert {"negatives", "near_copies", "near_duplicates_refused"} <= set(account)
    loose = run(chosen(str(tmp_path / "loose"), "nextlong", near_copies=None))
    tight = run(chosen(str(tmp_path / "tight"), "nextlong", near_copies=0.5))
    assert orjson.loads((loose.path / "ledger.json").read_bytes())["negatives"]["near_copies"] == 0
    assert orjson.loads((tight.path / "ledger.json").read_bytes())["negatives"]["near_copies"] > 0


PIECE = re.compile(
    r"\n<piece (?P<label>[A-Z]+)>\n(?:<after cut (?P<after>[12])>\n)?(?P<text>.*?)"
    r"(?:\n<cut (?P<cut>[12])>\n|\n<pieces (?P<traced>[A-Z, ]+)>\n)",
    re.DOTALL,
)


@pytest.mark.parametrize("recipe", ["utk", "litelong+utk"])
def test_who_reads_a_traced_sample_as_text_can_untie_it(
    chosen: Configure, recipe: str, texts: Sequence[Any], tmp_path: Path
) -> None:
    """The reader has the text of the samples and of the corpus alone."""
    packing = {"back_trace": True, "remainder": "pool", "padding": True}
    made = run(chosen(str(tmp_path / "run"), recipe, packing=packing))
    assert validate(made.path).problems == []
    decode = load_tokenizer("cl100k_base", Path()).decode
    traces = 0
    for row in rows(made.path):
        pieces = {match["label"]: match for match in PIECE.finditer(decode(np.array(row["input_ids"])))}
        traced = [match for match in pieces.values() if match["traced"]]
        listed = [label for match in traced for label in match["traced"].split(", ")]
        assert sorted(listed) == sorted(pieces), "every piece is in one trace"
        for match in traced:
            own = [pieces[label] for label in match["traced"].split(", ")]
            assert own[-1] is match, "the trace stands after the last piece"
            assert [piece["after"] for piece in own] == [None, *(str(n) for n in range(1, len(own)))]
            assert [piece["cut"] for piece in own] == [*(str(n) for n in range(1, len(own))), None]
            untied = "".join(piece["text"] for piece in own)
            assert any(untied in text.text for text in texts)
            traces += 1
    assert traces >= 10
    tokens = orjson.loads((made.path / "ledger.json").read_bytes())["tokens"]
    assert tokens["special"] > 20 * traces


class KilledError(BaseException):
    """What stands for a kill."""


@pytest.mark.parametrize("source", ["bm25", "dense"])
def test_mining_that_is_killed_goes_on_with_the_next_part(
    chosen: Configure, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mine, "ROOTS_PER_FILE", 8)
    undisturbed = run(chosen(str(tmp_path / "undisturbed"), "nextlong", source=source))
    written: list[Path] = []
    write = write_negatives

    def write_two_and_die(path: Path, *rest: Any) -> None:
        if len(written) == 2:
            raise KilledError
        written.append(path)
        write(path, *rest)

    with monkeypatch.context() as killing:
        killing.setattr(mine, "write_negatives", write_two_and_die)
        with pytest.raises(KilledError):
            run(chosen(str(tmp_path / "run"), "nextlong", source=source))
    before = [path.stat().st_mtime_ns for path in written]
    assert len(before) == 2
    assert (tmp_path / "run" / "negatives" / "index").exists()
    again = run(chosen(str(tmp_path / "run"), "nextlong", source=source))
    assert [path.stat().st_mtime_ns for path in written] == before
    assert content(again.path) == content(undisturbed.path)


def test_validate_names_a_layout_that_is_wrong(chosen: Configure, tmp_path: Path) -> None:
    made = run(chosen(str(tmp_path / "run"), "nextlong"))
    file = next((made.path / "samples").glob("part-*"))
    table = pq.read_table(file)
    segments = table["segments"].to_pylist()
    segments[0][1]["rank"] += 1
    segments[1][0]["chunk"] = 1
    changed = table.set_column(
        table.schema.get_field_index("segments"), "segments", pa.array(segments, table.schema.field("segments").type)
    )
    pq.write_table(changed, file)
    said = "\n".join(validate(made.path).problems)
    assert f"row 0 ({table['sample_id'][0]}): negative" in said
    assert "was not mined for its anchor at rank" in said
    assert "are not in the document's order: chunks 1" in said


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"packing.recipe": "nextlong", "packing.boundaries": "document"}, ("packing.boundaries", "use boundaries: sample")),
        ({"packing.recipe": "litelong+utk", "packing.boundaries": "document"}, ("packing.boundaries", "litelong+utk")),
        ({"packing.recipe": "nextlong", "negatives.pool": "topic"}, ("negatives.pool", "needs topics", "pool: corpus")),
        ({"packing.recipe": "nextlong", "negatives.pool": "retrieved"}, ("negatives.pool", "litelong+nextlong")),
        (
            {"packing.recipe": "nextlong", "negatives.truncate": "tail", "negatives.position": "random"},
            ("negatives.truncate", "use truncate: even"),
        ),
        ({"packing.recipe": "nextlong", "packing.padding": True}, ("packing.padding", "nextlong", "use remainder: pool")),
        ({"packing.back_trace": True}, ("packing.back_trace", "recipe 'litelong' cuts no documents", "use utk or litelong+utk")),
        ({"packing.recipe": "utk", "packing.order": "reverse"}, ("packing.order", "an order of its own")),
        ({"packing.recipe": "utk", "packing.separator": 5}, ("packing.separator", "use none")),
        (
            {"packing.recipe": "nextlong", "negatives.source": "dense", "negatives.embeddings": "openai:m@localhost"},
            ("negatives.embeddings", "openai:MODEL@BASE_URL"),
        ),
        ({"negatives.granularity": 0}, ("negatives.granularity",)),
        ({"negatives.near_copies": 0.2}, ("negatives.near_copies",)),
    ],
    ids=str,
)  # fmt: skip
def test_settings_that_a_recipe_cannot_have(
    refuses: Callable[..., None], overrides: dict[str, object], words: tuple[str, ...]
) -> None:
    refuses(overrides, *words)


@pytest.mark.parametrize("recipe", ["litelong+nextlong", "litelong+utk"])
def test_a_run_whose_topics_fill_nothing_says_so_in_one_line(
    refuses: Callable[..., None], recipe: str, two: dict[str, Any]
) -> None:
    refuses(
        {"packing.recipe": recipe, "packing.context_length": 16384, "taxonomy": two}, "lower packing.context_length"
    )


def test_a_corpus_of_near_copies_has_no_negatives_and_is_refused(
    litelong: Callable[..., Any], refused: Callable[..., None], tmp_path: Path
) -> None:
    (tmp_path / "texts").mkdir()
    for number in range(2):
        (tmp_path / "texts" / f"{number}.txt").write_text("The whale swims in the deep sea. " * 45 + f"{number}")
    packing = {"recipe": "nextlong", "context_length": 400}
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump({"corpus": {"path": str(tmp_path / "texts")}, "packing": packing}))
    answer = litelong("run", config, "--out", tmp_path / "run")
    refused(answer, "no document with its negatives fills a sample of 400 tokens (the best has 36", "add documents")
    assert not (tmp_path / "run").exists()
