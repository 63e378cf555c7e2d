"""report: closes the run. `usage.json` says where time went; the manifest gets the run's final state."""

import orjson

from graph.context import RunContext
from tools.files import write_atomic


def run(context: RunContext) -> None:
    """Write what is not deterministic apart from what is."""
    usage = {
        "stages": context.clock.stages,
        "workers": context.config.run.workers,
        "models": {
            seat.name: {"model": seat.model, "calls": 0, "tokens": 0, "cost": 0.0} for seat in context.parts.seats
        },
    }
    path = context.path / "usage.json"
    if not path.exists() or context.clock.stages:
        write_atomic(path, orjson.dumps(usage, option=orjson.OPT_INDENT_2))
    if not context.run.stage("report"):
        context.run.finish("report", {})
