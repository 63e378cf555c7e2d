"""The layouts of samples, checked by a reader that knows nothing of how they were planned.

It reads rows of `samples/*.parquet`, the chunk borders of the documents and the mined negatives, and says what is wrong. What
the ids are is `tools.packing.check`'s matter.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal, NamedTuple, Protocol

ChunkBorders = Callable[[str], Sequence[int] | None]
"""doc_id -> the first token of each of its chunks, and at the end its length (None: no such document)."""
Mined = Callable[[str, str], Mapping[str, tuple[int, float]]]
"""(topic_id, chunk_id of an anchor) -> chunk_id of each negative mined for it to its rank and score."""
Rows = Sequence[Mapping[str, Any]]


class Interleaving(NamedTuple):
    """How the run arranged anchors and negatives."""

    position: Literal["head", "tail", "random"]
    truncate: Literal["even", "tail"]


def check_interleaved(
    row: Mapping[str, Any], chunks_of: ChunkBorders, mined: Mined, interleaving: Interleaving
) -> list[str]:
    """What is wrong with a sample of `nextlong` or `litelong+nextlong`, each in one line; empty when nothing is."""
    segments: Rows = row["segments"]
    anchors = [s for s in segments if s["role"] == "anchor"]
    strange = sorted({s["role"] for s in segments} - {"anchor", "negative"})
    if strange:
        return [f"role {strange[0]!r} has no place in this recipe"]
    if not anchors:
        return ["has no anchor"]
    root = anchors[0]["doc_id"]
    problems = _check_anchors(root, anchors, chunks_of, interleaving)
    problems += _check_negatives(root, [s for s in segments if s["role"] == "negative"], chunks_of, segments[-1])
    if not problems:
        problems += _check_blocks(row["topic_id"], segments, mined, interleaving)
    return problems


def _check_anchors(root: str, anchors: Rows, chunks_of: ChunkBorders, interleaving: Interleaving) -> list[str]:
    """The anchors are one document's chunks, in its order, from the first; all of them, unless the sample's end was cut."""
    borders = chunks_of(root)
    if borders is None:
        return [f"anchors of '{root}': no such document"]
    others = [s["doc_id"] for s in anchors if s["doc_id"] != root]
    if others:
        return [f"anchors of two documents, '{root}' and '{others[0]}'"]
    numbers = [s["chunk"] for s in anchors]
    if numbers != list(range(len(numbers))):
        return [f"anchors of '{root}' are not in the document's order: chunks {_short(numbers)}"]
    whole = len(borders) - 1
    if interleaving.truncate == "even" and len(numbers) != whole:
        return [f"anchors of '{root}': {len(numbers)} of its {whole} chunks"]
    problems = []
    for s in anchors:
        length = borders[s["chunk"] + 1] - borders[s["chunk"]]
        cut = interleaving.truncate == "tail" and s is anchors[-1] and s["length"] < length
        if s["doc_start"] != borders[s["chunk"]] or (s["length"] != length and not cut):
            problems.append(f"anchor {s['chunk']} of '{root}' is not that chunk of the document")
    return problems


def _check_negatives(root: str, negatives: Rows, chunks_of: ChunkBorders, last: Mapping[str, Any]) -> list[str]:
    """Chunks of other documents, each once, whole but for one."""
    problems = []
    seen: set[tuple[str, int]] = set()
    cut = 0
    for s in negatives:
        key = (s["doc_id"], s["chunk"])
        name = f"negative {s['doc_id']}#{s['chunk']}"
        if s["doc_id"] == root:
            problems.append(f"{name} is of the anchor's own document")
        if key in seen:
            problems.append(f"{name} stands twice in the sample")
        seen.add(key)
        borders = chunks_of(s["doc_id"])
        if borders is None or not 0 <= s["chunk"] < len(borders) - 1:
            problems.append(f"{name}: no such chunk")
            continue
        length = borders[s["chunk"] + 1] - borders[s["chunk"]]
        cut += s["length"] < length
        if s["doc_start"] != borders[s["chunk"]] or s["length"] > length:
            problems.append(f"{name} is not that chunk of its document")
    if cut > 1:
        problems.append(f"{cut} negatives are cut, where one fills the sample")
    return problems


def _check_blocks(topic_id: str, segments: Rows, mined: Mined, interleaving: Interleaving) -> list[str]:
    """Each negative was mined for the anchor that it stands with, at its rank and score, and stands by rank."""
    places = [n for n, s in enumerate(segments) if s["role"] == "anchor"]
    gaps = [segments[a + 1 : b] for a, b in pairwise([-1, *places, len(segments)])]
    names = [f"{segments[n]['doc_id']}#{segments[n]['chunk']}" for n in places]
    found = [mined(topic_id, name) for name in names]
    if interleaving.position == "random":
        return _check_random(gaps, found)
    head = interleaving.position == "head"
    stray, blocks = (gaps[0], gaps[1:]) if head else (gaps[-1], gaps[:-1])
    if stray:
        return [f"negatives stand on the wrong side of the anchors for position: {interleaving.position}"]
    return [problem for block, known in zip(blocks, found, strict=True) for problem in _by_rank(block, known)]


def _by_rank(block: Rows, known: Mapping[str, tuple[int, float]]) -> list[str]:
    problems = []
    for s in block:
        name = f"{s['doc_id']}#{s['chunk']}"
        if known.get(name) != (s["rank"], s["score"]):
            problems.append(f"negative {name} was not mined for its anchor at rank {s['rank']}")
    ranks = [s["rank"] for s in block]
    if ranks != sorted(set(ranks)):
        problems.append(f"negatives are not in the order of their ranks: {_short(ranks)}")
    return problems


def _check_random(gaps: Sequence[Rows], found: Sequence[Mapping[str, tuple[int, float]]]) -> list[str]:
    """Between two anchors stand the last negatives of the one and the first of the next: some division must be right."""
    openings = {0}  # where, in the gap before the anchor, its negatives may begin
    for n, known in enumerate(found):
        before, after = gaps[n], gaps[n + 1]
        last = n == len(found) - 1
        ends = [len(after)] if last else range(len(after) + 1)
        openings = {end for begin in openings for end in ends if not _by_rank([*before[begin:], *after[:end]], known)}
        if not openings:
            return [f"negatives around anchor {n} were not mined for it, or are not in the order of their ranks"]
    return []


class Reached(Protocol):
    """doc_id -> the token up to which the document stands in samples, 0 at first."""

    def __getitem__(self, doc_id: str, /) -> int: ...

    def __setitem__(self, doc_id: str, token: int, /) -> None: ...


class EndToEnd:
    """Reads samples of whole documents, in the run's order. One may be cut at a sample's end; the next sample goes on with it."""

    def __init__(
        self, length_of: Callable[[str], int | None], *, carries: bool, reached: Reached | None = None
    ) -> None:
        """`length_of`: doc_id -> its tokens (None: no such document). `carries`: whether the rest of a cut document is packed.

        `reached` keeps how far documents stand in samples (None: in memory).
        """
        self._length_of, self._carries = length_of, carries
        self._open: tuple[str, str, int] | None = None
        """The unit of the last sample, the document that it cut, and where."""
        self._reached: Reached = defaultdict(int) if reached is None else reached

    def problems(self, row: Mapping[str, Any]) -> list[str]:
        """What is wrong with the next sample, each in one line."""
        segments, problems = row["segments"], []
        unit = row["sample_id"].rpartition("-")[0]
        goes_on = self._open[1:] if self._open and self._open[0] == unit else None
        if goes_on and (segments[0]["doc_id"], segments[0]["doc_start"]) != goes_on:
            problems.append(f"does not go on with '{goes_on[0]}' at token {goes_on[1]}, where the sample before cut it")
        for n, s in enumerate(segments):
            name = f"segment {n} ('{s['doc_id']}')"
            end, length = s["doc_start"] + s["length"], self._length_of(s["doc_id"])
            cut = length is not None and end < length
            if cut and s is not segments[-1]:
                problems.append(f"{name} is cut, and the sample does not end with it")
            # What topics leave is packed from where the last of them stopped.
            begins = self._reached[s["doc_id"]] if self._carries and not row["topic_id"] else 0
            if s["doc_start"] != begins and not (n == 0 and goes_on):
                problems.append(f"{name} begins at token {s['doc_start']}, not {begins}")
            self._open = (unit, s["doc_id"], end) if cut and self._carries else None
        self.reach(segments)
        return problems

    def reach(self, segments: Rows) -> None:
        """Take note of how far documents stand in a sample, whatever its layout."""
        for s in segments:
            self._reached[s["doc_id"]] = max(s["doc_start"] + s["length"], self._reached[s["doc_id"]])


def check_knotted(row: Mapping[str, Any], *, marked: bool = False) -> list[str]:
    """What is wrong with a sample of `utk` or `litelong+utk`: a document's pieces follow on each other, its last one last.

    Where pieces are `marked`, a document may stand whole. (What the marks are is `tools.packing.check`'s matter.)
    """
    pieces: dict[str, list[Mapping[str, Any]]] = {}
    for s in row["segments"]:
        pieces.setdefault(s["doc_id"], []).append(s)
    problems = []
    for doc_id, own in pieces.items():
        ordered = sorted(own, key=lambda s: int(s["chunk"]))
        ends = [s["doc_start"] + s["length"] for s in ordered]
        if [s["chunk"] for s in ordered] != list(range(len(own))) or [s["doc_start"] for s in ordered[1:]] != ends[:-1]:
            problems.append(f"pieces of '{doc_id}' do not follow on each other")
        elif len(own) > 3 or (len(own) == 1 and own[0]["length"] > 1 and not marked):
            problems.append(f"'{doc_id}' is cut in {len(own)} pieces")
        elif own[-1] is not ordered[-1]:
            problems.append(f"the last piece of '{doc_id}' does not come last")
    return problems


def _short(values: Sequence[int]) -> str:
    text = ", ".join(map(str, values[:8]))
    return text + (", ..." if len(values) > 8 else "")
