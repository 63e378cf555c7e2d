"""`litelong index` and `litelong search`: an index apart from any run."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

from graph.config import Config, load_config
from graph.parts import check_apart, spec_of
from graph.progress import Progress
from graph.rundir import RunDir
from litelong import UsageError
from tools.corpus import CatalogCounts
from tools.growing import add
from tools.indexed import BM25, RECORD, IndexedCorpus, build, open_indexed, read_record
from tools.search import words
from tools.search.backends import check_backend
from tools.search.folder import Manifest, read_manifest
from tools.search.snippets import snippet


class FoundRow(TypedDict):
    """A hit with its title and the piece of its text that shows best why it was found (`matches`: spans in it)."""

    rank: int
    score: float
    doc_id: str
    title: str
    snippet: str
    matches: list[tuple[int, int]]


class Added(NamedTuple):
    """An index before and after an addition. `rebuilt`: with which backend it had to be built anew, and why."""

    before: CatalogCounts
    after: CatalogCounts
    rebuilt: str | None

    def as_dict(self) -> dict[str, Any]:
        return {"before": self.before._asdict(), "after": self.after._asdict(), "rebuilt": self.rebuilt}


class Indexed(NamedTuple):
    """An index that was built: what it holds, with which search backend, and who chose that, and why."""

    counts: CatalogCounts
    backend: str
    chosen: str

    def as_dict(self) -> dict[str, Any]:
        return {**self.counts._asdict(), "backend": self.backend, "chosen": self.chosen}


def index_corpus(config: Config, out: Path, progress: Progress) -> Indexed:
    """Build an index of the configuration's corpus in `out`, which must not exist or be empty. Raises `UsageError`."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        hint = "add to it with --add" if (out / RECORD).is_file() else "name another folder with --out, or remove it"
        raise UsageError(f"{out}: is there already and not empty; {hint}")
    check_backend(config.search.backend)
    check_apart(out, config.corpus.path)
    with progress.stage("index", None) as tick:
        indexed = build(spec_of(config), out, config.search.settings, tick)
    counts = indexed.counts()
    indexed.close()
    manifest = _manifest(out)
    return Indexed(counts, manifest.backend, manifest.chosen)


def add_to_index(
    out: Path,
    paths: Sequence[str],
    fields: Mapping[str, str | None],
    search: Mapping[str, str | float | None],
    progress: Progress,
) -> Added:
    """Add to the index in `out` what its corpus has gained, and the corpus at `paths`.

    `fields` (`text_field`, ...) and `search` (`k1`, ...) may be given again and must then be what the index was built with.
    Raises `UsageError`.
    """
    record = read_record(out)
    for built_with, given in ((record.spec, fields), (record.search, search)):
        for name, value in given.items():
            built = getattr(built_with, name)
            if value not in (None, built):
                raise UsageError(
                    f"--{name.replace('_', '-')} {value}: {out} was built with {built}; leave it out, or build another index"
                )
    if paths:
        paths = load_config({"corpus": {"path": list(paths)}}).corpus.path
        check_apart(out, paths)
    backend = _manifest(out).backend
    with progress.stage("index", None) as tick:
        before, after = add(out, paths, tick)
    manifest = _manifest(out)
    return Added(before, after, manifest.chosen if manifest.backend != backend else None)


def _manifest(out: Path) -> Manifest:
    return read_manifest(out / read_record(out).data / BM25)


def search_index(path: Path, query: str, k: int) -> list[FoundRow]:
    """The best `k` documents for a query, from an index folder or a run directory that has one. Raises `UsageError`."""
    if not query.strip():
        raise UsageError("QUERY is empty: give at least one word")
    indexed = open_indexed(_index_of(path))
    try:
        indexed.check_unchanged()
        return _rows(indexed, query, k)
    finally:
        indexed.close()


def _rows(indexed: IndexedCorpus, query: str, k: int) -> list[FoundRow]:
    index = indexed.index
    analyse = partial(words, analysis=index.settings.analysis)
    asked = sorted(set(analyse(query)))
    if not asked:
        only = "words that are in nearly every text" if words(query, "none") else "signs and no word"
        raise UsageError(f"QUERY {query[:80]!r}: has only {only}; give another word")
    hits = index.search(query, k)
    doc_ids = [hit.doc_id for hit in hits]
    titles, texts = indexed.titles(doc_ids), indexed.texts(doc_ids)
    frequencies = zip(asked, index.document_frequencies(asked), strict=True)
    rarity = {word: 1 / (1 + frequency) for word, frequency in frequencies}
    rows = []
    for hit, title, text in zip(hits, titles, texts, strict=True):
        shown = snippet(text, query, rarity.__getitem__, analyse=analyse)
        rows.append(
            FoundRow(
                rank=hit.rank,
                score=hit.score,
                doc_id=hit.doc_id,
                title=title,
                snippet=shown.text,
                matches=list(shown.marks),
            )
        )
    return rows


def _index_of(path: Path) -> Path:
    """A run's own index, the one that its configuration names, or else the folder itself."""
    if (path / "index" / RECORD).exists():
        return path / "index"
    if (path / "config.yaml").exists() and (named := RunDir.open(path).config().search.index):
        return Path(named)
    return path
