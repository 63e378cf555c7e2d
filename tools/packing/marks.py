"""What stands around the pieces of a knotted document when it is to be traced back (Untie the Knots, arXiv 2409.04774).

    <piece QWZK>                a label of its own before each piece
    <after cut 1>               the head knot of every piece but the first: it goes on where cut 1 was made
    ... text ...
    <cut 2>                     the tail knot of every piece but the last
    <pieces BHJM, QWZK, RTLC>   after the last piece: the labels of the document's pieces, in its order

The paper has the same parts (appendix B): labels of random characters, knots before and behind each cut, a sentinel, and the
labels to be learnt. Its knots and sentinels are new special tokens; ours are text that every tokenizer has. Each fragment, and
each letter of a label, is encoded by itself: how many ids the marks take does not depend on the letters, and a plan needs numbers
alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from litelong import UsageError
from tools.packing.draws import seeded
from tools.tokens.interface import Tokenizer

PIECES = (2, 3)
"""In how many pieces documents are cut: the numbers that the paper found best (section 5.3)."""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
FEWEST_LETTERS = 16

Ids = NDArray[np.uint32]


class MarkSizes(NamedTuple):
    """How many ids the marks take: a piece's label, the knots at cuts 1 and 2, and the trace of 2 and of 3 pieces."""

    label: int
    heads: tuple[int, int]
    tails: tuple[int, int]
    traces: tuple[int, int]

    def before(self, piece: int) -> int:
        """Before a document's piece of that number, from 0."""
        return self.label + (self.heads[piece - 1] if piece else 0)

    def behind(self, piece: int, pieces: int) -> int:
        """Behind that piece of so many."""
        return self.traces[pieces - 2] if piece == pieces - 1 else self.tails[piece]

    def around(self, pieces: int) -> int:
        """Around a document in so many pieces."""
        return sum(self.before(piece) + self.behind(piece, pieces) for piece in range(pieces))

    def each(self, piece: NDArray[np.int64], pieces: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Before and behind each of many pieces, int64 [.]; a document in one piece has no marks."""
        before, behind = np.zeros((2, PIECES[-1] + 1, PIECES[-1]), np.int64)
        for count in PIECES:
            before[count, :count] = [self.before(n) for n in range(count)]
            behind[count, :count] = [self.behind(n, count) for n in range(count)]
        return before[pieces, piece], behind[pieces, piece]


class Gaps(NamedTuple):
    """What stands before each of n segments and behind the last: the ids of the n + 1 gaps, one after the other.

    `ids` uint32 [m], `learnt` bool [m]: which of them a model is to learn to write (labels in traces), `sizes` int64 [n + 1].
    """

    ids: Ids
    learnt: NDArray[np.bool_]
    sizes: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Marks:
    """The ids of the marks. `letters` [a, k] uint32: k ids for each of a letters; a label has `letters_a_label` of them."""

    label: tuple[Ids, Ids]
    heads: tuple[Ids, Ids]
    tails: tuple[Ids, Ids]
    trace: tuple[Ids, Ids, Ids]
    letters: Ids
    letters_a_label: int
    seed: int

    @classmethod
    def of(cls, tokenizer: Tokenizer, context_length: int, seed: int) -> "Marks":
        """Raises `UsageError` when the tokenizer cannot tell enough letters apart."""
        fragments = (
            "\n<piece ",
            ">\n",
            "<after cut 1>\n",
            "<after cut 2>\n",
            "\n<cut 1>\n",
            "\n<cut 2>\n",
            "\n<pieces ",
            ", ",
        )
        encoded = tokenizer.encode_batch([*fragments, *LETTERS])
        ids = [encoded.ids[begin:end].astype(np.uint32) for begin, end in pairwise(encoded.offsets.tolist())]
        piece, end, after_1, after_2, cut_1, cut_2, pieces, comma = ids[: len(fragments)]
        letters = _alike(ids[len(fragments) :])
        if len(letters) < FEWEST_LETTERS:
            raise UsageError(
                f"packing.back_trace: tokenizer {tokenizer.name} tells only {len(letters)} capital letters apart, and labels of "
                f"pieces need {FEWEST_LETTERS}; use another tokenizer or back_trace: false"
            )
        # No sample has more pieces than ids, so every piece can have a label of its own.
        count = 1
        while len(letters) ** count < context_length:
            count += 1
        return cls((piece, end), (after_1, after_2), (cut_1, cut_2), (pieces, comma, end), letters, count, seed)

    @property
    def sizes(self) -> MarkSizes:
        """What a plan needs to know."""
        letters = self.letters_a_label * self.letters.shape[1]
        begin, comma, end = map(len, self.trace)
        two, three = (begin + n * letters + (n - 1) * comma + end for n in PIECES)
        one, other = (len(self.heads[0]), len(self.heads[1])), (len(self.tails[0]), len(self.tails[1]))
        return MarkSizes(sum(map(len, self.label)) + letters, one, other, (two, three))

    def gaps(self, sample_id: str, documents: ArrayLike, pieces: ArrayLike) -> Gaps:
        """What stands between n segments.

        `documents` and `pieces` [n]: what document each segment is of, and which piece of it. A document with one segment has no
        marks. Labels are drawn by the sample's id. Raises `ValueError` when a document's pieces are not 0, 1 or 0, 1, 2.
        """
        names, owners = np.unique(np.asarray(documents), return_inverse=True)
        counts, numbers = np.bincount(owners, minlength=len(names))[owners], np.asarray(pieces, np.int64)
        marked = counts > 1
        own, piece, count = owners[marked], numbers[marked], counts[marked]
        if ((piece < 0) | (piece >= np.minimum(count, PIECES[-1]))).any():
            raise ValueError("holds a document in pieces that are not numbered from 0")
        label_of = np.full((len(names), PIECES[-1]), -1)
        label_of[own, piece] = np.arange(len(own))
        if (label_of >= 0).sum() < len(own):
            raise ValueError("holds a piece of a document twice")
        before, behind = self.sizes.each(np.where(marked, numbers, 0), np.where(marked, counts, 1))
        sizes = np.append(before, 0) + np.append(0, behind)
        ends = np.cumsum(sizes)
        made = Gaps(np.empty(int(ends[-1]), np.uint32), np.zeros(int(ends[-1]), np.bool_), sizes)
        # Within the gaps one after the other, the marked pieces stand here.
        places, labels = ends[:-1][marked], self._labels(sample_id, len(own))
        _put(made, places - before[marked], [self.label[0], labels, self.label[1]])
        for cut in range(PIECES[-1] - 1):
            _put(made, places[piece == cut + 1] - len(self.heads[cut]), [self.heads[cut]])
            _put(made, places[(piece == cut) & (count > cut + 1)], [self.tails[cut]])
        for these in PIECES:
            last = (count == these) & (piece == these - 1)
            listed = [part for each in range(these) for part in (self.trace[1], labels[label_of[own[last], each]])][1:]
            _put(made, places[last], [self.trace[0], *listed, self.trace[2]], learns=True)
        return made

    def loss_mask(self, row: Mapping[str, Any]) -> NDArray[np.bool_]:
        """bool [context_length]: which ids of a row of `samples/*.parquet` the loss counts: all but marks, and traces' labels.

        The paper masks knots and sentinels (section 3.1), so that a model does not learn to write them.
        """
        segments = row["segments"]
        counted = np.ones(len(row["input_ids"]), np.bool_)
        gaps = self.gaps(row["sample_id"], [s["doc_id"] for s in segments], [s["chunk"] for s in segments])
        begins = np.array([segments[0]["start"] - gaps.sizes[0], *(s["start"] + s["length"] for s in segments)])
        before = np.cumsum(gaps.sizes) - gaps.sizes
        counted[np.repeat(begins - before, gaps.sizes) + np.arange(len(gaps.ids))] = gaps.learnt
        return counted

    def _labels(self, sample_id: str, count: int) -> Ids:
        """uint32 [count, .]: so many different labels."""
        base = len(self.letters)
        drawn = seeded(self.seed, "labels", sample_id).choice(base**self.letters_a_label, count, replace=False)
        digits = drawn[:, None] // base ** np.arange(self.letters_a_label) % base
        return self.letters[digits].reshape(count, self.letters_a_label * self.letters.shape[1])


def _put(made: Gaps, places: NDArray[np.int64], parts: Sequence[Ids], *, learns: bool = False) -> None:
    """Write parts one after the other from each of `places` [r] on: the same ids [k] everywhere, or a row [r, k] for each.

    `learns`: the rows are to be learnt.
    """
    at = places[:, None]
    for part in parts:
        width = part.shape[-1]
        made.ids[at + np.arange(width)] = part
        made.learnt[at + np.arange(width)] = learns and part.ndim == 2
        at = at + width


def _alike(letters: Sequence[Ids]) -> Ids:
    """uint32 [a, k]: of the letters those that take k ids, k being what most take, each different from the others."""
    lengths = [len(ids) for ids in letters]
    k = max(sorted(set(lengths)), key=lengths.count)
    return np.array(list(dict.fromkeys(tuple(ids.tolist()) for ids in letters if len(ids) == k)), np.uint32)
