"""Prompts: Markdown files beside this one, in parts that each begin with a line `# PART`.

A seat may give its own: the name of one that is here, a path (read when the configuration is), or the text itself. Parts that
it has stand in for the role's own; a text without parts is the system part alone, so `prompt: You are a strict critic.` works.
Slots are written `{{name}}` and filled in one pass, so that what fills one is never read as a template.
"""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib import resources
from pathlib import Path

from litelong import UsageError

SLOTS = frozenset(["avoid", "category", "corpus", "keep", "queries", "taken", "task", "topics", "wanted"])
NEEDED: Mapping[str, frozenset[str]] = {
    "system": frozenset(),
    "propose": frozenset(["category", "wanted"]),
    "answer": frozenset(["topics"]),
    "criticise": frozenset(["topics"]),
    "filter_reject": frozenset(["topics"]),
    "keep_accept": frozenset(["topics"]),
    "keep_fixed_k": frozenset(["topics", "keep"]),
    "lookup": frozenset(["task"]),
}
"""The parts there are, each with the slots that it cannot do without."""
LONGEST = 100_000
"""Characters of a prompt's file."""
_HEADING = re.compile(r"^# *([A-Za-z_]+) *$", re.MULTILINE)
_SLOT = re.compile(r"\{\{ *([A-Za-z_]+) *\}\}")

Parts = Mapping[str, str]


def load_prompt(own: str, given: str | None, where: str) -> Parts:
    """The parts of a role's `own` prompt (a name) with those that a seat has `given`. Raises `UsageError` about `where`."""
    return {**_built_in("lookup"), **_built_in(own), **(given_parts(given, where) if given else {})}


def given_parts(given: str, where: str) -> Parts:
    """The parts of a prompt that a seat names or gives. Raises `UsageError` about `where`."""
    if is_text(given):
        text, name = given, "the prompt"
    elif is_path(given):
        text, name = read_prompt(given, where), given
    elif given in names():
        text, name = _read(given), f"prompt '{given}'"
    else:
        near = get_close_matches(given, names(), n=1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise UsageError(
            f"{where}: unknown prompt {given[:80]!r}; {hint}there are: {', '.join(names())}; or give a path ending in .md, "
            "or the text itself"
        )
    parts = split(text)
    check(parts, f"{where}: {name}")
    return parts


def is_text(prompt: str) -> bool:
    """Whether this is a prompt's text, and not the name of one."""
    return any(c.isspace() for c in prompt.strip()) or prompt.endswith("\n")


def is_path(prompt: str) -> bool:
    """Whether this is a path to a prompt."""
    return not is_text(prompt) and ("/" in prompt or prompt.endswith((".md", ".txt")))


def read_prompt(path: str, where: str) -> str:
    """The text of a prompt's file. Raises `UsageError` about `where`."""
    try:
        with Path(path).expanduser().open(encoding="utf-8") as file:
            text = file.read(LONGEST + 1)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise UsageError(f"{where}: prompt {path[:200]} cannot be read ({reason}); name a Markdown file") from None
    if not text.strip() or len(text) > LONGEST:
        raise UsageError(
            f"{where}: prompt {path[:200]} is empty or longer than {LONGEST:,} characters; name another file"
        )
    return text.rstrip() + "\n"


@cache
def names() -> tuple[str, ...]:
    """The prompts that are here."""
    files = (entry.name for entry in resources.files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".md") for name in files if name.endswith(".md")))


def split(text: str) -> dict[str, str]:
    """A prompt's parts by name. A text without a heading of ours is the system part; other headings belong to the text."""
    headings = [hit for hit in _HEADING.finditer(text) if hit[1] in NEEDED]
    if not headings:
        return {"system": text.strip()}
    ends = [hit.start() for hit in headings[1:]] + [len(text)]
    return {hit[1]: text[hit.end() : end].strip() for hit, end in zip(headings, ends, strict=True)}


def check(parts: Parts, where: str) -> None:
    """Raise `UsageError` for a part without a slot it needs, with an unknown one, or without words."""
    for part, text in parts.items():
        if not text:
            raise UsageError(f"{where}: part '# {part}' is empty; write it, or leave its heading out")
        used = {hit[1] for hit in _SLOT.finditer(text)}
        for slot in sorted(NEEDED[part] - used):
            raise UsageError(f"{where}: part '# {part}' lacks {{{{{slot}}}}}; write it where it belongs")
        for slot in sorted(used - SLOTS):
            near = get_close_matches(slot, SLOTS, n=1)
            hint = f"did you mean {{{{{near[0]}}}}}?" if near else f"there are: {', '.join(sorted(SLOTS))}"
            raise UsageError(f"{where}: part '# {part}' has an unknown slot {{{{{slot[:80]}}}}}; {hint}")


def fill(template: str, values: Mapping[str, str]) -> str:
    """The template with its slots filled. A slot without a value is left empty; values are never looked at again."""
    return _SLOT.sub(lambda hit: values.get(hit[1], ""), template)


@cache
def _built_in(name: str) -> Parts:
    return split(_read(name))


def _read(name: str) -> str:
    return (resources.files(__name__) / f"{name}.md").read_text(encoding="utf-8")
