"""From what `corpus.path` says to a corpus: the demo, datasets, files, folders and globs, in the order given."""

import os
from collections.abc import Iterator, Sequence
from glob import glob, has_magic
from pathlib import Path
from typing import NamedTuple

from litelong import UsageError
from tools.corpus.packaged import DEMO, is_packaged
from tools.corpus.rows import Wanted, printable
from tools.corpus.sources import Corpus, Source
from tools.corpus.streams import SUPPORTED, kind_of
from tools.corpus.text_files import TextFiles

_BINARY = ("error", "reject")


class Listing(NamedTuple):
    """The files of one path entry: `names` are relative to `root` and sorted; `shown` is the root as the user knows it."""

    root: Path
    shown: str
    names: list[str]


def open_corpus(
    paths: Sequence[str],
    *,
    base: Path,
    text_field: str | None = None,
    id_field: str | None = None,
    source_field: str | None = None,
    name: str = "corpus",
    blocks: Path | None = None,
    binary_files: str = "error",
) -> Corpus:
    """The corpus at `paths`: `demo`, `hf:NAME[@SPLIT]`, files, folders (hidden files left out) and globs.

    Relative paths count from `base`. `blocks` is the folder for the texts of compressed inputs (None: they can be read
    but not fetched). `binary_files` is `error` or `reject`. Raises `UsageError` for a missing path, a glob without a
    match, a corpus without a readable file, and wrong settings.
    """
    if binary_files not in _BINARY:
        raise UsageError(f"corpus.binary_files: unknown value '{binary_files}': it is {' or '.join(_BINARY)}")
    wanted = Wanted(text_field, id_field, source_field)
    sources: list[Source] = []
    seen: list[str] = []
    for entry in paths:
        if is_packaged(entry):
            sources.append(_packaged(entry, base, len(sources), wanted))
            continue
        listing = list_files(entry, base)
        seen.append(entry)
        found = _sources(listing, len(sources), wanted, blocks, reject_binary=binary_files == "reject")
        sources.extend(found)
    if not any(_has_documents(source) for source in sources):
        where = ", ".join(seen) or "no path"
        raise UsageError(f"corpus.path: no readable file in {where}: readable are {SUPPORTED}")
    return Corpus(tuple(sources), name)


def _packaged(entry: str, base: Path, number: int, wanted: Wanted) -> Source:
    if entry == DEMO:
        from tools.corpus.factbook import Factbook

        return Factbook(number)
    from tools.corpus.huggingface import HuggingFace

    return HuggingFace(entry, base, number, wanted)


def _has_documents(source: Source) -> bool:
    return not isinstance(source, TextFiles) or source.has_documents


def _sources(
    listing: Listing, number: int, wanted: Wanted, blocks: Path | None, *, reject_binary: bool
) -> Iterator[Source]:
    singles = [name for name in listing.names if kind_of(name).form not in ("jsonl", "parquet")]
    if singles:
        yield TextFiles(listing.root, listing.shown, singles, number, reject_binary=reject_binary)
        number += 1
    for name in listing.names:
        kind = kind_of(name)
        if kind.form in ("jsonl", "parquet"):
            inner = _row_file(listing, name, number, wanted, reject_binary=reject_binary)
            yield _stored(inner, number, blocks) if kind.packing else inner
            number += 1


def _row_file(listing: Listing, name: str, number: int, wanted: Wanted, *, reject_binary: bool) -> Source:
    path, label = listing.root / name, printable((Path(listing.shown) / name).as_posix())
    if kind_of(name).form == "jsonl":
        from tools.corpus.jsonl import Jsonl

        return Jsonl(path, label, printable(name), number, wanted, reject_binary=reject_binary)
    from tools.corpus.parquet import Parquet

    return Parquet(path, label, printable(name), number, wanted)


def _stored(inner: Source, number: int, blocks: Path | None) -> Source:
    from tools.corpus.compressed import Compressed

    return Compressed(inner, number, blocks)


def list_files(entry: str, base: Path) -> Listing:
    """The files that a path entry names. Raises `UsageError` when there is none at that path."""
    given = Path(entry).expanduser()
    path = base / given
    if path.is_dir():
        return Listing(path, str(given), list(_walk(path, "", ())))
    if path.exists():
        return Listing(path.parent, str(given.parent) if given.parent != Path() else "", [path.name])
    if has_magic(entry):
        return _matches(given, base)
    raise UsageError(f"corpus.path: '{entry}' is not there (looked in {base}): correct the path")


def _matches(given: Path, base: Path) -> Listing:
    plain = 0
    while not has_magic(given.parts[plain]):
        plain += 1
    shown, pattern = Path(*given.parts[:plain]), str(Path(*given.parts[plain:]))
    root = base / shown
    names: set[str] = set()
    for match in glob(pattern, root_dir=root, recursive=True):  # noqa: PTH207  # Path.glob finds hidden files
        relative = Path(match).as_posix()
        if (root / match).is_dir():
            names.update(_walk(root, "" if relative == "." else f"{relative}/", ()))
        else:
            names.add(_regular(root, relative))
    if not names:
        raise UsageError(f"corpus.path: nothing matches '{given}' (looked in {base}): correct the pattern")
    return Listing(root, str(shown) if plain else "", sorted(names))


def _walk(root: Path, prefix: str, above: tuple[str, ...]) -> Iterator[str]:
    """Relative names of all files below `root/prefix`, sorted as strings with "/" separators, in the memory of one folder."""
    folder = root / prefix
    real = os.path.realpath(folder)
    if real in above:
        raise UsageError(f"{printable(str(folder))}: a link that leads back to a folder above it: remove the link")
    try:
        with os.scandir(folder) as entries:
            # With "/" behind folders, sorting each folder sorts the whole paths.
            names = sorted(e.name + "/" * e.is_dir() for e in entries if not e.name.startswith("."))
    except OSError as error:
        raise UsageError(f"{printable(str(folder))}: cannot be listed ({error.strerror})") from error
    for name in names:
        if name.endswith("/"):
            yield from _walk(root, prefix + name, (*above, real))
        else:
            yield _regular(root, prefix + name)


def _regular(root: Path, name: str) -> str:
    if (root / name).is_file():
        return name
    raise UsageError(f"{printable(str(root / name))}: neither a file nor a folder (a broken link?): remove it")
