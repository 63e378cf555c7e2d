"""The `pipeline` state machine: corpus in, validated samples out.

    index -> select -> debate -> curate -> retrieve -> encode -> (mine) -> pack -> report

A recipe over the whole corpus needs no topic and goes from index to encode; one with hard negatives mines them before
packing. The graph always starts at its first node;
every node skips what its marker in `manifest.json` proves, so no checkpoint can disagree with what is on the disk.
"""

from collections.abc import Callable
from typing import Literal, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from graph.context import RunContext
from graph.stages import curate, debate, encode, index, mine, pack, report, retrieve


class PipelineState(TypedDict, total=False):
    """Paths and counts only (DESIGN section 3, rule 1)."""

    run_dir: str
    documents: int
    categories: int
    topics: int
    hits: int
    tokens: int
    negatives: int
    samples: int


CompiledPipeline = CompiledStateGraph[PipelineState, None, PipelineState, PipelineState]


def build_pipeline_graph(
    context: RunContext,
) -> CompiledPipeline:
    """Compile the pipeline of one run. Input: `{}`; the result has the run's path and counts."""
    nodes = _Nodes(context)
    graph = StateGraph(PipelineState)
    graph.add_node("index", nodes.index)
    graph.add_node("select", nodes.select)
    graph.add_node("debate", nodes.debate)
    graph.add_node("curate", nodes.curate)
    graph.add_node("retrieve", nodes.retrieve)
    graph.add_node("encode", nodes.encode)
    graph.add_node("mine", nodes.mine)
    graph.add_node("pack", nodes.pack)
    graph.add_node("report", nodes.report)
    graph.add_edge(START, "index")
    graph.add_conditional_edges("index", nodes.after_index)
    graph.add_edge("select", "debate")
    graph.add_edge("debate", "curate")
    graph.add_edge("curate", "retrieve")
    graph.add_edge("retrieve", "encode")
    graph.add_conditional_edges("encode", nodes.after_encode)
    graph.add_edge("mine", "pack")
    graph.add_edge("pack", "report")
    graph.add_edge("report", END)
    return graph.compile(name="pipeline")


class _Nodes:
    def __init__(self, context: RunContext) -> None:
        self.context = context

    def after_index(self, state: PipelineState) -> Literal["select", "encode"]:
        return "select" if self.context.parts.recipe.unit == "topic" else "encode"

    async def index(self, state: PipelineState) -> PipelineState:
        await self._work(index.run)
        return {"run_dir": str(self.context.path), "documents": self._count("index", "documents")}

    async def select(self, state: PipelineState) -> PipelineState:
        return {"categories": len(self.context.parts.categories)}

    async def debate(self, state: PipelineState) -> PipelineState:
        with self.context.run.held():
            await debate.run(self.context)
        return {}

    async def curate(self, state: PipelineState) -> PipelineState:
        await self._work(curate.run)
        return {"topics": self._count("curate", "topics")}

    async def retrieve(self, state: PipelineState) -> PipelineState:
        await self._work(retrieve.run)
        return {"hits": self._count("retrieve", "hits")}

    async def encode(self, state: PipelineState) -> PipelineState:
        await self._work(encode.run)
        return {"tokens": self._count("encode", "tokens")}

    def after_encode(self, state: PipelineState) -> Literal["mine", "pack"]:
        return "mine" if self.context.parts.recipe.mines else "pack"

    async def mine(self, state: PipelineState) -> PipelineState:
        await self._work(mine.run)
        return {"negatives": self._count("mine", "negatives")}

    async def pack(self, state: PipelineState) -> PipelineState:
        await self._work(pack.run)
        return {"samples": self._count("pack", "samples")}

    async def report(self, state: PipelineState) -> PipelineState:
        await self._work(report.run)
        return {}

    async def _work(self, stage: Callable[[RunContext], None]) -> None:
        with self.context.run.held():
            await self.context.off_loop(stage)

    def _count(self, stage: str, name: str) -> int:
        marker = self.context.run.stage(stage)
        return int(marker.counts[name]) if marker else 0
