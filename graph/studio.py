"""Both graphs, ready to run, for notebooks, LangGraph Studio (`langgraph.json`) and `litelong debate`."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any
from weakref import finalize

from graph.config import Config, load_config
from graph.context import RunContext
from graph.debate import CompiledDebate, debate_of
from graph.demo import DEMO
from graph.parts import Parts, prepare
from graph.pipeline import CompiledPipeline, build_pipeline_graph
from graph.progress import Progress
from graph.rundir import RunDir
from graph.stages import index

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver


def open_context(config: Config, progress: Progress | None = None, *, parts: Parts | None = None) -> RunContext:
    """A context with the corpus indexed. The index is the run directory's, which a later `run` goes on with."""
    parts = parts or prepare(config)
    run_dir = RunDir.claim(config)
    context = RunContext(config, parts, run_dir, progress)
    try:
        index.run(context)
    except BaseException:
        context.close()
        run_dir.discard()
        raise
    finally:
        run_dir.release()
    return context


def build_debate(
    config: Config | None = None, checkpointer: "BaseCheckpointSaver[Any] | None" = None
) -> CompiledDebate:
    """The `debate` graph for a configuration (default: the demo's). Input: `{"category": path or code}`.

    Indexes the corpus first when that is not done yet.
    """
    context = open_context(config or load_config(DEMO))
    graph = debate_of(context, checkpointer)
    finalize(graph, context.close)
    return graph


def build_pipeline(config: Config | None = None, progress: Progress | None = None) -> CompiledPipeline:
    """The `pipeline` graph for a configuration (default: the demo's). Input: `{}`. The run directory is created now.

    Its lock is held while the graph runs, not while it merely exists, so that a notebook can build it twice.
    """
    config = config or load_config(DEMO)
    context = RunContext(config, prepare(config), RunDir.claim(config), progress)
    context.run.release()
    graph = build_pipeline_graph(context)
    finalize(graph, context.close)
    return graph


@contextmanager
def opened(config: Config, progress: Progress | None = None, *, parts: Parts | None = None) -> Iterator[RunContext]:
    """`open_context` that closes what it opened."""
    context = open_context(config, progress, parts=parts)
    try:
        yield context
    finally:
        context.close()


@cache
def _demo_debate() -> CompiledDebate:
    return build_debate()


@cache
def _demo_pipeline() -> CompiledPipeline:
    return build_pipeline()


async def studio_debate() -> CompiledDebate:
    """The demo's debate graph, for `langgraph.json`. The server keeps checkpoints itself, and calls this at every run."""
    return await asyncio.to_thread(_demo_debate)


async def studio_pipeline() -> CompiledPipeline:
    """The demo's pipeline graph, for `langgraph.json`."""
    return await asyncio.to_thread(_demo_pipeline)
