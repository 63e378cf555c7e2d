"""Files written behind whoever makes them: whole or not there, the same bytes as in memory, and memory that does not grow."""

import errno
import os
from collections.abc import Callable
from fcntl import F_GETFL, fcntl
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools import disk as disks
from tools.disk import BLOCK, Disk, Written
from tools.files import file_digest


def write(path: Path, *pieces: bytes) -> str:
    with Disk(1) as disk, disk.begin(path) as file:
        for piece in pieces:
            assert file.write(piece) == len(piece)
        file.finish().result()
        return file.digest


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disks, "BLOCK", 8192)


@given(pieces=st.lists(st.binary(max_size=300).map(lambda b: b * 101), max_size=12))
@settings(max_examples=50, deadline=None)
def test_a_file_holds_what_was_written_to_it_in_any_pieces(pieces: list[bytes]) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(disks, "BLOCK", 8192)
        path = Path(folder, "file")
        digest = write(path, *pieces)
        assert path.read_bytes() == b"".join(pieces)
        assert file_digest(path) == digest
        assert [entry.name for entry in Path(folder).iterdir()] == ["file"]


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 4097, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5])
def test_the_last_page_is_cut_to_size(tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    write(tmp_path / "file", data)
    assert (tmp_path / "file").read_bytes() == data


def test_where_a_system_cannot_write_at_a_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pwrite")
    data = os.urandom(5 * BLOCK + 5)
    write(tmp_path / "file", data)
    assert (tmp_path / "file").read_bytes() == data


def test_arrow_can_write_to_it(tmp_path: Path) -> None:
    with Disk(1) as disk, disk.begin(tmp_path / "file") as file:
        with pa.BufferedOutputStream(pa.PythonFile(file, "w"), 64) as stream:
            for number in range(1000):
                stream.write(b"%d\n" % number)
        assert file.closed
        file.finish().result()
    assert (tmp_path / "file").read_text() == "".join(f"{number}\n" for number in range(1000))


def test_a_file_that_is_given_up_leaves_nothing_and_its_blocks_are_used_again(tmp_path: Path) -> None:
    with Disk(1) as disk:
        for _ in range(10):  # more than there are blocks
            with pytest.raises(ValueError, match="no more"), disk.begin(tmp_path / "file") as file:
                file.write(bytes(BLOCK + 1))
                raise ValueError("no more")
    assert list(tmp_path.iterdir()) == []


def test_it_has_no_name_before_all_of_it_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    fsync = os.fsync

    def watched(file: int) -> None:
        seen.append([entry.name for entry in tmp_path.iterdir()])
        fsync(file)

    monkeypatch.setattr(os, "fsync", watched)
    write(tmp_path / "file", b"content")
    assert seen == [[".file.tmp"], ["file"]], (
        "the file is synced under its temporary name, the folder after the renaming"
    )


@pytest.mark.parametrize("pieces", [1, 40], ids=["at the end", "on the way"])
def test_a_full_disk_is_told_to_who_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pieces: int) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match="No space left"):
        write(tmp_path / "file", *[bytes(BLOCK)] * pieces)
    assert list(tmp_path.iterdir()) == []


def refusing(real: Callable[..., int], flags_of: Callable[..., int]) -> Callable[..., int]:
    """`real`, on a file system that takes no direct writes."""

    def call(*arguments: object) -> int:
        if flags_of(*arguments) & os.O_DIRECT:
            raise OSError(errno.EINVAL, "Invalid argument")
        return real(*arguments)

    return call


@pytest.mark.parametrize("when", ["opened", "written"])
def test_a_file_system_without_direct_writes_gets_them_through_the_page_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    if when == "opened":
        monkeypatch.setattr(os, "open", refusing(os.open, lambda path, flags, *_: flags))
    else:
        monkeypatch.setattr(os, "pwrite", refusing(os.pwrite, lambda file, *_: fcntl(file, F_GETFL)))
    write(tmp_path / "file", b"content", bytes(BLOCK))
    assert (tmp_path / "file").read_bytes() == b"content" + bytes(BLOCK)


@pytest.mark.usefixtures("small_blocks")
def test_many_files_are_made_with_few_blocks(tmp_path: Path) -> None:
    with Disk(1) as disk:
        assert disk.blocks == 5
        files: list[Written] = []
        done = []
        for number in range(50):
            with disk.begin(tmp_path / f"{number}") as file:
                file.write(bytes([number]) * 20_000)
                done.append(file.finish())
                files.append(file)
        for future in done:
            future.result()
        assert disk.blocks == 5, "each block came back"
    assert all((tmp_path / f"{number}").read_bytes() == bytes([number]) * 20_000 for number in range(50))
