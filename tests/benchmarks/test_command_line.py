"""`python -m benchmarks`: tables on stdout, one line on stderr for what the user must put right."""

from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner, Result

from benchmarks.__main__ import app
from benchmarks.panels.plants import half_of


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_tune_half_is_the_default_and_nothing_of_the_other_is_printed_or_written(
    data: Path, plants: Path, cache: Path, tmp_path: Path
) -> None:
    fates, out = tmp_path / "fates.jsonl", tmp_path / "panels.md"
    where = ("--data", data, "--plants", plants, "--cache", cache)
    result = call("panels", "--corpus", "debian", *where, "--fates", fates, "--out", out)
    assert result.exit_code == 0, result.stderr
    assert "| tune half" in result.stdout
    assert "held-out half" not in result.stdout
    rows = [orjson.loads(line) for line in fates.read_bytes().splitlines()]
    assert len(rows) == 40
    assert {half_of(row["category"]) for row in rows} == {row["half"] for row in rows} == {"tune"}
    assert "--corpus debian --half tune --panel lexical --data FOLDER" in out.read_text()
    assert "| held-out half" not in out.read_text()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--corpus", "debian"), "python -m benchmarks.debian_corpus FOLDER"),
        (("--corpus", "debian", "--data", "nowhere"), "--data nowhere"),
        (("--corpus", "moon"), "no plants for corpus 'moon'; there are: debian"),
        (("--panel", "lexicall"), "unknown panel; there are: lexical, perfect, random"),
        (("--panel", "missing.yaml"), "missing.yaml: no such config file"),
    ],
)
def test_what_the_user_must_put_right_is_one_line(
    data: Path, plants: Path, arguments: tuple[str, ...], says: str
) -> None:
    given = arguments if "--corpus" in arguments else ("--corpus", "debian", "--data", str(data), *arguments)
    result = call("panels", "--plants", plants, *given)
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stderr.count("\n") == 1
    assert not result.stdout


def test_a_panel_with_an_unknown_role_is_refused_before_any_debate(
    data: Path, plants: Path, cache: Path, tmp_path: Path
) -> None:
    panel = tmp_path / "panel.yaml"
    panel.write_text("debate: {critics: [{role: sceptic}]}\n")
    where = ("--data", data, "--plants", plants, "--cache", cache)
    result = call("panels", "--corpus", "debian", *where, "--panel", panel)
    assert result.exit_code == 2
    assert "debate.critics.0: unknown role 'sceptic'" in result.stderr


def test_stages_prints_where_the_time_of_a_run_went(data: Path, tmp_path: Path) -> None:
    config = tmp_path / "small.yaml"
    config.write_text(
        f"corpus: {{path: {data}}}\npacking: {{context_length: 512}}\ntaxonomy: {{select: ['NATURE/Wildlife/**']}}\n"
    )
    result = call("stages", "--config", config)
    assert result.exit_code == 0, result.stderr
    lines = [line for line in result.stdout.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert rows[0] == ["stage", "wall s", "CPU s", "share of wall"]
    assert [row[0] for row in rows[2:5]] == ["index", "debate", "curate"]
    assert rows[-1][0] == "all"
    assert float(rows[-1][1]) == pytest.approx(sum(float(row[1]) for row in rows[2:-1]), abs=0.05)
    assert "160 documents" in result.stdout
    assert "5 categories" in result.stdout


def test_a_list_is_imported_and_its_graph_walked(tmp_path: Path) -> None:
    file = tmp_path / "zoo.csv"
    file.write_text("code,literal\nZ1,ZOO / Bears (see also Cats)\nZ2,ZOO / Cats\n")
    result = call("taxonomy", file)
    assert result.exit_code == 0, result.stderr
    assert "3 categories, 1 references" in result.stdout
    file.write_text("prose")
    assert call("taxonomy", file).exit_code == 2


def test_a_debate_is_made_to_fail_however_few_there_are_and_is_debated_again() -> None:
    result = call("durable", "--categories", 8)
    assert result.exit_code == 0, result.stderr
    assert "RuntimeError: this critic breaks on purpose" in result.stdout
    assert "Run again, it was debated and 0 are failed." in result.stdout
