"""An index's folder: what is damaged, foreign or half written is refused in one line, and never served."""

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from litelong import UsageError
from tools.corpus.document import Document
from tools.search import SearchIndex, SearchSettings, build_index, open_index
from tools.search.backends import BACKENDS
from tools.search.folder import read_manifest


def document(number: int, text: str) -> Document:
    return Document(f"doc-{number}", "", text, 0, number)


def some_documents(count: int) -> list[Document]:
    return [document(n, f"whale reef {'coral ' * (n % 7)}") for n in range(count)]


def build(folder: Path, documents: Sequence[Document], backend: str = "whoosh") -> SearchIndex:
    return build_index(documents, folder / "index", SearchSettings(backend))


def test_what_a_killed_build_left_is_not_served_and_is_removed(tmp_path: Path) -> None:
    half = tmp_path / "index" / "data-00001"
    half.mkdir(parents=True)
    (half / "MAIN_x.seg").write_bytes(b"half a segment")
    with pytest.raises(UsageError, match="no index of litelong"):
        open_index(tmp_path / "index")
    index = build(tmp_path, [document(0, "whale")])
    assert not list((tmp_path / "index").glob("data-*/MAIN_x.seg"))
    assert len(index.search("whale", 1)) == 1
    index.close()


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / "thesis.tex").write_text("years of work")
    with pytest.raises(UsageError, match="holds other things"):
        build(tmp_path, [document(0, "whale")])
    assert [entry.name for entry in (tmp_path / "index").iterdir()] == ["thesis.tex"]
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="file is in the way"):
        build_index([], tmp_path / "file", SearchSettings())


def postings(index: Path) -> Path:
    return next(file for pattern in ("*.seg", "*.idx") for file in index.glob(f"data-*/{pattern}"))


def damage_truncate(index: Path) -> None:
    segment = postings(index)
    segment.write_bytes(segment.read_bytes()[:-100])


def damage_same_size(index: Path) -> None:
    segment = postings(index)
    segment.write_bytes(bytes(segment.stat().st_size))


def damage_remove(index: Path) -> None:
    next(file for pattern in ("*.toc", "meta.json") for file in index.glob(f"data-*/{pattern}")).unlink()


def damage_extra(index: Path) -> None:
    (next(index.glob("data-*")) / "extra.toc").write_bytes(b"")


def damage_no_manifest(index: Path) -> None:
    (index / "manifest.json").unlink()


def damage_manifest(index: Path) -> None:
    (index / "manifest.json").write_text("[]")


def damage_folder(index: Path) -> None:
    shutil.rmtree(next(index.glob("data-*")))


def edit(index: Path, **changes: object) -> None:
    manifest = json.loads((index / "manifest.json").read_text())
    (index / "manifest.json").write_text(json.dumps(manifest | changes))


def other(index: Path) -> str:
    return next(name for name in BACKENDS if name != read_manifest(index).backend)


DAMAGE: dict[str, Callable[[Path], None]] = {
    "cut short": damage_truncate,
    "overwritten": damage_same_size,
    "a file lost": damage_remove,
    "a file added": damage_extra,
    "no manifest": damage_no_manifest,
    "not a manifest": damage_manifest,
    "no data": damage_folder,
    "another version": lambda index: edit(index, format="litelong search index 9.9"),
    "another program": lambda index: edit(index, format=None),
    "an unknown backend": lambda index: edit(index, backend="lucene"),
    "the other backend": lambda index: edit(index, backend=other(index)),
    "another folder": lambda index: edit(index, data="../elsewhere"),
    "another count": lambda index: edit(index, documents=7),
    "no number": lambda index: edit(index, documents="7"),
    "no k1": lambda index: edit(index, k1="x"),
    "k1 out of range": lambda index: edit(index, k1=-1),
    "an unknown field": lambda index: edit(index, other=1),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_or_foreign_index_is_refused_in_one_line(tmp_path: Path, damage: str, backend: str) -> None:
    build(tmp_path, some_documents(30), backend).close()
    DAMAGE[damage](tmp_path / "index")
    with pytest.raises(UsageError) as refused:
        open_index(tmp_path / "index")
    assert "\n" not in str(refused.value)


def test_an_index_of_whoosh_alone_is_never_opened(tmp_path: Path) -> None:
    build(tmp_path, [document(0, "whale")]).close()
    shutil.copytree(next((tmp_path / "index").glob("data-*")), tmp_path / "foreign")
    with pytest.raises(UsageError, match="no index of litelong"):
        open_index(tmp_path / "foreign")
    with pytest.raises(UsageError, match="no index of litelong"):
        open_index(tmp_path / "nowhere")


def test_settings_are_checked_and_kept(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="whoosh"):
        build_index([], tmp_path, SearchSettings("whosh"))
    for bad in ((-0.1, 0.5), (float("nan"), 0.5), (1e7, 0.5), (1.2, 1.1), (1.2, -0.1)):
        with pytest.raises(UsageError):
            SearchSettings("auto", *bad)
    with pytest.raises(UsageError, match=r"search\.analysis"):
        SearchSettings(analysis="german")
    build_index([], tmp_path / "index", SearchSettings("auto", 0.9, 0.4, "none")).close()
    assert read_manifest(tmp_path / "index").settings == SearchSettings("whoosh", 0.9, 0.4, "none")
