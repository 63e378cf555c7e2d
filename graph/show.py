"""What commands print. Titles, texts and replies are untrusted: control characters are made visible, markup is off."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from agents.messages import Event
from tools.report.text import duration, safe

if TYPE_CHECKING:
    from rich.console import Console

    from graph.indexing import Added, FoundRow, Indexed
    from graph.inspecting import SampleView
    from graph.planning import Estimate, SeatEstimate
    from taxonomy.stats import TaxonomyStats
    from taxonomy.tree import TreeLine
    from tools.report.similarity import Similarity


def console() -> "Console":
    """Standard output: colours on a terminal, plain text of full width elsewhere."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else 160)


def emit(text: str = "") -> None:
    """One line on standard output."""
    sys.stdout.write(text + "\n")


def emit_json(value: object, *, lines: bool = False) -> None:
    """A value as JSON: indented, or one line."""
    plain = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
    option = orjson.OPT_APPEND_NEWLINE | (0 if lines else orjson.OPT_INDENT_2)
    text = orjson.dumps(plain, option=option, default=str).decode()
    # JSON escapes control characters below 0x20; a terminal obeys some above, too, and signs that turn text around.
    sys.stdout.write("".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text))


def table(title: str, columns: Mapping[str, str], rows: Iterable[Iterable[object]]) -> None:
    """A table; `columns` maps headings to `left` or `right`."""
    from rich.table import Table
    from rich.text import Text

    grid = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for heading, justify in columns.items():
        grid.add_column(heading, justify="right" if justify == "right" else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(Text(safe(str(cell))) for cell in row))
    console().print(grid)


def count(n: int) -> str:
    return f"{n:,}"


def size(n: int) -> str:
    """Bytes for people."""
    value = float(n)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def show_estimate(estimate: "Estimate") -> None:
    """The dry run as a table."""
    e = estimate
    partly = "" if e.probed_documents >= e.documents else f" (from the first {e.probed_documents:,})"
    rows = [
        ("documents", f"about {e.documents:,}{partly}"),
        ("tokens", f"about {e.tokens:,} ({e.characters_per_token} characters a token)"),
        ("taxonomy", e.taxonomy.removeprefix("taxonomy ")),
        ("categories to debate", f"{e.categories:,} ({e.topics_asked:,} topics asked for)"),
        ("language model calls", f"{e.model_calls:,} ({e.model_tokens:,} tokens, cost {e.cost:.2f})"),
        *((f"  {m.seat}: {m.model}", _seat_estimate(m)) for m in e.models),
        ("samples", f"at most {e.samples_at_most:,}"),
        ("disk: index", size(e.disk_index)),
        ("disk: tokens", f"at most {size(e.disk_tokens)}"),
        ("disk: samples", f"at most {size(e.disk_samples)}, before compression"),
        ("disk: near-duplicates", f"about {size(e.disk_temporary)}, only while they are looked for"),
        ("time: index", f"about {duration(e.seconds_index)}"),
        ("time: debate", f"about {duration(e.seconds_debate)}{' beside the time of the models' if e.models else ''}"),
        ("time: encode", f"about {duration(e.seconds_encode)}"),
    ]
    table("Dry run; nothing has been written", {"": "left", "estimate": "left"}, rows)


def _seat_estimate(seat: "SeatEstimate") -> str:
    cost = "no price is configured" if seat.cost is None else f"cost {seat.cost:.2f}"
    return f"about {seat.calls:,} calls, {seat.prompt_tokens:,} tokens in, {seat.reply_tokens:,} out, {cost}"


def show_indexed(built: "Indexed", out: Path) -> None:
    """What an index holds, and how it is searched."""
    counts = built.counts
    emit(
        f"{counts.documents:,} documents ({counts.characters:,} characters) indexed in {out}; "
        f"{counts.duplicates:,} duplicates, {counts.rejected:,} rejected; search backend {built.backend} ({built.chosen})"
    )


def show_added(added: "Added", out: Path) -> None:
    """What an addition made of an index."""
    before, after = added.before, added.after
    if after == before:
        emit(f"{out}: nothing new; {after.documents:,} documents")
        return
    if added.rebuilt:
        emit(f"{out} outgrew its search backend; built anew ({added.rebuilt})")
    emit(
        f"{after.documents - before.documents:,} documents added to {out}, which has {after.documents:,} now "
        f"({after.characters:,} characters); {after.duplicates:,} duplicates, {after.rejected:,} rejected"
    )


def show_hits(rows: "Sequence[FoundRow]") -> None:
    """Hits, best first: rank, score and title, then the document's id, then its snippet with the query's words marked."""
    from rich.text import Text

    out = console()
    if not rows:
        emit("no document has any of these words")
    for row in rows:
        head = f"{row['rank']:>4}  {row['score']:8.3f}  "
        out.print(Text.assemble(head, (safe(row["title"]), "bold")), soft_wrap=True)
        body = Text(f"{safe(row['doc_id'])}\n", "dim", overflow="fold")
        marked = Text(safe(row["snippet"]), "not dim")
        for start, end in row["matches"]:
            marked.stylize("bold yellow", start, end)
        for line in body.append_text(marked).wrap(out, max(20, out.width - len(head))):
            line.rstrip()
            out.print(Text(" " * len(head)).append_text(line), soft_wrap=True)


