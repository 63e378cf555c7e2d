"""`litelong export`: every format gives the run's own ids back to the loaders that trainers use."""

import json
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest
import yaml

from graph import Config, run
from graph.exporting import export_run, parse_size
from graph.repacking import repack
from litelong import UsageError
from tools.corpus import Document, open_corpus
from tools.export import Exported
from tools.tokens import load_tokenizer

Litelong = Callable[..., Any]
FORMATS = ["jsonl", "hf", "megatron", "npy"]
LOADERS = Path(__file__).resolve().parents[2] / ".venv-formats" / "bin" / "python"
SIZE = "20KB"
"""Some samples of 1,024 ids a shard."""


def rows_of(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(path / "samples").to_pylist()
    return rows


def ids_of(path: Path) -> list[list[int]]:
    return [row["input_ids"] for row in rows_of(path)]


def read(format_name: str, out: Path, cache: Path) -> list[list[int]]:
    """The ids of an export, by a reader that is not the writer's."""
    if format_name == "npy":
        return [
            row for file in sorted(out.glob("*.npy")) for row in np.load(file, mmap_mode="r").reshape(-1, 1024).tolist()
        ]
    if format_name == "hf":
        return loaded(str(out), cache)["input_ids"]  # type: ignore[no-any-return]
    rows = []
    for file in sorted(out.glob("*.idx")):
        # Megatron's layout: magic, version, dtype code, two counts, then lengths int32, byte offsets int64, documents int64.
        index = file.read_bytes()
        assert index[:9] == b"MMIDIDX\x00\x00"
        count = int.from_bytes(index[18:26], "little")
        lengths = np.frombuffer(index, np.int32, count, 34)
        offsets = np.frombuffer(index, np.int64, count, 34 + 4 * count)
        tokens = np.fromfile(file.with_suffix(".bin"), {4: np.int32, 8: np.uint16}[index[17]])
        rows += [tokens[o // tokens.itemsize :][:n].tolist() for o, n in zip(offsets, lengths, strict=True)]
    return rows


def loaded(path: str, cache: Path, **how: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from datasets import load_dataset

        return load_dataset(path, split="train", cache_dir=str(cache), **how)


def by_loaders(format_name: str, folder: Path) -> list[dict[str, Any]]:
    """What the trainers' own loaders read, in their environment."""
    if not LOADERS.exists():
        pytest.skip(f"{LOADERS} is not there: `make test` builds it (tests/formats.txt)")
    script = str(Path(__file__).with_name("read_with_loaders.py"))
    done = subprocess.run(
        [str(LOADERS), "-W", "ignore", script, format_name, str(folder)], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


@pytest.mark.parametrize("format_name", ["hf", "megatron", "npy"])
def test_a_format_of_ids_gives_every_sample_back(format_name: str, finished: Path, tmp_path: Path) -> None:
    done = export_run(finished, format_name, tmp_path / "out", shard_size=SIZE)
    assert read(format_name, done.path, tmp_path / "cache") == ids_of(finished)
    assert done.shards > 2
    assert done.samples == len(rows_of(finished))


def test_a_hugging_face_dataset_has_the_samples_columns(finished: Path, tmp_path: Path) -> None:
    export_run(finished, "hf", tmp_path / "out", shard_size=SIZE)
    for row, own in zip(loaded(str(tmp_path / "out"), tmp_path / "cache"), rows_of(finished), strict=True):
        for name in ("sample_id", "recipe", "topic", "category", "n_tokens", "doc_lens"):
            assert row[name] == own[name]
        assert row["documents"] == [segment["doc_id"] for segment in own["segments"]]


def test_jsonl_holds_the_documents_texts_without_special_ids(finished: Path, tmp_path: Path) -> None:
    export_run(finished, "jsonl", tmp_path / "out", shard_size=SIZE)
    assert len(list((tmp_path / "out").glob("*.jsonl"))) > 1
    files = {"train": str(tmp_path / "out" / "shard-*.jsonl")}
    tokenizer = load_tokenizer("cl100k_base", Path())
    rows = loaded("json", tmp_path / "cache", data_files=files)
    for row, own in zip(rows, rows_of(finished), strict=True):
        ids = own["input_ids"]
        parts = [tokenizer.decode(ids[s["start"] : s["start"] + s["length"]]) for s in own["segments"]]
        assert row["text"] == "\n\n".join(parts)
        assert row["sample_id"] == own["sample_id"]
    files_again = [str(tmp_path / "out" / f"shard-0000{n}.jsonl") for n in range(2)]
    documents = list(
        open_corpus(files_again, base=Path(), text_field="text", id_field="sample_id", name="again").read()
    )
    assert [d.doc_id for d in documents if isinstance(d, Document)] == [row["sample_id"] for row in rows][
        : len(documents)
    ]


def test_streaming_reads_mds_and_prolongs_indices_are_the_attention_spans(
    config: Callable[..., Config], tmp_path: Path, tree: Callable[[Path], dict[str, bytes | None]]
) -> None:
    """Written and read by Streaming itself, in its own environment; with `boundaries: document` and padding.

    The folder has a name that no URL may have.
    """
    path = run(config(packing={"recipe": "standard", "boundaries": "document", "padding": True})).path
    rows = rows_of(path)
    assert any(row["n_tokens"] < 1024 for row in rows)
    if not LOADERS.exists():
        pytest.skip(f"{LOADERS} is not there: `make test` builds it (tests/formats.txt)")
    command = [str(LOADERS), "-W", "ignore", "-m", "litelong", "export", str(path), "--format", "mds"]
    out = tmp_path / "epoch #1"
    command += ["--out", str(out), "--shard-size", SIZE]
    written = []
    for _ in range(2):  # the second finds all done
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        written.append(tree(out))
    assert written[0] == written[1]
    assert len(list(out.glob("shard-*"))) > 1
    read_back = by_loaders("mds", out)
    assert [row["ids"] for row in read_back] == [row["input_ids"] for row in rows]
    assert {row["dtype"] for row in read_back} == {"uint32"}
    for row, own in zip(read_back, rows, strict=True):
        padded = own["n_tokens"] < 1024
        assert row["sequences"] == (own["doc_lens"][:-1] if padded else own["doc_lens"])


def test_megatron_core_reads_its_format(finished: Path, tmp_path: Path) -> None:
    export_run(finished, "megatron", tmp_path / "out", shard_size=SIZE)
    rows = by_loaders("megatron", tmp_path / "out")
    assert [row["ids"] for row in rows] == ids_of(finished)
    assert {row["dtype"] for row in rows} == {"int32"}


def test_a_small_vocabulary_is_written_in_two_bytes(
    config: Callable[..., Config], two: dict[str, Any], tokenizer_file: Path, tmp_path: Path
) -> None:
    path = run(config(taxonomy=two, tokenizer=str(tokenizer_file))).path
    for format_name in ("npy", "megatron"):
        done = export_run(path, format_name, tmp_path / format_name)
        assert done.bytes == 2 * 1024 * done.samples
        assert read(format_name, done.path, tmp_path) == ids_of(path)


@pytest.mark.parametrize("format_name", FORMATS)
def test_an_export_that_stopped_goes_on_and_gives_the_same_bytes(
    format_name: str, finished: Path, tmp_path: Path, tree: Callable[[Path], dict[str, bytes | None]]
) -> None:
    from graph.progress import Quiet

    class Stopping(Quiet):
        def stage(self, name: str, total: int | None) -> Any:
            manager = super().stage(name, total)

            class _Stage:
                def __enter__(self) -> Callable[[int], None]:
                    manager.__enter__()
                    self.left = 7
                    return self.tick

                def tick(self, count: int) -> None:
                    self.left -= count
                    if self.left < 0:
                        raise KeyboardInterrupt

                def __exit__(self, *how: Any) -> None:
                    manager.__exit__(None, None, None)

            return _Stage()

    export_run(finished, format_name, tmp_path / "whole", shard_size=SIZE)
    with pytest.raises(KeyboardInterrupt):
        export_run(finished, format_name, tmp_path / "out", shard_size=SIZE, progress=Stopping())
    held = {name: data for name, data in tree(tmp_path / "out").items() if "shard-00000" in name}
    assert held
    assert not (tmp_path / "out" / "README.md").exists()
    export_run(finished, format_name, tmp_path / "out", shard_size=SIZE)
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")
    before = tree(tmp_path / "out")
    export_run(finished, format_name, tmp_path / "out", shard_size=SIZE)
    assert tree(tmp_path / "out") == before


@pytest.mark.parametrize("format_name", ["npy", "hf"])
def test_an_export_that_was_killed_goes_on_and_gives_the_same_bytes(
    format_name: str, finished: Path, tmp_path: Path, tree: Callable[[Path], dict[str, bytes | None]]
) -> None:
    """SIGKILL at the first, the sixth and the tenth file that is to be synced, each time in the export that the last left."""
    code = """
import os, signal, sys
from itertools import count
from pathlib import Path
from graph.exporting import export_run
from tools.export import write
calls, sync = count(1), write.sync
def killed(path):
    if next(calls) == int(sys.argv[4]):
        os.kill(os.getpid(), signal.SIGKILL)
    sync(path)
write.sync = killed
export_run(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), shard_size=sys.argv[5])
"""
    out = tmp_path / "out"
    for moment in (1, 6, 10):
        arguments = [finished, format_name, out, moment, SIZE]
        done = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], check=False, timeout=60)
        assert done.returncode == -signal.SIGKILL
        assert not (out / "README.md").exists()
    export_run(finished, format_name, out, shard_size=SIZE)
    export_run(finished, format_name, tmp_path / "whole", shard_size=SIZE)
    assert tree(out) == tree(tmp_path / "whole")


def test_the_id_more_is_the_documents_own_next_token(finished: Path, tmp_path: Path, texts: Any) -> None:
    export_run(finished, "npy", tmp_path / "out", extra_token=True)
    (file,) = (tmp_path / "out").glob("*.npy")
    ids = np.load(file).reshape(-1, 1025)
    tokenizer = load_tokenizer("cl100k_base", Path())
    by_name = {text.name: tokenizer.encode_batch([text.text]).ids for text in texts}
    cut = 0
    for row, own in zip(ids.tolist(), rows_of(finished), strict=True):
        assert row[:-1] == own["input_ids"]
        last = own["segments"][-1]
        document = by_name[last["doc_id"]]
        end = last["doc_start"] + last["length"]
        cut += end < len(document)
        assert row[-1] == (document[end] if end < len(document) else tokenizer.eos_id)
    assert cut
    labels = [
        json.loads(line) for line in (tmp_path / "out" / "samples" / "shard-00000.jsonl").read_text().splitlines()
    ]
    assert all(sum(row["doc_lens"]) == 1025 == row["n_tokens"] for row in labels)


def test_marks_of_pieces_are_text_and_nothing_goes_on_behind_a_trace(
    finished: Path, tokenizer_file: Path, tmp_path: Path
) -> None:
    traced = {"packing.recipe": "utk", "packing.back_trace": True, "packing.padding": True}
    run_ = repack(finished, tmp_path / "run", {"tokenizer": str(tokenizer_file), **traced}).result.path
    tokenizer = load_tokenizer(str(tokenizer_file), Path())
    rows = rows_of(run_)
    export_run(run_, "jsonl", tmp_path / "jsonl")
    lines = [
        json.loads(line)
        for file in sorted((tmp_path / "jsonl").glob("*.jsonl"))
        for line in file.read_text().splitlines()
    ]
    assert tokenizer.bos_id is not None
    # The BOS is left out, and nothing else of what is no padding.
    told = [tokenizer.decode(np.array(row["input_ids"][1 : row["n_tokens"]])) for row in rows]
    assert [_letters(line["text"]) for line in lines] == [_letters(text) for text in told]
    export_run(run_, "npy", tmp_path / "npy", extra_token=True)
    ids = np.concatenate([np.load(file) for file in sorted((tmp_path / "npy").glob("*.npy"))]).reshape(len(rows), -1)
    traces = 0
    for row, more in zip(rows, ids[:, -1].tolist(), strict=True):
        last = row["segments"][-1]
        if last["start"] + last["length"] < row["n_tokens"] == len(row["input_ids"]):
            traces += 1
            assert more == tokenizer.eos_id
    assert traces >= 3


def _letters(text: str) -> str:
    return "".join(text.split())


def test_the_card_says_what_it_is_and_quotes_what_others_wrote(
    config: Callable[..., Config], corpus: Path, two: dict[str, Any], tmp_path: Path
) -> None:
    nasty = "my corpus\n---\nlicense: mit | `rm -rf`\n# Heading"
    path = run(config(taxonomy=two, corpus={"path": str(corpus), "source": nasty})).path
    export_run(path, "hf", tmp_path / "out", licence="cc-by-4.0: \n---\nx: [")
    _, front, page = (tmp_path / "out" / "README.md").read_text().split("---\n", 2)
    head = yaml.safe_load(front)
    assert head["license"] == "cc-by-4.0: \n---\nx: ["
    assert head["configs"] == [{"config_name": "default", "data_files": "data/shard-*.parquet"}]
    assert "`my corpus --- license: mit / 'rm -rf' # Heading`" in page
    assert "\n# Heading" not in page
    assert "cl100k_base" in page
    ledger = orjson.loads((path / "ledger.json").read_bytes())
    assert f"| samples | {ledger['tokens']['samples']:,} |" in page
    assert str(tmp_path) not in page


def test_a_folder_that_holds_something_else_is_refused(finished: Path, tmp_path: Path, litelong: Litelong) -> None:
    export_run(finished, "npy", tmp_path / "out")
    for arguments, words in (
        (["--format", "jsonl", "--out", tmp_path / "out"], "holds another export"),
        (["--format", "npy", "--out", tmp_path / "out", "--extra-token"], "holds another export"),
        (["--format", "npy", "--out", finished], "is no export"),
        (["--format", "tfrecord"], "there are: jsonl, hf, megatron, mds, npy"),
        (["--format", "npy", "--shard-size", "12 parsecs"], "write it as 256MB"),
        (["--format", "jsonl", "--extra-token"], "has no ids"),
    ):
        answer = litelong("export", finished, *arguments)
        assert answer.status == 2
        assert words in answer.err
        assert answer.err.count("\n") == 1
    assert not (finished / "export").exists()


def test_mds_without_streaming_says_what_is_missing(finished: Path, tmp_path: Path, litelong: Litelong) -> None:
    answer = litelong("export", finished, "--format", "mds", "--out", tmp_path / "new" / "out")
    assert answer.status == 2
    assert "mosaicml-streaming" in answer.err
    assert not (tmp_path / "new").exists()


def test_the_command_answers_in_json(finished: Path, tmp_path: Path, litelong: Litelong) -> None:
    answer = orjson.loads(litelong("export", finished, "--format", "npy", "--out", tmp_path / "o", "--json").out)
    assert Exported(Path(answer["path"]), answer["samples"], answer["shards"], answer["bytes"]).samples == len(
        rows_of(finished)
    )


@pytest.mark.parametrize(
    ("text", "size"), [("1", 1), ("256MB", 256_000_000), ("1.5 GiB", 3 << 29), ("2kb", 2000), ("1e3", 0), ("0", 0)]
)
def test_sizes(text: str, size: int) -> None:
    if size:
        assert parse_size(text) == size
    else:
        with pytest.raises(UsageError, match="--shard-size"):
            parse_size(text)
