"""report: the page of the run, and the marker that closes it."""

from typing import Any

from agents.chat.secrets import redacted
from graph.context import RunContext, StoppedError
from graph.reporting import FILE, write_page
from graph.reporting.samples import samples_in
from litelong import UsageError


def run(context: RunContext) -> None:
    """Write `report/index.html` and mark the run as finished; `validate` looks for this marker.

    The samples are written by then, so a page that cannot be made is said and stops nothing: `litelong report` tries again.
    """
    if context.run.stage("report"):
        return
    context.usage.save()
    context.run.finish("report", _page(context))


def _page(context: RunContext) -> dict[str, Any]:
    try:
        with context.stage("report", samples_in(context.run), timed=False) as tick:
            write_page(context.run, tick=tick)
    except StoppedError:
        raise
    except Exception as error:
        kind = "" if isinstance(error, UsageError) else f"{type(error).__name__}: "
        return {"page": None, "failed": redacted(f"{kind}{error}")[:500]}
    return {"page": FILE}
