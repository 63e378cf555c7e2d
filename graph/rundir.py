"""A run directory: what is in it, what is finished, and whose it is.

The markers of finished stages in `manifest.json` are the one truth about what is done; a stage whose marker is there is
never run again, and a file it wrote is known by its digest.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from errno import EACCES, ENOTDIR
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson
from filelock import FileLock, Timeout

from graph.config import Config, changed, load_config
from litelong import UsageError, __version__
from tools.files import file_digest, make_folders, remove_empty, write_atomic

FORMAT = 3
MANIFEST, _CONFIG, LOCK = "manifest.json", "config.yaml", ".lock"
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
        self.is_new = False
        """Whether this call began the run."""

    @classmethod
    def claim(cls, config: Config) -> "RunDir":
        """Create the directory of a new run, or take up the one that an earlier call of the same configuration began.

        Raises `UsageError` when the folder holds something else, another configuration's run, or cannot be written,
        or when another process is working in it.
        """
        path = config.out
        created = make_folder(path)
        _refuse_foreign(path)
        try:
            lock = locked(path)
        except OSError as error:
            remove_empty(created)
            raise unwritable(path, error) from None
        run = cls(path, {}, lock, created)
        try:
            run._take_up(config)
        except BaseException:
            run.discard()
            run.release()
            raise
        return run

    @classmethod
    def open(cls, path: Path) -> "RunDir":
        """Open a run for reading. Raises `UsageError` when there is none."""
        try:
            manifest = orjson.loads((path / MANIFEST).read_bytes())
        except FileNotFoundError:
            raise UsageError(f"{path}: not a run directory (no manifest.json)") from None
        except NotADirectoryError:
            raise UsageError(f"{path}: a file, not a run directory") from None
        except (OSError, orjson.JSONDecodeError) as error:
            raise UsageError(
                f"{path}/manifest.json: cannot be read ({error}); the run cannot be used: make it again"
            ) from None
        if not isinstance(manifest, dict) or not isinstance(manifest.get("stages"), dict):
            raise UsageError(f"{path}/manifest.json: not the manifest of a run; name a run directory")
        if manifest.get("format") != FORMAT:
            raise UsageError(
                f"{path}: a run of format {manifest.get('format')}, this version reads {FORMAT}; use the version that made it"
            )
        return cls(path, manifest, None, [])

    def config(self) -> Config:
        """The configuration as it was resolved. Raises `UsageError` when it is missing or not the run's."""
        file = self.path / _CONFIG
        if not file.exists():
            raise UsageError(f"{file}: is missing; put it back, or run the configuration again")
        return load_config(file)

    def stage(self, name: str) -> Stage | None:
        """The marker of a finished stage, or None."""
        found = self.manifest.get("stages", {}).get(name)
        return Stage(name, found["counts"], found["files"]) if found else None

    def finish(
        self,
        name: str,
        counts: Mapping[str, Any],
        files: Iterable[Path] = (),
        known: Mapping[Path, str] = MappingProxyType({}),
    ) -> None:
        """Write the stage's marker, with the digests of the files it wrote. Those `known` already are not read for them."""
        digests = {
            file.relative_to(self.path).as_posix(): known.get(file) or file_digest(file) for file in sorted(files)
        }
        self.manifest["stages"][name] = {"state": "done", "counts": dict(counts), "files": digests}
        self.save()

    def note(self, **facts: Any) -> None:  # noqa: ANN401 - facts are JSON
        """Add facts to the manifest (fingerprints, seeds)."""
        self.manifest.update(facts)
        self.save()

    def save(self) -> None:
        write_atomic(self.path / MANIFEST, orjson.dumps(self.manifest, option=orjson.OPT_INDENT_2))

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock for a while, though it was given back. Raises `UsageError` when another process has it."""
        assert self._lock is not None, "a run that was opened for reading has no lock"
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise _busy(self.path) from None
        try:
            yield
        finally:
            self._lock.release()

    @property
    def is_claimed(self) -> bool:
        """Whether this was claimed to work in, and not only opened for reading."""
        return self._lock is not None

    def release(self) -> None:
        """Give the lock back."""
        if self._lock is not None:
            # A run keeps the file: who unlinks it may unlink what another process has just locked.
            if not (self.path / MANIFEST).exists():
                (self.path / LOCK).unlink(missing_ok=True)
            self._lock.release(force=True)

    def discard(self) -> None:
        """Remove the run when this call began it: a refused run leaves nothing behind."""
        if not self.is_new:
            return
        if self._created:
            shutil.rmtree(self.path, ignore_errors=True)
            remove_empty(self._created[1:])
        else:
            for entry in self.path.iterdir():
                if entry.is_dir():
                    shutil.rmtree(entry, ignore_errors=True)
                else:
                    entry.unlink()

    def _take_up(self, config: Config) -> None:
        if (self.path / MANIFEST).exists():
            self.manifest = RunDir.open(self.path).manifest
            if self.manifest.get("config_fingerprint") != config.fingerprint():
                keys = [key for key in changed(self.config(), config) if key != "run.out"]
                raise UsageError(
                    f"{self.path}: holds another run (it differs in {', '.join(keys) or 'its version'}); choose another "
                    "folder with --out, or remove this one"
                )
        else:
            self._begin(config)
        file = self.path / _CONFIG
        missing = not file.exists()
        if missing:
            write_atomic(file, config.to_yaml().encode())
        if missing or "config_digest" not in self.manifest:
            self.note(config_digest=file_digest(file))

    def _begin(self, config: Config) -> None:
        _refuse_foreign(self.path)
        self.is_new = True
        self.manifest = {
            "format": FORMAT,
            "litelong": __version__,
            "versions": {name: version(name) for name in _VERSIONED},
            "seed": config.run.seed,
            "config_fingerprint": config.fingerprint(),
            "stages": {},
        }
        self.save()


def is_debated(path: Path) -> bool:
    """Whether the run in `path`, if there is one, asks no model any more: its debates are done, or it began with another's."""
    try:
        manifest = RunDir.open(path).manifest
    except UsageError:
        return False
    return "debate" in manifest["stages"] or "repacked_from" in manifest


