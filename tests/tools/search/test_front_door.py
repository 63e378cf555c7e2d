"""Importing the search room costs nothing until something is used."""

import subprocess
import sys

import pytest

import tools.search
import tools.tokens

PROBE = """
import sys, {package}
slow = {{"whoosh", "numpy", "langchain_core", "tiktoken", "tokenizers", "pyarrow", "orjson"}} & set(sys.modules)
assert not slow, slow
"""


@pytest.mark.parametrize("package", ["tools.search", "tools.tokens"])
def test_importing_a_room_loads_nothing_heavy(package: str) -> None:
    subprocess.run([sys.executable, "-c", PROBE.format(package=package)], check=True)


@pytest.mark.parametrize("room", [tools.search, tools.tokens])
def test_every_name_at_the_door_exists(room: object) -> None:
    for name in room.__all__:  # type: ignore[attr-defined]
        assert getattr(room, name) is not None
    with pytest.raises(AttributeError, match="nothing_like_it"):
        _ = room.nothing_like_it  # type: ignore[attr-defined]
