"""Exporting: samples to shards, one after the other, so that an export that stopped goes on with the shard it was in.

A shard is written in a hidden folder, synced, and moved into place; then it is recorded in `export.json`, with how many samples
stand before it. What a killed export left half-done is removed by the next one. `export.json` also says what was exported, so
a folder that holds another run's samples, or another format, is refused.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from filelock import FileLock, Timeout

from litelong import UsageError, __version__
from tools.export.card import CardFacts, write_card
from tools.export.formats import Format, Setting, get_format
from tools.export.samples import NextId, Sample, count_samples, read_samples
from tools.files import ignore, make_folders, remove_empty, sync, write_atomic

RECORD = "export.json"
_WORK, _LOCK = ".shard", ".lock"


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What is asked for: the format, the most bytes a shard takes before compression, and one id more a sample or not."""

    format: str
    shard_size: int
    extra_token: bool = False


class Exported(NamedTuple):
    """What was written, all in all."""

    path: Path
    samples: int
    shards: int
    bytes: int


class _Written(NamedTuple):
    """A shard in `export.json`: its samples, its bytes before compression, and its files with their sizes."""

    samples: int
    bytes: int
    files: dict[str, int]


def export(
    samples: Path,
    out: Path,
    options: ExportOptions,
    setting: Setting,
    *,
    source: Mapping[str, Any],
    card: CardFacts,
    next_id: NextId | None = None,
    tick: Callable[[int], None] = ignore,
) -> Exported:
    """Export the files of the folder `samples` to `out`, or go on with the export that it holds.

    `source` identifies the run and its samples; `next_id` gives the id more of `options.extra_token`. `tick` gets the samples
    just written. Raises `UsageError` when `out` holds something else or cannot be written, or is being written.
    """
    chosen = get_format(options.format, setting)
    record = {"litelong": __version__, "source": dict(source), "options": asdict(options)}
    created = _make(out)
    try:
        with _alone(out):
            shards = _take_up(out, record)
            tick(sum(shard.samples for shard in shards))
            try:
                _write_rest(chosen, samples, out, record, shards, options, next_id, tick)
            except UsageError:
                if not shards:  # a refused export leaves nothing behind
                    shutil.rmtree(out / _WORK, ignore_errors=True)
                    (out / RECORD).unlink()
                raise
            chosen.finish(out)
            write_card(out / "README.md", card, options.format, chosen.front_matter)
    except UsageError:
        remove_empty(created)
        raise
    counts = (sum(shard.samples for shard in shards), len(shards), sum(shard.bytes for shard in shards))
    return Exported(out, *counts)


def _write_rest(
    chosen: Format,
    samples: Path,
    out: Path,
    record: Mapping[str, Any],
    shards: list[_Written],
    options: ExportOptions,
    next_id: NextId | None,
    tick: Callable[[int], None],
) -> None:
    """Write the shards that are missing, and add each to `shards`."""
    total, done = count_samples(samples), sum(shard.samples for shard in shards)
    rest = read_samples(samples, done, next_id if options.extra_token else None)
    while done < total:
        shards.append(_write_shard(chosen, out, len(shards), rest, options.shard_size, tick))
        done += shards[-1].samples
        _save(out, record, shards)


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Raise `UsageError` while another process exports to the same folder."""
    lock = FileLock(out / _LOCK, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UsageError(f"--out {out}: another litelong process is exporting to it; wait for it or stop it") from None
    try:
        yield
    finally:
        # A trainer's folder should hold what a trainer reads. (Where an open file cannot be removed, it stays.)
        with suppress(OSError):
            (out / _LOCK).unlink()
        lock.release()


def _write_shard(
    chosen: Format, out: Path, number: int, samples: Iterator[Sample], most: int, tick: Callable[[int], None]
) -> _Written:
    """Write samples to one shard until it holds `most` bytes or none is left. A shard holds at least one sample."""
    work = out / _WORK
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    count = held = largest = 0
    with chosen.open(work, number) as shard, _sidecar(work, number) as sidecar:
        for sample in samples:
            size = shard.add(sample)
            sidecar.write(_labels(sample, count))
            held, count, largest = held + size, count + 1, max(largest, size)
            tick(1)
            if held + largest > most:
                break
        shard.close()
    return _Written(count, held, _move(work, out))


def _sidecar(work: Path, number: int) -> Any:  # noqa: ANN401 - a stream
    folder = work / "samples"
    folder.mkdir()
    return (folder / f"shard-{number:05d}.jsonl").open("wb")


def _labels(sample: Sample, row: int) -> bytes:
    """What the formats of numbers alone have no place for: whose ids stand in which row of the shard."""
    facts = {"row": row, **sample.labels, "n_tokens": sample.n_tokens, "doc_lens": sample.doc_lens}
    return orjson.dumps(facts, option=orjson.OPT_APPEND_NEWLINE)


def _move(work: Path, out: Path) -> dict[str, int]:
    """Move a finished shard's files into place, and give their sizes; they count once `export.json` names the shard."""
    sizes = {}
    for file in sorted(path for path in work.rglob("*") if path.is_file()):
        sync(file)
        place = out / file.relative_to(work)
        place.parent.mkdir(exist_ok=True)
        file.replace(place)
        sync(place.parent)
        sizes[place.relative_to(out).as_posix()] = place.stat().st_size
    shutil.rmtree(work)
    return sizes


def _make(out: Path) -> list[Path]:
    try:
        created = make_folders(out.absolute())
        if not out.is_dir() or not os.access(out, os.W_OK | os.X_OK):
            raise PermissionError("not a folder that can be written")
    except OSError as error:
        raise UsageError(f"--out {out}: cannot be written ({error.strerror or error}); choose another folder") from None
    return created


def _take_up(out: Path, record: Mapping[str, Any]) -> list[_Written]:
    """The shards that an earlier call finished, up to the first of which a file is missing.

    Raises `UsageError` for a folder that holds something else.
    """
    file = out / RECORD
    if not file.exists():
        # A killed call may have left its work, or the record under its temporary name, and nothing else before the record.
        own = (_WORK, _LOCK, f".{RECORD}.tmp")
        other = next((entry.name for entry in sorted(out.iterdir()) if entry.name not in own), None)
        if other is not None:
            raise UsageError(f"--out {out}: holds '{other}' and is no export; choose an empty folder")
        _save(out, record, [])
        return []
    try:
        held = orjson.loads(file.read_bytes())
        shards = [_Written(**shard) for shard in held.pop("shards")]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(f"{file}: is damaged; remove the folder, and export again") from None
    if held != dict(record):
        differing = ", ".join(key for key in record if held.get(key) != record[key])
        raise UsageError(f"--out {out}: holds another export (it differs in {differing}); choose another folder")
    return list(takewhile(lambda shard: _is_whole(out, shard), shards))


def _is_whole(out: Path, shard: _Written) -> bool:
    """Whether all of a shard's files are there, and as long as they were written."""
    return all((out / name).is_file() and (out / name).stat().st_size == size for name, size in shard.files.items())


def _save(out: Path, record: Mapping[str, Any], shards: list[_Written]) -> None:
    content = {**record, "shards": [shard._asdict() for shard in shards]}
    write_atomic(out / RECORD, orjson.dumps(content, option=orjson.OPT_INDENT_2))
