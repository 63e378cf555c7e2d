"""A run directory: what is in it, what is finished, and whose it is.

The markers of finished stages in `manifest.json` are the one truth about what is done; a stage whose marker is there is
never run again, and a file it wrote is known by its digest.
"""

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson
from filelock import FileLock, Timeout

from graph.config import Config, changed, load_config
from litelong import UsageError, __version__
from tools.files import file_digest, write_atomic

FORMAT = 1
_VERSIONED = ("langgraph", "whoosh-reloaded", "tiktoken", "tokenizers", "numpy", "pyarrow", "textblob")


@dataclass(frozen=True, slots=True)
class Stage:
    """The marker of a finished stage: its counts, and the files it wrote by relative path and digest."""

    name: str
    counts: Mapping[str, Any]
    files: Mapping[str, str]


class RunDir:
    """The paths of one run, its manifest and its lock."""

    def __init__(self, path: Path, manifest: dict[str, Any], lock: FileLock | None, created: list[Path]) -> None:
        self.path = path
        self.manifest = manifest
        self._lock = lock
        self._created = created

    @classmethod
    def claim(cls, config: Config) -> "RunDir":
        """Create the directory of a new run, or take up the one that an earlier call of the same configuration began.

        Raises `UsageError` when the folder holds something else, another configuration's run, or cannot be written,
        or when another process is working in it.
        """
        path = config.out
        created = _make(path)
        lock = FileLock(path / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise UsageError(
                f"{path}: another litelong process is working in this run; wait for it or stop it"
            ) from None
        except OSError as error:
            raise UsageError(
                f"{path}: cannot be written ({error.strerror}); choose another folder with --out"
            ) from None
        run = cls(path, {}, lock, created)
        try:
            run._take_up(config)
        except BaseException:
            run.release()
            raise
        return run

    @classmethod
    def open(cls, path: Path) -> "RunDir":
        """Open a run for reading. Raises `UsageError` when there is none."""
        try:
            manifest = orjson.loads((path / "manifest.json").read_bytes())
        except FileNotFoundError:
            raise UsageError(f"{path}: not a run directory (no manifest.json)") from None
        except (OSError, orjson.JSONDecodeError) as error:
            raise UsageError(f"{path}/manifest.json: cannot be read ({error})") from None
        return cls(path, manifest, None, [])

    def config(self) -> Config:
        """The configuration as it was resolved."""
        return load_config(self.path / "config.yaml")

    def stage(self, name: str) -> Stage | None:
        """The marker of a finished stage, or None."""
        found = self.manifest.get("stages", {}).get(name)
        return Stage(name, found["counts"], found["files"]) if found else None

    def finish(self, name: str, counts: Mapping[str, Any], files: Iterable[Path] = ()) -> None:
        """Write the stage's marker, with the digests of the files it wrote."""
        digests = {file.relative_to(self.path).as_posix(): file_digest(file) for file in sorted(files)}
        self.manifest["stages"][name] = {"state": "done", "counts": dict(counts), "files": digests}
        self.save()

    def note(self, **facts: Any) -> None:  # noqa: ANN401 - facts are JSON
        """Add facts to the manifest (fingerprints, seeds)."""
        self.manifest.update(facts)
        self.save()

    def save(self) -> None:
        write_atomic(self.path / "manifest.json", orjson.dumps(self.manifest, option=orjson.OPT_INDENT_2))

    def release(self) -> None:
        """Give the lock back."""
        if self._lock is not None:
            self._lock.release()
            (self.path / ".lock").unlink(missing_ok=True)

    def discard(self) -> None:
        """Remove what `claim` created, when this call created it: a refused run leaves nothing behind."""
        if self._created:
            shutil.rmtree(self.path, ignore_errors=True)
            for folder in self._created[1:]:
                try:
                    folder.rmdir()
                except OSError:
                    break

    @property
    def is_new(self) -> bool:
        """Whether this call created the directory."""
        return bool(self._created)

    def _take_up(self, config: Config) -> None:
        if (self.path / "manifest.json").exists():
            self.manifest = RunDir.open(self.path).manifest
            if self.manifest.get("config_fingerprint") != config.fingerprint():
                keys = [key for key in changed(self.config(), config) if key != "run.out"]
                raise UsageError(
                    f"{self.path}: holds another run (it differs in {', '.join(keys) or 'its version'}); choose another "
                    "folder with --out, or remove this one"
                )
            return
        others = [entry.name for entry in self.path.iterdir() if entry.name != ".lock"]
        leftovers = {"config.yaml", ".config.yaml.tmp", ".manifest.json.tmp"}
        if set(others) - leftovers:
            raise UsageError(
                f"{self.path}: is not empty and not a run directory (it holds '{sorted(others)[0]}'); choose another "
                "folder with --out"
            )
        write_atomic(self.path / "config.yaml", config.to_yaml().encode())
        self.manifest = {
            "format": FORMAT,
            "litelong": __version__,
            "versions": {name: version(name) for name in _VERSIONED},
            "seed": config.run.seed,
            "config_fingerprint": config.fingerprint(),
            "stages": {},
        }
        self.save()


def _make(path: Path) -> list[Path]:
    """Create `path`; return the folders that were created, the innermost first (empty when it was there)."""
    missing = []
    folder = path.absolute()
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    try:
        path.mkdir(parents=True, exist_ok=True)
        if not os.access(path, os.W_OK | os.X_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror}); choose another folder with --out") from None
    return missing
