"""Where the time of a run goes: one run of a configuration, and its wall and CPU seconds by stage."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import orjson

from benchmarks.machine import machine
from benchmarks.markdown import table
from graph.config import Config
from graph.progress import Progress
from graph.rundir import RunDir
from graph.running import RunResult, run


def stages(config: Config, progress: Progress) -> str:
    """Run `config` in a temporary folder and say in Markdown where the time went. Raises `UsageError`."""
    with tempfile.TemporaryDirectory(prefix="litelong-stages-") as folder:
        section = config.run.model_copy(update={"out": str(Path(folder, "run"))})
        result = run(config.model_copy(update={"run": section}), progress=progress)
        usage = orjson.loads((result.path / "usage.json").read_bytes())
        return "\n\n".join([_sizes(config, result, RunDir.open(result.path)), stages_table(usage["stages"])])


def stages_table(spent: Mapping[str, Mapping[str, float]]) -> str:
    """`usage.json`'s `stages` in their order, each with its share of the wall time, and the sum."""
    wall = sum(stage["wall_s"] for stage in spent.values())
    cpu = sum(stage["cpu_s"] for stage in spent.values())
    rows = [
        [name, f"{s['wall_s']:.2f}", f"{s['cpu_s']:.2f}", f"{s['wall_s'] / wall if wall else 0.0:.1%}"]
        for name, s in spent.items()
    ]
    rows.append(["all", f"{wall:.2f}", f"{cpu:.2f}", "100.0%" if wall else "0.0%"])
    return table(["stage", "wall s", "CPU s", "share of wall"], rows, right=3)


def _sizes(config: Config, result: RunResult, run_dir: RunDir) -> str:
    index, debate = run_dir.stage("index"), run_dir.stage("debate")
    assert index
    per_token = run_dir.manifest["characters_per_token"]
    categories = debate.counts["categories"] if debate else 0
    return (
        f"{index.counts['documents']:,} documents, about {index.counts['characters'] / per_token:,.0f} tokens; "
        f"{categories:,} categories, {result.topics:,} topics, {result.samples:,} samples of "
        f"{config.packing.context_length:,} tokens; {config.run.workers} workers. Machine: {machine()}."
    )
