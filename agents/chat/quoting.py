r"""Text that others wrote, placed in a prompt as one JSON string, so that it stays text.

A JSON string has no line breaks and no bare quotes, so what is inside can neither end it nor begin a heading, a list or a
fence of the prompt. Chat servers that tokenize a whole prompt would also read `<|im_start|>`, `</s>` or `[INST]` in it as
special tokens: `<`, backticks and the bracket of such names are written as `\u003c` and so on, which JSON reads as the
same characters. So are control, format (bidirectional, zero-width, tag) and surrogate characters.
"""

import json
import re
import unicodedata

_ESCAPED = re.compile(r"[<`｜▁]|\[(?=/?[A-Z_]{2,})")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def quoted(text: str, limit: int | None = None) -> str:
    """`text` as a JSON string on one line; at most `limit` of its characters, then an ellipsis."""
    if limit is not None and len(text) > limit:
        text = text[:limit] + "…"
    plain = json.dumps(text, ensure_ascii=False)
    seen = plain if plain.isascii() else "".join(map(_visible, plain))
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", seen)


def _visible(character: str) -> str:
    if unicodedata.category(character) not in _INVISIBLE:
        return character
    return json.dumps(character)[1:-1]
