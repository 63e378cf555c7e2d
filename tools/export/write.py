"""Exporting: samples to shards, one after the other, so that an export that stopped goes on with the shard it was in.

A shard is written in a hidden folder, synced, and moved into place; then it is recorded in `export.json`, with how many samples
stand before it. What a killed export left half-done is removed by the next one. `export.json` also says what was exported, so
a folder that holds another run's samples, or another format, is refused.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from litelong import UsageError, __version__
from tools.export.card import CardFacts, write_card
from tools.export.formats import Format, Setting, get_format
from tools.export.samples import NextId, Sample, count_samples, read_samples
from tools.files import ignore, make_folders, remove_empty, sync, write_atomic

RECORD = "export.json"
_WORK = ".shard"


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
    """A shard in `export.json`: its samples, and its bytes before compression."""

    samples: int
    bytes: int


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
    just written. Raises `UsageError` when `out` holds something else or cannot be written.
    """
    chosen = get_format(options.format, setting)
    record = {"litelong": __version__, "source": dict(source), "options": asdict(options)}
    created = _make(out)
    try:
        shards = _take_up(out, record)
    except UsageError:
        remove_empty(created)
        raise
    total = count_samples(samples)
    done = sum(shard.samples for shard in shards)
    tick(done)
    rest = read_samples(samples, done, next_id if options.extra_token else None)
    while done < total:
        shards.append(_write_shard(chosen, out, len(shards), rest, options.shard_size, tick))
        done += shards[-1].samples
        _save(out, record, shards)
    chosen.finish(out)
    write_card(out / "README.md", card, options.format, chosen.front_matter)
    return Exported(out, done, len(shards), sum(shard.bytes for shard in shards))


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
    _move(work, out)
    return _Written(count, held)


def _sidecar(work: Path, number: int) -> Any:  # noqa: ANN401 - a stream
    folder = work / "samples"
    folder.mkdir()
    return (folder / f"shard-{number:05d}.jsonl").open("wb")


def _labels(sample: Sample, row: int) -> bytes:
    """What the formats of numbers alone have no place for: whose ids stand in which row of the shard."""
    facts = {"row": row, **sample.labels, "n_tokens": sample.n_tokens, "doc_lens": sample.doc_lens}
    return orjson.dumps(facts, option=orjson.OPT_APPEND_NEWLINE)


def _move(work: Path, out: Path) -> None:
    """Move a finished shard's files into place; they count once `export.json` names the shard."""
    for file in sorted(path for path in work.rglob("*") if path.is_file()):
        sync(file)
        place = out / file.relative_to(work)
        place.parent.mkdir(exist_ok=True)
        file.replace(place)
        sync(place.parent)
    shutil.rmtree(work)


def _make(out: Path) -> list[Path]:
    try:
        created = make_folders(out.absolute())
        if not out.is_dir() or not os.access(out, os.W_OK | os.X_OK):
            raise PermissionError("not a folder that can be written")
    except OSError as error:
        raise UsageError(f"--out {out}: cannot be written ({error.strerror or error}); choose another folder") from None
    return created


def _take_up(out: Path, record: Mapping[str, Any]) -> list[_Written]:
    """The shards that an earlier call finished. Raises `UsageError` for a folder that holds something else."""
    file = out / RECORD
    if not file.exists():
        other = next((entry.name for entry in sorted(out.iterdir()) if entry.name != _WORK), None)
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
    return shards


def _save(out: Path, record: Mapping[str, Any], shards: list[_Written]) -> None:
    content = {**record, "shards": [shard._asdict() for shard in shards]}
    write_atomic(out / RECORD, orjson.dumps(content, option=orjson.OPT_INDENT_2))
