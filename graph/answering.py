"""How every command ends: what can go wrong becomes the exit statuses that DESIGN section 6 promises."""

import errno
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from litelong import UsageError


@contextmanager
def answering(resume: str = "") -> Iterator[None]:
    """Faults of the user: one line on stderr, status 2. Ctrl-C and SIGTERM: 130. `resume` says how to go on."""
    # SIGTERM takes Ctrl-C's way, which stops the event loop in order. A shell that starts a command in the background
    # has it ignore Ctrl-C; the way must be open all the same, or SIGTERM would be lost with it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    except UsageError as error:
        fail(str(error), 2)
    except KeyboardInterrupt:
        fail(f"interrupted{resume}", 130)
    except BrokenPipeError:
        sys.stderr.close()
        raise typer.Exit(0) from None
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        fail(f"no space is left on the disk for {error.filename or 'what is written'}; free some{resume}", 2)


def fail(message: str, status: int) -> None:
    """One line on stderr, control characters made visible, and the exit status."""
    from tools.report.text import safe

    sys.stderr.write(f"litelong: {safe(' '.join(message.split()))}\n")
    raise typer.Exit(status)
