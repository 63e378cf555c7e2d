"""The dataset card: what the samples are, where they come from, how many, under which licence: `README.md` with YAML before it.

Names of corpora, categories and tokenizers are other people's text: in the front matter YAML quotes them, in the page they are
code, on one line, without what would end it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from litelong import __version__
from tools.files import write_atomic

_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a card says. `figures` are counts by name, `sections` rows of (section, samples, tokens placed)."""

    name: str
    recipe: str
    context_length: int
    ids_each: int
    boundaries: str
    tokenizer: str
    tokenizer_fingerprint: str
    special_ids: Mapping[str, int | None]
    corpus: str
    corpus_fingerprint: str
    seed: int
    licence: str | None
    figures: Mapping[str, int]
    sections: Sequence[tuple[str, int, int]] = field(default_factory=tuple)


def write_card(path: Path, facts: CardFacts, format_name: str, front_matter: Mapping[str, object]) -> None:
    """Write the card of an export in `format_name`."""
    head = yaml.safe_dump(_front_matter(facts, front_matter), sort_keys=False, allow_unicode=True)
    write_atomic(path, f"---\n{head}---\n\n{_page(facts, format_name)}".encode())


def _front_matter(facts: CardFacts, more: Mapping[str, object]) -> dict[str, Any]:
    samples = facts.figures["samples"]
    size = next((name for limit, name in _SIZES if samples < limit), "10M<n<100M")
    licence = {"license": facts.licence} if facts.licence else {}
    tags = ["long-context", "litelong", "pretraining"]
    return {**licence, "pretty_name": facts.name, "tags": tags, "size_categories": [size], **more}


def _page(facts: CardFacts, format_name: str) -> str:
    rows = [
        ("recipe", code(facts.recipe)),
        ("ids in a sample", f"{facts.ids_each:,}" + _extra(facts)),
        ("attention spans", f"one a {facts.boundaries}"),
        ("tokenizer", f"{code(facts.tokenizer)} (fingerprint {code(facts.tokenizer_fingerprint)})"),
        ("special ids", ", ".join(f"{name} {'none' if i is None else i}" for name, i in facts.special_ids.items())),
        ("corpus", f"{code(facts.corpus)} (fingerprint {code(facts.corpus_fingerprint)})"),
        ("seed", str(facts.seed)),
        ("licence", code(facts.licence) if facts.licence else "not given: that of the corpus's documents"),
        ("format", code(format_name)),
        ("made with", f"litelong {__version__}"),
    ]
    counts = [(name.replace("_", " "), f"{count:,}") for name, count in facts.figures.items()]
    sections = [(code(name) if name else "(none)", f"{n:,}", f"{tokens:,}") for name, n, tokens in facts.sections]
    parts = [
        f"# {code(facts.name)}",
        "Long-context training samples, packed to the token by litelong from the documents of one corpus.",
        _table(("what", ""), rows),
        "## Counts",
        _table(("what", "count"), counts),
        *(["## Sections", _table(("section", "samples", "tokens"), sections)] if sections else []),
        "`samples/shard-*.jsonl` says for each row of a shard which sample it is: id, topic, category, attention spans.",
    ]
    return "\n\n".join(parts) + "\n"


def _extra(facts: CardFacts) -> str:
    return (
        ""
        if facts.ids_each == facts.context_length
        else f" (a context of {facts.context_length:,} and the id after it)"
    )


def code(text: str) -> str:
    """Somebody's text as Markdown code on one line, in a table or not."""
    plain = "".join(c if c.isprintable() else " " for c in " ".join(text.split()))
    return f"`{plain.replace('`', chr(39)).replace('|', '/')[:200]}`"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
