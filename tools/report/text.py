"""Words and numbers for people. Titles, texts, file names and replies are untrusted: what would steer is made visible."""

from unicodedata import category

KEPT = frozenset("\n\t")
JOINERS = frozenset("\u200c\u200d\u00ad")
"""Zero-width (non-)joiner and soft hyphen: Persian, Hindi and emoji are spelt with them; a page may keep them."""


def safe(text: str, kept: frozenset[str] = KEPT) -> str:
    """The text with control characters (terminal escapes, signs that turn text around) replaced by visible signs.

    Any space stays one; `kept` stay as they are.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in kept or category(c) == "Zs" else _visible(c) for c in text)


def _visible(character: str) -> str:
    code = ord(character)
    return chr(0x2400 + code) if code < 0x20 else "�"


def one_line(text: str, most: int) -> str:
    """The text in one line of at most `most` characters; what is cut off ends in an ellipsis."""
    line = " ".join(text[: 4 * most].split())
    return line if len(line) <= most and len(text) <= 4 * most else line[: most - 1].rstrip() + "…"


def duration(seconds: float) -> str:
    """Seconds for people."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
