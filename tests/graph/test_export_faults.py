"""`litelong export` where something is wrong: one line and nothing left, or an export that goes on as if nothing had been."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from graph.exporting import export_run
from graph.repacking import repack
from tools.packing import write as writing

Litelong = Callable[..., Any]
Tree = Callable[[Path], dict[str, bytes | None]]
SIZE = "20KB"


@pytest.fixture(scope="module")
def in_parts(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose samples lie in several files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "PART_TOKENS", 4096)
        return repack(finished, tmp_path_factory.mktemp("parts") / "run", {"packing.order": "reverse"}).result.path


@pytest.mark.parametrize("left", [".export.json.tmp", ".lock"])
def test_what_a_killed_export_leaves_before_its_record_is_no_other_export(
    left: str, finished: Path, tmp_path: Path, tree: Tree
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / left).touch()
    export_run(finished, "npy", tmp_path / "out")
    export_run(finished, "npy", tmp_path / "whole")
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


@pytest.mark.parametrize("name", ["shard-00001.npy", "samples/shard-00001.jsonl"])
@pytest.mark.parametrize("damage", [Path.unlink, lambda file: file.write_bytes(b"half")])
def test_a_shard_that_is_gone_or_cut_is_written_again(
    name: str, damage: Callable[[Path], object], finished: Path, tmp_path: Path, tree: Tree
) -> None:
    export_run(finished, "npy", tmp_path / "out", shard_size=SIZE)
    before = tree(tmp_path / "out")
    damage(tmp_path / "out" / name)
    export_run(finished, "npy", tmp_path / "out", shard_size=SIZE)
    assert tree(tmp_path / "out") == before


def test_samples_that_are_missing_or_damaged_are_not_left_out_in_silence(
    in_parts: Path, tmp_path: Path, litelong: Litelong, refused: Callable[..., None]
) -> None:
    path = Path(shutil.copytree(in_parts, tmp_path / "run"))
    part = path / "samples" / "part-00001.parquet"
    whole = part.read_bytes()
    for content, words in (
        (None, ["samples: holds", "and the run wrote"]),
        (whole[: len(whole) // 2], ["part-00001.parquet: cannot be read as Parquet"]),
        (whole[:4000] + bytes(4000) + whole[8000:], ["part-00001.parquet: cannot be read as Parquet"]),
    ):
        part.unlink() if content is None else part.write_bytes(content)
        refused(litelong("export", path, "--format", "jsonl", "--out", tmp_path / "out"), *words)
        assert not (tmp_path / "out").exists()


def test_an_export_does_not_become_part_of_the_corpus(
    finished: Path, corpus: Path, litelong: Litelong, refused: Callable[..., None]
) -> None:
    refused(litelong("export", finished, "--format", "jsonl", "--out", corpus / "new"), "lies inside the corpus")
    assert not (corpus / "new").exists()


def test_two_exports_do_not_write_to_one_folder(
    finished: Path, tmp_path: Path, litelong: Litelong, refused: Callable[..., None]
) -> None:
    lock = FileLock(tmp_path / ".lock")
    with lock:
        refused(litelong("export", finished, "--format", "npy", "--out", tmp_path), "another litelong process")
        assert [entry.name for entry in tmp_path.iterdir()] == [".lock"]
    assert litelong("export", finished, "--format", "npy", "--out", tmp_path).status == 0
    assert not (tmp_path / ".lock").exists()
