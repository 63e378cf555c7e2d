"""Where token borders lie in a text, and the borders of meta-chunks moved to them.

A chunk of a document must be a slice of the document's own tokens, so a character border that falls inside a token moves to the
token's start (its end, where the chunk would be empty). Where a paragraph, sentence or word ends inside a token (".\\n\\n" is one
of cl100k_base), a chunk ends there only if the border moves over nothing but white space; else the end before it is taken.
A border inside a character (a rare character is several tokens) is none.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tools.tokens.chunks import chunk_end

ChunkUnit = Literal["characters", "tokens"]

Borders = NDArray[np.int64]
"""int64 [t + 1]: characters before each token of a text, and at the end all of them; -1 for a border inside a character."""


def borders_of_bytes(text: str, token_bytes: NDArray[np.integer]) -> Borders:
    """Borders from the length in bytes of each token's own bytes [t], for tokenizers whose tokens join to the text's UTF-8.

    Raises `ValueError` when they do not add up to the text.
    """
    ends = np.zeros(len(token_bytes) + 1, np.int64)
    np.cumsum(token_bytes, out=ends[1:])
    raw = np.frombuffer(text.encode(), np.uint8)
    if ends[-1] != len(raw):
        raise ValueError(f"{ends[-1]} bytes of tokens for a text of {len(raw)}")
    if len(raw) == len(text):
        return ends
    begins = np.append((raw & 0xC0) != 0x80, True)
    characters = np.cumsum(begins) - begins
    return np.where(begins[ends], characters[ends], -1)


def borders_of_offsets(length: int, offsets: Sequence[tuple[int, int]]) -> Borders:
    """Borders from each token's span in a text of `length` characters; white space between tokens goes with the one before it."""
    if not offsets:
        return np.zeros(1, np.int64)
    spans = np.array(offsets, np.int64)
    starts = np.append(spans[:, 0], length)
    reached = np.maximum.accumulate(np.append(0, spans[:, 1]))
    to_come = np.minimum.accumulate(starts[::-1])[::-1]
    starts[0] = 0
    return np.where(reached <= to_come, np.minimum(starts, to_come), -1)


def token_chunks(text: str, borders: Borders, granularity: int, unit: ChunkUnit = "characters") -> NDArray[np.int64]:
    """int64 [c + 1]: the first token of each meta-chunk, and at the end the number of tokens (a text without tokens: [0]).

    No chunk is longer than `granularity` characters or tokens (`unit`), but for one that is a single token, or a single character
    of several tokens.
    """
    tokens = len(borders) - 1
    places = np.flatnonzero(borders >= 0)  # tokens at which a chunk may begin
    at = borders[places]
    firsts, place, last = [0], 0, len(places) - 1

    def may_end(end: int) -> bool:
        border = int(at[np.searchsorted(at, end, "right") - 1])
        return border == end or (border > begin and text[border:end].isspace())

    while firsts[-1] < tokens:
        begin = int(at[place])
        if unit == "tokens":
            reached = int(np.searchsorted(places, firsts[-1] + granularity, "right")) - 1
            limit = int(at[reached])
        else:
            limit, reached = min(begin + granularity, len(text)), last
        end = chunk_end(text, begin, limit, may_end) if limit > begin else begin
        found = min(int(np.searchsorted(at, end, "right")) - 1, reached)
        place = max(found, min(place + 1, last))
        firsts.append(int(places[place]))
    return np.array(firsts, np.int64)
