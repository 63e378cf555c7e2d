"""The command's front door: checks that the four rooms are litelong's own, then hands over to `graph.cli`.

The rooms have common names (`graph`, `tools`, ...), so another distribution can stand in front of one on `sys.path`.
That must be said in words, before an import fails far away from its cause.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

__version__ = "0.1.0"
# Arrow's default keeps what its threads have freed, 25 MiB while samples are written; the C library's grows by what lies between
# pieces in use, 5 to 8 % from 50 to 500 M tokens. jemalloc does neither; Arrow's builds for Linux have it. Arrow reads this when
# it is first imported, so `tools` and `graph` import this module before all others.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "jemalloc" if sys.platform == "linux" else "system")

ROOMS = ("taxonomy", "tools", "agents", "graph")


class UsageError(Exception):
    """Something that only the user can put right: one line that says what, where and what to do. Exit status 2."""


def check_rooms() -> None:
    """Raise `UsageError` when one of the four rooms would be imported from somewhere else than beside this file."""
    home = Path(__file__).resolve().parent
    for room in ROOMS:
        spec = find_spec(room)
        found = Path(spec.origin).resolve().parent if spec and spec.origin else None
        if found != home / room:
            where = found or "nowhere"
            raise UsageError(
                f"package '{room}' is found in {where}, not in litelong's {home / room}: another package of that name "
                "is in the way; install litelong in a virtual environment of its own"
            )


def main() -> None:
    """Entry point of the `litelong` command."""
    try:
        check_rooms()
    except UsageError as error:
        print(f"litelong: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(2)
    from graph.cli import app

    app()


if __name__ == "__main__":
    main()
