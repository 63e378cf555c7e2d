"""Hugging Face datasets from local folders, through `datasets` itself, without a network."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import datasets
import pytest

from litelong import UsageError
from tools.corpus import Corpus, Document, Reject

Opener = Callable[..., Corpus]


@pytest.fixture(autouse=True)
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)


def folder(path: Path, **splits: list[str]) -> None:
    path.mkdir(parents=True)
    for split, texts in splits.items():
        rows = "".join(json.dumps({"key": f"{split}{row}", "text": text}) + "\n" for row, text in enumerate(texts))
        (path / f"{split}.jsonl").write_text(rows)


def documents(corpus: Corpus) -> list[Document]:
    return [item for item in corpus.read() if isinstance(item, Document)]


def test_a_local_folder_is_read_and_fetched_by_row(data: Path, opened: Opener) -> None:
    texts = [f"text {row} é" for row in range(700)]
    folder(data / "set", train=texts)
    corpus = opened("hf:set")
    assert [document.text for document in documents(corpus)] == texts
    assert documents(corpus)[1].doc_id == "set:2"
    assert list(corpus.sources[0].fetch([0, 5, 299, 699])) == [texts[row] for row in (0, 5, 299, 699)]
    assert corpus.size_bytes > 0


def test_columns_are_chosen_as_in_files(data: Path, opened: Opener) -> None:
    folder(data / "set", train=["one", " "])
    corpus = opened("hf:set", id_field="key")
    assert [(item.doc_id, item.text) for item in documents(corpus)] == [("train0", "one")]
    assert [item for item in corpus.read() if isinstance(item, Reject)] == [Reject("hf:set", 2, "empty text")]
    with pytest.raises(
        UsageError, match=r"hf:set: no column 'nope': it has key \(string\), text \(string\); set corpus"
    ):
        opened("hf:set", text_field="nope")


def test_a_split_is_named_or_train_or_the_only_one(data: Path, opened: Opener) -> None:
    folder(data / "both", train=["in train"], test=["in test"])
    folder(data / "one", test=["only"])
    assert [document.text for document in documents(opened("hf:both"))] == ["in train"]
    assert [document.text for document in documents(opened("hf:both@test"))] == ["in test"]
    assert [document.text for document in documents(opened("hf:one"))] == ["only"]


def test_a_saved_dataset_is_read_too(data: Path, opened: Opener) -> None:
    datasets.Dataset.from_dict({"text": ["a", "b"]}).save_to_disk(data / "alone")
    several = {"x": datasets.Dataset.from_dict({"text": ["c"]}), "y": datasets.Dataset.from_dict({"text": ["d"]})}
    datasets.DatasetDict(several).save_to_disk(data / "several")
    assert [document.text for document in documents(opened("hf:alone"))] == ["a", "b"]
    assert [document.text for document in documents(opened("hf:several@y"))] == ["d"]
    with pytest.raises(UsageError, match=r"'hf:several' has the splits x, y: write hf:several@SPLIT"):
        opened("hf:several")


def test_the_fingerprint_stays_while_the_files_do(data: Path, opened: Opener) -> None:
    folder(data / "set", train=["one"])
    assert opened("hf:set").fingerprint() == opened("hf:set").fingerprint()
    (data / "set/train.jsonl").write_text('{"key": "k", "text": "another"}\n')
    changed = opened("hf:set")
    assert [document.text for document in documents(changed)] == ["another"]


def test_a_row_beyond_the_end_means_that_it_changed(data: Path, opened: Opener) -> None:
    folder(data / "set", train=["one"])
    with pytest.raises(UsageError, match="hf:set changed since it was indexed"):
        list(opened("hf:set").sources[0].fetch([1]))


def test_what_cannot_be_loaded_is_said(data: Path, opened: Opener) -> None:
    folder(data / "set", train=["one"])
    (data / "empty").mkdir()
    for entry in ("hf:empty", "hf:set@nope", "hf:no-such-owner/no-such-set"):
        with pytest.raises(UsageError, match=rf"corpus\.path: '{entry}' cannot be loaded: \w+: "):
            opened(entry)
    with pytest.raises(UsageError, match="'hf:' names no dataset: write hf:NAME or hf:NAME@SPLIT"):
        opened("hf:")


def test_without_datasets_the_extra_is_named(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(UsageError, match=r"'hf:x' needs the package datasets: pip install litelong\[hf\]"):
        opened("hf:x")
