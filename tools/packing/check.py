"""Checking one written sample against its documents' own tokens, knowing nothing of how it was planned or gathered."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.packing.gather import Specials
from tools.packing.write import Shape

TokensOf = Callable[[str], NDArray[Any] | None]
"""doc_id -> all the document's ids (None: no such document)."""


def check_sample(
    row: Mapping[str, Any],
    tokens_of: TokensOf,
    specials: Specials,
    shape: Shape,
) -> list[str]:
    """What is wrong with a row of `samples/*.parquet` (`input_ids` as an array), each in one line; empty when nothing is."""
    ids: NDArray[np.uint32] = row["input_ids"]
    segments, n_tokens, context_length = row["segments"], row["n_tokens"], shape.context_length
    if len(ids) != context_length:
        return [f"has {len(ids)} ids, not {context_length}"]
    if has_null(row):
        return ["n_tokens, doc_lens or segments hold a null"]
    placed = _check_places(segments, context_length)
    if placed:
        return placed
    try:
        expected = _between(row, specials)
    except ValueError as error:
        return [str(error)]
    full = max([segments[-1]["start"] + segments[-1]["length"], *(place + 1 for place in expected)])
    if n_tokens != full:
        return [f"n_tokens is {n_tokens}, and the last document ends the sample at {full}"]
    problems = []
    for number, segment in enumerate(segments):
        problems += _check_segment(number, segment, ids, tokens_of(segment["doc_id"]))
    problems += _check_gaps(segments, ids[:n_tokens], expected)
    wrong = np.flatnonzero(ids[n_tokens:] != (-1 if specials.pad is None else specials.pad)).tolist()
    problems += [f"id {int(ids[n_tokens + at])} at position {n_tokens + at} should be padding" for at in wrong[:1]]
    return problems + _check_spans(row["doc_lens"], segments, int(n_tokens), shape)


def has_null(row: Mapping[str, Any]) -> bool:
    """Whether the row lacks a value that says where its documents' tokens are."""
    doc_lens, segments = row["doc_lens"], row["segments"]
    return (
        row["n_tokens"] is None
        or doc_lens is None
        or segments is None
        or None in doc_lens
        or any(segment is None or None in segment.values() for segment in segments)
    )


def _check_places(segments: list[dict[str, Any]], context_length: int) -> list[str]:
    if not segments:
        return ["has no segment"]
    for number, segment in enumerate(segments):
        if segment["length"] < 1 or segment["start"] < 0 or segment["start"] + segment["length"] > context_length:
            return [f"segment {number} ({segment['doc_id']}) is empty or outside the sample"]
    for number, (one, other) in enumerate(pairwise(segments)):
        if one["start"] + one["length"] > other["start"]:
            return [f"segment {number + 1} ({other['doc_id']}) starts inside the one before it"]
    return []


def _check_segment(
    number: int, segment: Mapping[str, Any], ids: NDArray[np.uint32], tokens: NDArray[Any] | None
) -> list[str]:
    name = f"segment {number} ({segment['doc_id']})"
    if tokens is None:
        return [f"{name}: no such document among those encoded"]
    begin, end = segment["doc_start"], segment["doc_start"] + segment["length"]
    if begin < 0 or end > len(tokens):
        return [f"{name}: tokens {begin} to {end} of a document of {len(tokens)}"]
    here = ids[segment["start"] : segment["start"] + segment["length"]]
    wrong = np.flatnonzero(here != tokens[begin:end])
    if not len(wrong):
        return []
    place = int(wrong[0])
    more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    return [
        f"{name}: id {int(here[place])} at position {segment['start'] + place} should be {int(tokens[begin + place])}, "
        f"token {begin + place} of the document{more}"
    ]


def _between(row: Mapping[str, Any], specials: Specials) -> dict[int, int]:
    """Position to id of what stands between segments: BOS at the start, one separator after a document, or marks of pieces.

    Raises `ValueError` when the pieces cannot have marks.
    """
    segments, length = row["segments"], len(row["input_ids"])
    expected = {} if specials.bos is None else {0: specials.bos}
    ends = [segment["start"] + segment["length"] for segment in segments]
    if specials.separator is not None:
        expected.update({end: specials.separator for end in ends if end < length})
    if specials.marks is not None:
        names, pieces = [segment["doc_id"] for segment in segments], [segment["chunk"] for segment in segments]
        begins = [int(specials.bos is not None), *ends]
        gaps = specials.marks.gaps(row["sample_id"], names, pieces)
        for begin, ids in zip(begins, np.split(gaps.ids, np.cumsum(gaps.sizes)[:-1]), strict=True):
            expected.update(zip(range(begin, length), ids.tolist(), strict=False))
    return expected


def _check_gaps(segments: list[dict[str, Any]], ids: NDArray[np.uint32], expected: Mapping[int, int]) -> list[str]:
    """Between segments stands what is expected there, and nothing else."""
    covered = np.zeros(len(ids), dtype=np.bool_)
    for segment in segments:
        covered[segment["start"] : segment["start"] + segment["length"]] = True
    gaps = set(np.flatnonzero(~covered).tolist())
    problems = [
        f"position {place} belongs to no document and no separator" for place in sorted(gaps - set(expected))[:1]
    ]
    problems += [f"position {place} should hold a special id" for place in sorted(set(expected) - gaps)[:1]]
    wrong = [place for place in sorted(gaps & set(expected)) if int(ids[place]) != expected[place]]
    return problems + [
        f"id {int(ids[place])} at position {place} should be the special id {expected[place]}" for place in wrong[:1]
    ]


def _check_spans(doc_lens: list[int], segments: list[dict[str, Any]], n_tokens: int, shape: Shape) -> list[str]:
    if sum(doc_lens) != shape.context_length:
        return [f"doc_lens add up to {sum(doc_lens)}, not {shape.context_length}"]
    starts = [0, *(s["start"] for s in segments[1:])] if shape.boundaries == "document" else [0]
    starts = [*starts, n_tokens, *([shape.context_length] if n_tokens < shape.context_length else [])]
    if doc_lens != [end - start for start, end in pairwise(starts)]:
        return [f"doc_lens do not mark the attention spans of boundaries: {shape.boundaries}"]
    return []
