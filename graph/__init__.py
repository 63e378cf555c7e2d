"""WHEN: the LangGraph state machines, the run, and the command line."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

import litelong  # noqa: F401 - before pyarrow

if TYPE_CHECKING:
    from graph.config import Config, load_config
    from graph.debate import debate_of
    from graph.running import RunResult, arun, run
    from graph.studio import build_debate, build_pipeline, open_context

_WHERE = {
    "Config": "graph.config",
    "RunResult": "graph.running",
    "arun": "graph.running",
    "build_debate": "graph.studio",
    "build_pipeline": "graph.studio",
    "debate_of": "graph.debate",
    "load_config": "graph.config",
    "open_context": "graph.studio",
    "run": "graph.running",
}

__all__ = [
    "Config",
    "RunResult",
    "arun",
    "build_debate",
    "build_pipeline",
    "debate_of",
    "load_config",
    "open_context",
    "run",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever stands behind the name
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'graph' has no attribute '{name}'")
