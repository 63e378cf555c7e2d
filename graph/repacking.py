"""`litelong repack`: another tokenizer, recipe, length or boundary policy over the topics and hits that a run found.

The new run is a run like any other, in a folder of its own, that begins with the old one's topics, hits and recorded debates, and
reads its index. No model is ever called. What the new recipe needs and the old run has not (longer lists of hits, negatives) is
searched for, and said.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from graph.config import Config, changed, load_config
from graph.inspecting import finished
from graph.progress import Progress
from graph.rundir import FORMAT, RunDir
from graph.running import RunResult, run
from litelong import UsageError
from tools.files import make_folders, remove_empty, sync, write_atomic
from tools.indexed import open_indexed
from tools.packing.recipe import get_recipe

CHANGEABLE = ("tokenizer", "packing", "negatives", "run.name", "run.workers", "run.tokens")
"""Sections and keys that a repack may change: those that decide neither topics nor how they are searched."""
NOT_MINED = (
    *("run.name", "run.out", "run.workers", "run.tokens", "search.index", "negatives.position", "negatives.truncate"),
    *(f"packing.{key}" for key in ("near_duplicates", "tails", "remainder", "padding", "pad_id", "compression")),
)
"""Keys that decide nothing of what is mined: the same roots, asked for the same negatives."""
TOPICS = ("topics.jsonl", "rejected.jsonl", "debates", "checkpoints.sqlite", "replies.sqlite")


@dataclass(frozen=True, slots=True)
class Repacked:
    """The new run, and what had to be searched for, in words (empty: nothing)."""

    result: RunResult
    searched: tuple[str, ...]


def repack(
    path: Path,
    out: Path,
    changes: Mapping[str, Any],
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
) -> Repacked:
    """Pack the run in `path` anew into `out`, or go on with that. `changes` are values by key (`packing.recipe`).

    Raises `UsageError` when nothing changes, when something else would, when the run has no topics for a recipe over topics,
    or when its corpus changed; then nothing is left in `out`.
    """
    run_dir, old = finished(path)
    config = _new_config(path, old, out, changes, overrides)
    searched = _searched(run_dir, old, config)
    _check_corpus(run_dir, Path(config.search.index or ""))
    seeded = _seed(run_dir, old, config)
    try:
        return Repacked(run(config, progress=progress), searched)
    except UsageError:
        if seeded:
            shutil.rmtree(out, ignore_errors=True)
            remove_empty(seeded)
        raise


def _check_corpus(run_dir: RunDir, path: Path) -> None:
    """Raise `UsageError` when the corpus, or the index over it, is not what the run's topics and hits were found in."""
    index = open_indexed(path)
    try:
        index.check_unchanged("bring it back as it was, or run anew")
        if index.fingerprint != run_dir.manifest["corpus_fingerprint"]:
            raise UsageError(f"{path}: documents were added since {run_dir.path} was made from it; run anew")
    finally:
        index.close()


def _new_config(path: Path, old: Config, out: Path, changes: Mapping[str, Any], overrides: Sequence[str]) -> Config:
    data = old.model_dump(mode="json")
    data["search"]["index"] = old.search.index or str((path / "index").absolute())
    for key, value in changes.items():
        section, _, name = key.partition(".")
        if name:
            data[section][name] = value
        else:
            data[section] = value
    config = load_config(data, overrides, str(out))
    found = [key for key in changed(old, config) if key not in ("run.out", "search.index")]
    other = [key for key in found if not key.startswith(CHANGEABLE)]
    if other:
        raise UsageError(f"{other[0]}: a repack cannot change it, because topics and hits depend on it; run it anew")
    if not found:
        raise UsageError(
            f"{path}: nothing would change; give --tokenizer, --recipe, --context-length, --boundaries or --set"
        )
    if out.absolute().resolve() == path.absolute().resolve():
        raise UsageError(f"--out {out}: is the run itself; choose another folder")
    return config