def locked(path: Path) -> FileLock:
    """The lock of the run in `path`, taken. Raises `UsageError` when another process has it, `OSError` where none can be made."""
    lock = FileLock(path / LOCK, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise _busy(path) from None
    return lock


def _refuse_foreign(path: Path) -> None:
    """Raise `UsageError` for a folder that holds something and no run. Asked before a lock file is written into it."""
    # A killed call may have left the temporary manifest, and nothing else before the manifest itself.
    names = {entry.name for entry in path.iterdir()} - {LOCK, f".{MANIFEST}.tmp"}
    if MANIFEST in names:
        RunDir.open(path)
    elif names:
        raise UsageError(
            f"{path}: is not empty and not a run directory (it holds '{min(names)}'); choose another folder with --out"
        )


def make_folder(path: Path) -> list[Path]:
    """Create `path`; return the folders that were created, the innermost first (empty when it was there).

    Raises `UsageError` when it cannot be made, is no folder or cannot be written.
    """
    created: list[Path] = []
    try:
        created = make_folders(path.absolute())
        if not path.is_dir():
            raise NotADirectoryError(ENOTDIR, "a file is in the way")
        if not os.access(path, os.W_OK | os.X_OK):
            raise PermissionError(EACCES, "permission denied")
    except (OSError, ValueError) as error:  # a path with a NUL in it is a ValueError
        remove_empty(created)
        raise unwritable(path, error) from None
    return created


def unwritable(path: Path, error: OSError | ValueError) -> UsageError:
    """What is said of a run directory that cannot be written."""
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return UsageError(f"{path}: cannot be written ({reason}); choose another folder with --out")


def _busy(path: Path) -> UsageError:
    return UsageError(f"{path}: another litelong process is working in this run; wait for it or stop it")
