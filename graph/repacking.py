"""`litelong repack`: another tokenizer, recipe, length or boundary policy over the topics and hits that a run found.

The new run is a run like any other, in a folder of its own, that begins with the old one's topics, hits and recorded debates, and
reads its index. No model is ever called. What the new recipe needs and the old run has not (longer lists of hits, negatives) is
searched for, and said.
"""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from graph.config import Config, changed, load_config
from graph.inspecting import finished
from graph.progress import Progress
from graph.rundir import FORMAT, LOCK, MANIFEST, RunDir, locked, make_folder, unwritable
from graph.running import RunResult, run
from litelong import UsageError
from tools.files import remove_empty, sync, write_atomic
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
REUSED = ("hits", "negatives", "tokens")
_SEED = ".repacking"
"""Where a new run is put together, in its own folder."""


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
    created = _seed(run_dir, old, config)
    try:
        return Repacked(run(config, progress=progress), searched)
    except UsageError:
        if created is not None:
            _clear(config.out)
            remove_empty(created)
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


def _seed(run_dir: RunDir, old: Config, config: Config) -> list[Path] | None:
    """Begin the new run with what the old one found; the folders made for it (None: an earlier call began it).

    It is put together in a folder within its own, and the manifest leaves that one last, so a killed repack leaves no run that
    would debate anew. Raises `UsageError` when `run.out` holds something else or cannot be written.
    """
    out = config.out
    created = make_folder(out)
    try:
        lock = locked(out)
    except OSError as error:
        remove_empty(created)
        raise unwritable(out, error) from None
    try:
        if _is_begun(out, config):
            shutil.rmtree(out / _SEED, ignore_errors=True)
            return None
        try:
            _begin(run_dir, old, config, out / _SEED)
        except BaseException:
            _clear(out)
            remove_empty(created)
            raise
    finally:
        lock.release()
    return created


def _is_begun(out: Path, config: Config) -> bool:
    """Whether `out` holds a repack of this configuration; what a killed one left before its manifest is removed."""
    names = {entry.name for entry in out.iterdir()} - {LOCK}
    if MANIFEST in names:
        _refuse_other(out, config)
        return True
    other = names - {_SEED, *TOPICS, *REUSED} if _SEED in names else names
    if other:
        raise UsageError(
            f"--out {out}: is not empty and not a run directory (it holds '{min(other)}'); choose another folder"
        )
    _clear(out, but=LOCK)
    return False


def _begin(run_dir: RunDir, old: Config, config: Config, work: Path) -> None:
    work.mkdir()
    stages = _copy(run_dir, old, config, work)
    manifest = {
        **{name: run_dir.manifest[name] for name in ("litelong", "versions")},
        "format": FORMAT,
        "seed": config.run.seed,
        "config_fingerprint": config.fingerprint(),
        "repacked_from": run_dir.manifest["config_fingerprint"],
        "stages": stages,
    }
    for entry in sorted(work.iterdir()):
        entry.rename(work.parent / entry.name)
    sync(work.parent)
    write_atomic(work / MANIFEST, orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
    (work / MANIFEST).rename(work.parent / MANIFEST)
    work.rmdir()
    sync(work.parent)


def _clear(folder: Path, but: str = "") -> None:
    """Remove all that `folder` holds, but for one name."""
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        elif entry.name != but:
            entry.unlink()


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
        for file in _files(run_dir.path / name):
            target = work / file.relative_to(run_dir.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            _link(file, target)
    return {name: run_dir.manifest["stages"][name] for name in stages}


def _files(source: Path) -> Iterator[Path]:
    """A file, or all files of a folder. A store's own lock and leftovers stay behind."""
    if source.is_dir():
        for entry in sorted(source.iterdir()):
            if not entry.name.startswith(".") and not entry.name.endswith(".lock"):
                yield from _files(entry)
    elif source.exists():
        yield source


def _link(source: Path, target: Path) -> None:
    """Finished files are never written again, so a link does; but a database is."""
    if ".sqlite" in source.name:
        shutil.copyfile(source, target)
        return
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
