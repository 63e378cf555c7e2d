"""How every command ends: what can go wrong becomes the exit statuses that DESIGN section 6 promises."""

import errno
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any

import typer
from typer.core import TyperGroup

from litelong import UsageError

_FULL = (errno.ENOSPC, errno.EDQUOT)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


class Commands(TyperGroup):
    """A group of commands. Words that make no command end as other faults of the user do, instead of typer's block."""

    def main(self, args: Sequence[str] | None = None, *_: Any, **settings: Any) -> Any:  # noqa: ANN401
        """Run the command that `args` (by default the process's own) call, and leave with its exit status."""
        words = sys.argv[1:] if args is None else list(args)
        try:
            _refuse_empty(words)
            status = super().main(words, **{**settings, "prog_name": "litelong", "standalone_mode": False})
        except typer.TyperException as error:
            status = _say(_explain(error, "litelong"), 2)
        except UsageError as error:
            status = _say(str(error), 2)
        sys.exit(status)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer's Context is not the one it passes
        """Without any word: the list of commands, which is the answer to what to do."""
        if not args and self.no_args_is_help:
            typer.echo(ctx.get_help(), err=True)
            raise typer.Exit(2)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401
        """Call the command; what its own words lack is said with its name."""
        try:
            return super().invoke(ctx)
        except typer.TyperException as error:
            named = f"{ctx.command_path} {ctx.invoked_subcommand or ''}".rstrip()
            raise UsageError(_explain(error, named)) from None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401
        """The command that the first word names; an unknown one is told from those that there are."""
        try:
            return super().resolve_command(ctx, args)
        except typer.TyperException:
            near = get_close_matches(args[0], self.commands, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(self.commands)}"
            raise UsageError(f"{_place(ctx.command_path)}no command '{args[0]}'; {hint}") from None


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
        if error.errno in _FULL:
            fail(f"no space is left on the disk for {error.filename or 'what is written'}; free some{resume}", 2)
        if error.errno == errno.EFBIG:
            what = error.filename or "what is written"
            fail(f"{what}: a file longer than the system allows (ulimit -f); allow more{resume}", 2)
        if error.errno in _FORBIDDEN:
            # Arrow names the file in its words alone.
            what = f"{error.filename}: {error.strerror.lower()}" if error.filename and error.strerror else str(error)
            fail(f"{what}; change its permissions, or name another place{resume}", 2)
        raise


def fail(message: str, status: int) -> None:
    """One line on stderr, control characters made visible, and the exit status."""
    raise typer.Exit(_say(message, status))


def _say(message: str, status: int) -> int:
    from tools.report.text import safe

    sys.stderr.write(f"litelong: {safe(' '.join(message.split()))}\n")
    return status


def _explain(error: typer.TyperException, called: str) -> str:
    """What typer found wrong with a command's words, in our form. `called` is the command where the error does not know it."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else called
    message = error.format_message().rstrip(".")
    given: list[dict[str, Any]] = getattr(error.__cause__, "errors", list)()  # pydantic's, which know what was given
    got = f", got '{given[0]['input']}'" if given else ""
    return f"{_place(command)}{message[:1].lower()}{message[1:]}{got}; `{command} --help` says what it takes"


def _place(command: str) -> str:
    """`search: ` of `litelong search`."""
    return "".join(f"{name}: " for name in command.split(" ", 1)[1:])


def _refuse_empty(words: Sequence[str]) -> None:
    """An empty word is a shell variable without a value; as a path it would be the current folder."""
    for before, word in zip(("", *words), words, strict=False):
        name, is_, value = word.partition("=")
        if word and not (is_ and not value and name.startswith("--")):
            continue
        where = name or (before if before.startswith("-") else "an argument")
        raise UsageError(f"{where}: is empty; give it a value, or leave it out")
