"""Meta-chunks (NExtLong, arXiv 2501.12766, section 3.1): a document cut into contiguous pieces of at most `granularity`.

Whole paragraphs are taken while they fit. Where not even one fits, the paragraph is cut at the end of a sentence, or at white
space, or, where it has none so far, wherever the piece is full. Nothing is lost: the pieces joined are the text.
"""

import re
from collections.abc import Callable

_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]]*\s+|[。！？]")
_SPACE = re.compile(r"\s+")
_LEAST = 2
"""A paragraph is cut in the last half of what fits, because a full stop near the start would make slivers; but a word is cut
only where it fills all that fits."""


def anywhere(_: int) -> bool:
    """Every place in a text will do."""
    return True


def meta_chunks(text: str, granularity: int = 2048) -> list[tuple[int, int]]:
    """Spans `(begin, end)` in characters, in order, that cover `text` without gap or overlap (none for an empty text).

    No span is longer than `granularity` characters. Raises `ValueError` when that is below 1.
    """
    if granularity < 1:
        raise ValueError(f"a meta-chunk has at least one character, not {granularity}")
    return chunk_spans(text, lambda begin: begin + granularity)


def chunk_spans(text: str, reach: Callable[[int], int]) -> list[tuple[int, int]]:
    """`meta_chunks` for any measure: a span that begins at `begin` must end at or before `reach(begin)`, which is beyond it."""
    spans = []
    begin = 0
    while begin < len(text):
        end = chunk_end(text, begin, min(reach(begin), len(text)))
        spans.append((begin, end))
        begin = end
    return spans


def chunk_end(text: str, begin: int, limit: int, may_end: Callable[[int], bool] = anywhere) -> int:
    """Where the chunk that begins at `begin` ends, at or before `limit` (characters, above `begin`).

    Paragraphs, sentences and words end only where `may_end` says so of a place in the text.
    """
    if limit == len(text):
        return limit
    paragraph = text.rfind("\n", begin, limit)
    while paragraph >= 0:
        if may_end(paragraph + 1):
            return paragraph + 1
        paragraph = text.rfind("\n", begin, paragraph)
    least = begin + (limit - begin) // _LEAST
    # White space after a sentence may reach beyond the limit: the rest of it then begins the next chunk.
    for pattern, since in ((_SENTENCE_END, least), (_SPACE, least), (_SPACE, begin)):
        ends = [match.end() for match in pattern.finditer(text, since, limit)]
        for end in reversed(ends):
            if may_end(end):
                return end
    return limit