def _searched(run_dir: RunDir, old: Config, config: Config) -> tuple[str, ...]:
    """What the new run must search for, in words. Raises `UsageError` when it needs topics and there are none."""
    recipe = get_recipe(config.packing.recipe)
    if recipe.unit == "topic" and run_dir.stage("curate") is None:
        raise UsageError(
            f"{run_dir.path}: has no topics (its recipe is {old.packing.recipe}), and a repack never asks a model for some; "
            f"run recipe {config.packing.recipe} instead"
        )
    searched = []
    if recipe.unit == "topic" and not _hits_are_enough(run_dir, old, config):
        searched.append(f"hits: a topic needs {_needed(config):,} tokens now, and was searched for {_needed(old):,}")
    if recipe.mines and not _negatives_are_the_same(run_dir, old, config):
        searched.append(f"negatives: recipe {config.packing.recipe} needs them ({config.negatives.source})")
    return tuple(searched)


def _negatives_are_the_same(run_dir: RunDir, old: Config, config: Config) -> bool:
    return run_dir.stage("mine") is not None and not set(changed(old, config)) - set(NOT_MINED)


def _hits_are_enough(run_dir: RunDir, old: Config, config: Config) -> bool:
    return run_dir.stage("retrieve") is not None and (old.retrieve.hits != "auto" or _needed(config) <= _needed(old))


def _needed(config: Config) -> int:
    return config.packing.context_length * config.packing.samples_per_topic


def _seed(run_dir: RunDir, old: Config, config: Config) -> list[Path]:
    """Begin the new run with what the old one found; gives the folders made (empty: an earlier call began it).

    It is put together beside its place and renamed, so a killed repack leaves no run that would debate anew.
    """
    out = config.out
    if out.exists() and any(out.iterdir()):
        _refuse_other(out, config)
        return []
    created = make_folders(out.parent.absolute())
    work = out.with_name(f".{out.name}.repacking")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        stages = _copy(run_dir, old, config, work)
        manifest = {
            **{name: run_dir.manifest[name] for name in ("litelong", "versions")},
            "format": FORMAT,
            "seed": config.run.seed,
            "config_fingerprint": config.fingerprint(),
            "repacked_from": run_dir.manifest["config_fingerprint"],
            "stages": stages,
        }
        write_atomic(work / "manifest.json", orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
        if out.exists():
            out.rmdir()
        work.rename(out)
        sync(out.parent)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return created or [out]


def _refuse_other(out: Path, config: Config) -> None:
    """Going on with a folder is safe only where a repack of this configuration began it."""
    manifest = RunDir.open(out).manifest
    if "repacked_from" not in manifest or manifest.get("config_fingerprint") != config.fingerprint():
        raise UsageError(f"--out {out}: holds another run; choose another folder")


def _copy(run_dir: RunDir, old: Config, config: Config, work: Path) -> dict[str, Any]:
    """Copy what is reused into `work`; the markers of the stages that are thereby done."""
    if get_recipe(config.packing.recipe).unit == "corpus":
        names, stages = [], []
    else:
        names, stages = list(TOPICS), ["debate", "curate"]
        if _hits_are_enough(run_dir, old, config):
            names.append("hits")
            stages.append("retrieve")
    if get_recipe(config.packing.recipe).mines and _negatives_are_the_same(run_dir, old, config):
        names.append("negatives")
        stages.append("mine")
    if config.tokenizer == old.tokenizer:
        names.append("tokens")
    for name in names:
        source = run_dir.path / name
        if source.is_dir():
            # Finished files are never written again, so a link does; a store's own lock and leftovers stay behind.
            shutil.copytree(source, work / name, copy_function=_link, ignore=shutil.ignore_patterns("*.lock", ".*"))
        elif source.exists():
            _link(str(source), str(work / name))
    return {name: run_dir.manifest["stages"][name] for name in stages}


def _link(source: str, target: str) -> None:
    if source.endswith(".sqlite"):
        shutil.copyfile(source, target)
        return
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
