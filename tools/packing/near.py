"""Near-duplicates by MinHash over token ids: which documents are nearly the same, whatever order they come in.

A document is the set of its runs of `SHINGLE` ids; a signature holds, for each of `SLOTS` seeded hash functions, the least
hash in the set, so the share of equal slots estimates the Jaccard similarity (standard deviation 0.035 at 0.8). The sketch is
`rensa`'s R-MinHash: 50 M ids a CPU-second measured, seeded, the same on every machine. Pairs that share a band of `ROWS`
slots are compared (0.8 is found with probability 1 - 1e-7, 0.5 with 0.87), and groups are the closure of the pairs.
"""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import rensa
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tools.columns import Hashes
from tools.files import ignore, replacing

SHINGLE = 5
SLOTS = 128
ROWS = 4
SEED = 20250916
ALGORITHM = f"{SHINGLE}-{SLOTS}-{SEED}-rensa{rensa.RMinHash.ALGORITHM_VERSION}"
"""What signatures are comparable with: those made by the same algorithm."""

_EMPTY = np.uint32(0xFFFFFFFF)
_BATCH_IDS = 1 << 22
_ROWS_AT_ONCE = 1 << 16
_NEIGHBOURS = 16
"""In a band's bucket each signature is compared with this many that follow it, and with the bucket's first."""

Signatures = NDArray[np.uint32]


def signature(ids: NDArray[Any]) -> Signatures:
    """The MinHash signature uint32 [SLOTS] of a sequence of token ids."""
    return np.asarray(signatures([ids])[0])


def signatures(documents: Iterable[NDArray[Any]]) -> Signatures:
    """uint32 [n, SLOTS]: the signature of each sequence of ids. A sequence without an id is near nothing."""
    return np.concatenate([np.empty((0, SLOTS), np.uint32), *_sketches(documents)])


def near_groups(signatures: Signatures, threshold: float) -> NDArray[np.int64]:
    """int64 [n]: for each signature [n, SLOTS] the first row of its group; rows are near at an estimate of `threshold` and more.

    Groups are closed: a row near one of a group belongs to it.
    """
    group = np.arange(len(signatures), dtype=np.int64)
    for one, other in _candidates(signatures):
        apart = group[one] != group[other]
        near = _are_near(signatures, one[apart], other[apart], threshold)
        if near.any():
            group = _joined(group, one[apart][near], other[apart][near])
    return group


