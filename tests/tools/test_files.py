"""Files: a reader sees the old file or the whole new one, and a digest is the one that any other tool gives."""

import hashlib
import os
from pathlib import Path

import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from tools.files import content_hash, file_digest, replacing, sync, write_atomic


@given(text=st.text())
def test_a_content_hash_is_blake2b_of_the_utf_8(text: str) -> None:
    assert content_hash(text) == hashlib.blake2b(text.encode(), digest_size=16).digest()


def test_content_hashes_never_change() -> None:
    """The token store, tied orders and thread ids all rest on this value."""
    assert content_hash("").hex() == "cae66941d9efbd404e4d88758ea67670"
    assert len(content_hash("\ud800")) == 16
    assert content_hash("\ud800") != content_hash("\ufffd")


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1])
def test_a_file_digest_is_that_of_its_whole_content(tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    (tmp_path / "file").write_bytes(data)
    assert file_digest(tmp_path / "file") == xxhash.xxh3_128(data).hexdigest()


def test_a_file_appears_with_its_whole_content_and_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file.json"
    write_atomic(path, b"content")
    assert path.read_bytes() == b"content"
    assert list(path.parent.iterdir()) == [path]


def test_a_reader_sees_the_old_file_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with path.open("rb") as opened_before:
        with replacing(path) as temporary:
            assert temporary.parent == path.parent, "a rename is atomic within one folder only"
            temporary.write_bytes(b"half of the n")
            assert path.read_bytes() == b"old"
            temporary.write_bytes(b"new")
        assert path.read_bytes() == b"new"
        assert opened_before.read() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, failure: type[BaseException]) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(failure), replacing(path) as temporary:
        temporary.write_bytes(b"half")
        raise failure
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_before_there_was_a_file_leaves_none(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "file"):
        pass  # nothing is written
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / ".file.tmp").write_bytes(b"a much longer half of something else")
    write_atomic(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_folder_in_the_way_is_an_error_and_stays(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    with pytest.raises(OSError, match=r"file"):
        write_atomic(tmp_path / "file", b"new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_files_and_folders_can_be_synced(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    sync(tmp_path / "file")
    sync(tmp_path)
    with pytest.raises(FileNotFoundError):
        sync(tmp_path / "absent")