def show_tree(lines: "Iterable[TreeLine]") -> None:
    """A taxonomy's tree; on a terminal with colours, elsewhere as plain lines of any width."""
    if not sys.stdout.isatty():
        for line in lines:
            emit(safe(str(line)))
        return
    from rich.text import Text

    out = console()
    for line in lines:
        style = "italic green" if line.is_topic else "bold" if not line.depth else ""
        parts = [(line.branch, "dim"), (safe(line.name), style), (f"  {line.code}" if line.code else "", "cyan")]
        counted = f"  {line.counted}" if line.counted else ""
        out.print(Text.assemble(*parts, (counted, "dim")), soft_wrap=True)


def show_taxonomy_stats(stats: "TaxonomyStats", edition: str | None) -> None:
    """Counts in two lines, then a table by section."""
    depths = ", ".join(f"{n:,} at depth {depth}" for depth, n in enumerate(stats.by_depth))
    name = f"{stats.name}, {edition} edition" if edition else stats.name
    emit(f"{safe(name)}: {stats.categories:,} categories in {stats.sections} sections ({depths})")
    emit(f"{stats.leaves:,} leaves, {stats.inner:,} inner, {stats.coded:,} with a code; {stats.debated:,} debated")
    if stats.topics:
        emit(f"{stats.topics:,} topics; {stats.covered:,} debated categories have one ({stats.coverage:.1%})")
    columns = {"section": "left", "code": "left"}
    columns |= dict.fromkeys(("categories", "debated", "topics", "covered", "coverage"), "right")
    rows = (
        (
            s.name,
            s.code or "",
            count(s.categories),
            count(s.debated),
            count(s.topics),
            count(s.covered),
            f"{s.coverage:.0%}",
        )
        for s in stats.per_section
    )
    table("", columns, rows)


def show_similarity(similarity: "Similarity") -> None:
    """The two figures and their ratio."""
    emit(f"mean TF-IDF similarity of documents within a sample: {similarity.samples:.4f}")
    emit(f"the same for `standard` samples of the same corpus:  {similarity.baseline:.4f}")
    emit(f"ratio: {similarity.ratio:.2f}")


def show_sample(view: "SampleView", *, text: bool) -> None:
    """One sample: what it is about and why, then its segments; with `text`, all of it."""
    emit(f"sample    {view.sample_id}   recipe {view.recipe}   {view.n_tokens:,} tokens   {len(view.parts)} segments")
    emit(f"spans     {len(view.doc_lens)} (attention may cross documents within one)")
    if view.topic:
        topic = view.topic
        emit(f"topic     {safe(topic['title'])}")
        emit(f"category  {safe(topic['category'])} {topic['category_code']}")
        emit(f"why       {safe(topic['explanation'])}")
        for turn in view.turns:
            emit(f"          round {turn.round}  {turn.agent} {turn.position}: {safe(turn.reason)}")
    emit()
    if text:
        for number, part in enumerate(view.parts):
            emit(f"━━━ {number}  {safe(part.doc_id)}  “{safe(part.title)}”  {_where(part)}")
            emit(safe(part.before + (part.text or "") + part.behind))
            emit()
        return
    table(
        "",
        {
            "#": "right",
            "document": "left",
            "title": "left",
            "role": "left",
            "rank": "right",
            "score": "right",
            "start": "right",
            "tokens": "right",
            "": "left",
        },
        (
            (n, p.doc_id, p.title, p.role, p.rank, f"{p.score:.2f}", count(p.start), count(p.length), _cut(p))
            for n, p in enumerate(view.parts)
        ),
    )


def _where(part: Any) -> str:  # noqa: ANN401 - Part; inspecting is imported late
    tokens = f"{part.start:,}–{part.start + part.length:,}"
    return f"{part.role}, rank {part.rank}, score {part.score:.2f}, tokens {tokens}{_cut(part)}"


def _cut(part: Any) -> str:  # noqa: ANN401
    where = f" from {part.doc_start:,}" if part.doc_start else ""
    return "" if part.length == part.doc_tokens else f" cut: {part.length:,} of {part.doc_tokens:,}{where}"


_COLOURS = {
    "accept": "green",
    "keep": "green",
    "reject": "red",
    "remove": "red",
    "revise": "yellow",
    "withdraw": "yellow",
    "propose": "cyan",
}


def show_event(event: Event, titles: dict[str, str]) -> None:
    """One turn as it happens; `titles` remembers what each proposal is called."""
    from rich.text import Text

    out = console()
    spent = f"  {event.prompt_tokens:,} + {event.reply_tokens:,} tokens" if event.reply_tokens else ""
    replayed = ", replayed" if event.cached else ""
    who = f"{event.agent} ({event.role}, {safe(event.model)})"
    out.print(Text(f"\nround {event.round}  {who}  {event.latency_s:.2f} s{spent}{replayed}", "bold"))
    if event.problem:
        out.print(Text(f"  cannot be read: {safe(event.problem)}", "red"), soft_wrap=True)
    for why, what in event.unused:
        out.print(Text(f"  left out, {why}: {safe(what)}", "dim"), soft_wrap=True)
    for key, position, words in event.positions:
        if position == "propose":
            titles[key] = words
            out.print(
                Text.assemble("  ", (f"{position:<9}", _COLOURS[position]), f"{safe(words)}", (f"  {key}", "dim"))
            )
        else:
            out.print(
                Text.assemble(
                    "  ", (f"{position:<9}", _COLOURS[position]), f"{safe(titles.get(key, key))}: {safe(words)}"
                ),
                soft_wrap=True,
            )
