"""Opens a corpus in the test's own folder, with a folder for blocks beside it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tools.corpus import Corpus, open_corpus

Opener = Callable[..., Corpus]


@pytest.fixture
def opened(tmp_path: Path) -> Opener:
    """Open path entries relative to `tmp_path/data`."""

    def opener(*paths: str, **settings: str) -> Corpus:
        return open_corpus(paths, base=tmp_path / "data", blocks=tmp_path / "blocks", **settings)

    (tmp_path / "data").mkdir()
    return opener


@pytest.fixture
def data(tmp_path: Path, opened: Opener) -> Path:
    """The folder that path entries are relative to."""
    return tmp_path / "data"
