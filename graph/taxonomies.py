"""The taxonomy of a run: what it records of it, and a taxonomy with a run's topics in it."""

import logging
from dataclasses import dataclass
from pathlib import Path

from graph.rundir import RunDir
from litelong import UsageError
from taxonomy import Category, Provenance, Taxonomy, Topic, load_taxonomy
from tools.files import write_atomic

LOG = logging.getLogger("litelong")


@dataclass(frozen=True, slots=True)
class Opened:
    """A taxonomy, with a run's topics if one was named, and the categories that the run debates (None: no run)."""

    taxonomy: Taxonomy
    debated: tuple[Category, ...] | None = None


def open_taxonomy(source: str | None, run: Path | None = None) -> Opened:
    """The taxonomy `source` (None: the run's own, or the compact one), with the topics of `run`.

    Raises `UsageError` for a run without topics, and for topics whose category the taxonomy does not have.
    """
    if run is None:
        found = load_taxonomy(source or "compact")
        log_stand_in(found)
        return Opened(found)
    from graph.briefs import choice_of
    from graph.stages.curate import read_topics

    opened = RunDir.open(run)
    config = opened.config()
    found = load_taxonomy(source or config.taxonomy.source)
    if source is None:
        check_recorded(opened, found)
    path = run / "topics.jsonl"
    if opened.stage("curate") is None or not path.exists():
        raise UsageError(f"{run}: has no topics yet; `litelong run` with its configuration goes on with it")
    for row in read_topics(path):
        by = Provenance(tuple(row["proposed_by"]), row["round"], row["reason"])
        found.add_topic(Topic(row["topic_id"], row["title"], row["explanation"], row["category"], by))
    return Opened(found, tuple(found.select(choice_of(config.taxonomy, config.run.seed))) if source is None else None)


def export_taxonomy(taxonomy: Taxonomy, file: Path) -> None:
    """Write `taxonomy` as GraphML or JSON, by the file's ending. Raises `UsageError`; nothing is half-written."""
    from taxonomy.export import to_graphml, to_json_bytes

    writers = {".graphml": to_graphml, ".json": to_json_bytes}
    write = writers.get(file.suffix.casefold())
    if write is None:
        raise UsageError(f"{file}: its name says in which form to write: end it with {' or '.join(writers)}")
    try:
        write_atomic(file, write(taxonomy))
    except OSError as error:
        raise UsageError(f"{file}: cannot be written ({error.strerror}); name another file") from None


def log_stand_in(taxonomy: Taxonomy) -> None:
    """Say in the log when another taxonomy than the one that was asked for is used."""
    if taxonomy.requested != taxonomy.name:
        LOG.warning("%s", described(taxonomy))


def described(taxonomy: Taxonomy) -> str:
    """The taxonomy in a phrase: its name, its edition, and for what it stands in."""
    edition = f", {taxonomy.links.edition} edition" if taxonomy.links.edition else ""
    text = f"taxonomy {taxonomy.name}{edition}: {len(taxonomy):,} categories"
    if taxonomy.requested == taxonomy.name:
        return text
    return (
        f"{text}; it stands in for {taxonomy.requested}, which is not imported on this machine "
        "(`litelong taxonomy import FILE` imports it)"
    )


def record(run: RunDir, taxonomy: Taxonomy) -> None:
    """Note in the manifest which taxonomy the run uses. Raises `UsageError` when it began with another content of it."""
    if run.manifest.get("taxonomy") is None:
        run.note(taxonomy=_facts(taxonomy))
    else:
        check_recorded(run, taxonomy)


def check_recorded(run: RunDir, taxonomy: Taxonomy) -> None:
    """Raise `UsageError` when the run began with another content of this taxonomy."""
    now, begun_with = _facts(taxonomy), run.manifest.get("taxonomy")
    if begun_with is not None and begun_with["digest"] != now["digest"]:
        raise UsageError(
            f"{run.path}: began with another {taxonomy.requested} taxonomy ({_short(begun_with)}; now {_short(now)}); import "
            "that one again, or begin a new run with --out"
        )


def _short(facts: dict[str, str | None]) -> str:
    edition = f", {facts['edition']} edition" if facts["edition"] else ""
    return f"{facts['name']}{edition}, digest {str(facts['digest'])[:8]}"


def _facts(taxonomy: Taxonomy) -> dict[str, str | None]:
    return {
        "requested": taxonomy.requested,
        "name": taxonomy.name,
        "edition": taxonomy.links.edition,
        "digest": taxonomy.links.digest(),
    }
