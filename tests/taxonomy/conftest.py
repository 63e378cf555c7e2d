"""The real list. It is not ours to commit, so npm brings the public package that has it (`npm_package`)."""

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def bisac_package(npm_package: Callable[[str, str], Path]) -> Path:
    """The package's tarball."""
    return npm_package("isbn-bisac-tools", "0.4.2")