def _joined(group: NDArray[np.int64], one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    """The groups once the rows of each pair (`one`, `other`) belong together; a group is called by its first row."""
    edges = coo_array((np.ones(len(one), np.bool_), (group[one], group[other])), shape=(len(group), len(group)))
    _, label = connected_components(edges, directed=False)
    _, first = np.unique(label, return_index=True)
    return np.asarray(first[label][group], np.int64)


def cached_groups(
    path: Path,
    hashes: Hashes,
    ids_of: Callable[[bytes], NDArray[Any]],
    threshold: float,
    tick: Callable[[int], None] = ignore,
) -> NDArray[np.int64]:
    """`near_groups` of the documents with these content hashes, kept in the file `path` for as long as nothing changes.

    `ids_of` gives a document's ids, `tick` gets the number of documents just seen.
    """
    digest = blake2b(f"{ALGORITHM} {threshold} ".encode())
    digest.update(hashes.array.data)
    key = digest.hexdigest()
    try:
        with np.load(path, allow_pickle=False) as kept:
            if str(kept["key"]) == key:
                tick(len(hashes))
                return np.asarray(kept["group"], np.int64)
    except (OSError, ValueError, KeyError, EOFError):
        pass  # not there yet, or damaged: it is made anew

    def documents() -> Iterator[NDArray[Any]]:
        for content_hash in hashes:
            tick(1)
            yield ids_of(content_hash)

    group = groups_of(documents(), len(hashes), threshold, path.parent)
    with replacing(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, key=np.array(key), group=group)
    return group


def groups_of(sequences: Iterable[NDArray[Any]], n: int, threshold: float, folder: Path) -> NDArray[np.int64]:
    """`near_groups` of n sequences of ids, whose signatures lie in `folder` meanwhile."""
    with _on_disk(n, folder) as made:
        at = 0
        for sketch in _sketches(sequences):
            made[at : at + len(sketch)] = sketch
            at += len(sketch)
        return near_groups(made, threshold)


def temporary_bytes(documents: int) -> int:
    """Bytes on the disk that signatures of so many documents take while groups are looked for."""
    return documents * SLOTS * _EMPTY.itemsize


@contextmanager
def _on_disk(n: int, folder: Path) -> Iterator[Signatures]:
    """Room for n signatures in a file without a name: at 512 bytes each, no memory would hold those of many documents."""
    if not n:
        yield np.empty((0, SLOTS), np.uint32)
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        # Reserved, so that a full disk is an error here and not a signal in the middle of a write.
        size = temporary_bytes(n)
        file.truncate(size)
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        yield np.memmap(file, np.uint32, "r+", shape=(n, SLOTS)).view(np.ndarray)


def _sketches(documents: Iterable[NDArray[Any]]) -> Iterator[Signatures]:
    return map(_sketch, _batches(documents))


def _batches(documents: Iterable[NDArray[Any]]) -> Iterator[list[NDArray[Any]]]:
    batch: list[NDArray[Any]] = []
    held = 0
    for ids in documents:
        batch.append(ids)
        held += len(ids)
        if held >= _BATCH_IDS:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def _sketch(documents: Sequence[NDArray[Any]]) -> Signatures:
    """uint32 [n, SLOTS] of the documents of one batch."""
    # A document shorter than a shingle is filled up with an id that no vocabulary has, to one shingle.
    padded = [ids if len(ids) >= SHINGLE or not len(ids) else _filled(ids) for ids in documents]
    lengths = np.array([len(ids) for ids in padded], np.int64)
    hashes = _shingle_hashes(np.concatenate([np.empty(0, np.uint32), *padded]))
    counts = np.maximum(lengths - (SHINGLE - 1), 0)
    # Shingle k of a document begins at its id k; those that would reach into the next document are left out.
    ends = np.cumsum(counts)
    within = np.arange(int(counts.sum())) - np.repeat(ends - counts, counts)
    own = np.repeat(np.cumsum(lengths) - lengths, counts) + within
    offsets = np.concatenate([[0], ends]).astype(np.uint64)
    matrix = rensa.RMinHash.digest_matrix_from_flat_token_hashes(hashes[own], offsets, SLOTS, SEED)
    return np.array(matrix.to_rows(), np.uint32).reshape(len(documents), SLOTS)


def _filled(ids: NDArray[Any]) -> NDArray[np.uint32]:
    return np.concatenate([ids.astype(np.uint32), np.full(SHINGLE - len(ids), _EMPTY, np.uint32)])


def _shingle_hashes(ids: NDArray[Any]) -> NDArray[np.uint64]:
    """uint64 [n - SHINGLE + 1]: a hash of every run of SHINGLE ids, by multiply and add, then mixed."""
    factors = np.random.default_rng(SEED).integers(0, 1 << 63, SHINGLE, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    count = max(0, len(ids) - SHINGLE + 1)
    wide = ids.astype(np.uint64)
    hashes = np.zeros(count, np.uint64)
    for place, factor in enumerate(factors):
        hashes += wide[place : place + count] * factor
    hashes ^= hashes >> np.uint64(32)
    hashes *= np.uint64(0x9E3779B97F4A7C15)
    hashes ^= hashes >> np.uint64(29)
    return hashes


def _candidates(signatures: Signatures) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Pairs of rows that share a band, as two arrays; a pair may come more than once."""
    parts = (signatures[begin : begin + _ROWS_AT_ONCE] for begin in range(0, len(signatures), _ROWS_AT_ONCE))
    known = np.flatnonzero(np.concatenate([np.empty(0, np.bool_), *((part != _EMPTY).any(axis=1) for part in parts)]))
    for begin in range(0, SLOTS, ROWS):
        band = np.ascontiguousarray(signatures[known, begin : begin + ROWS]).view(f"V{4 * ROWS}").ravel()
        keys, bucket = np.unique(band, return_inverse=True)
        order = np.argsort(bucket, kind="stable")
        rows, bucket = known[order], bucket[order]
        starts = np.searchsorted(bucket, np.arange(len(keys)))
        yield rows[starts[bucket]], rows
        for distance in range(1, _NEIGHBOURS + 1):
            same = np.flatnonzero(bucket[distance:] == bucket[:-distance])
            if not len(same):
                break
            yield rows[same], rows[same + distance]


def _are_near(
    signatures: Signatures, one: NDArray[np.int64], other: NDArray[np.int64], threshold: float
) -> NDArray[np.bool_]:
    """Which of the pairs reach `threshold` by their estimated similarity."""
    near = np.zeros(len(one), np.bool_)
    for begin in range(0, len(one), _ROWS_AT_ONCE):
        part = slice(begin, begin + _ROWS_AT_ONCE)
        equal = (signatures[one[part]] == signatures[other[part]]).sum(axis=1)
        near[part] = equal >= threshold * SLOTS
    return near
