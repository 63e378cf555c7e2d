"""Where imported taxonomies are kept: one folder for each user, `$LITELONG_HOME` or the system's place for data.

A name is the file's stem, so it is checked before it becomes one. What is stored is the listing as JSON; the list itself
may belong to somebody else, so it stays out of run directories and repositories.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from litelong import UsageError
from taxonomy.listing import Listing

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")


def home() -> Path:
    """The folder for litelong's data: `$LITELONG_HOME`, else the user's data folder of this system."""
    given = os.environ.get("LITELONG_HOME")
    if given:
        return Path(given).expanduser().absolute()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or "~/AppData/Local").expanduser() / "litelong"
    if sys.platform == "darwin":
        return Path("~/Library/Application Support/litelong").expanduser()
    return Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser() / "litelong"


def place(name: str) -> Path:
    """The file of the taxonomy that was imported as `name`. Raises `UsageError` for what cannot be a name."""
    if not NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot be a taxonomy's name: use small letters, digits, '.', '_' and '-', at most 60, as in --name my-list"
        )
    return home() / "taxonomies" / f"{name}.json"


def imported() -> list[str]:
    """The names that there are, sorted."""
    return sorted(path.stem for path in (home() / "taxonomies").glob("*.json") if NAME.fullmatch(path.stem))


def load(name: str) -> Listing:
    """The listing that was imported as `name`. Raises `UsageError` when it is not there or damaged."""
    path = place(name)
    try:
        return Listing.from_bytes(path.read_bytes(), str(path))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); import the list again") from None
