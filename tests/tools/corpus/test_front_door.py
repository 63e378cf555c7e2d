"""Importing the room costs nothing; its names load what they need when they are used."""

import subprocess
import sys

import pytest

import tools.corpus


def test_importing_the_room_loads_nothing_heavy() -> None:
    program = "import sys, tools.corpus; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not {"pyarrow", "numpy", "datasets", "sqlite3", "selectolax", "zstandard"} & set(loaded)


def test_opening_texts_loads_neither_arrow_nor_datasets(tmp_path: object) -> None:
    program = (
        "import sys, pathlib; from tools.corpus import open_corpus; p = pathlib.Path(sys.argv[1]);"
        "(p / 'a.txt').write_text('a'); list(open_corpus(['.'], base=p).read()); print(*sys.modules)"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert not {"pyarrow", "numpy", "datasets"} & set(loaded)


def test_every_name_is_there() -> None:
    assert all(getattr(tools.corpus, name) for name in tools.corpus.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        _ = tools.corpus.nothing
