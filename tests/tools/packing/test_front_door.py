"""Importing the packing room costs nothing until something is used."""

import subprocess
import sys

import pytest

import tools.packing

PROBE = """
import sys, tools.packing, tools.report
slow = {"numpy", "pyarrow", "sklearn"} & set(sys.modules)
assert not slow, slow
"""


def test_importing_the_room_loads_nothing_heavy() -> None:
    subprocess.run([sys.executable, "-c", PROBE], check=True)


def test_every_name_at_the_door_exists() -> None:
    for name in tools.packing.__all__:
        assert getattr(tools.packing, name) is not None
    with pytest.raises(AttributeError, match="nothing_like_it"):
        _ = tools.packing.nothing_like_it
