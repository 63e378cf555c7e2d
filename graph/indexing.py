"""`litelong index` and `litelong search`: an index apart from any run."""

from pathlib import Path
from typing import TypedDict

from graph.config import Config
from graph.context import check_apart
from graph.progress import Progress
from graph.rundir import RunDir
from litelong import UsageError
from tools.corpus import CatalogCounts
from tools.indexed import CorpusSpec, build, open_indexed


class FoundRow(TypedDict):
    """A hit with its title."""

    rank: int
    score: float
    doc_id: str
    title: str


def index_corpus(config: Config, out: Path, progress: Progress) -> CatalogCounts:
    """Build an index of the configuration's corpus in `out`, which must not exist or be empty. Raises `UsageError`."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out}: is there already and not empty; name another folder with --out, or remove it")
    c = config.corpus
    check_apart(out, c.path)
    spec = CorpusSpec(c.path, c.text_field, c.id_field, c.source, c.binary_files)
    with progress.stage("index", None) as tick:
        indexed = build(spec, out, config.search.settings, tick)
    counts = indexed.counts()
    indexed.close()
    return counts


def search_index(path: Path, query: str, k: int) -> list[FoundRow]:
    """The best `k` documents for a query, from an index folder or a run directory that has one. Raises `UsageError`."""
    if not query.strip():
        raise UsageError("QUERY is empty: give at least one word")
    indexed = open_indexed(_index_of(path))
    try:
        hits = indexed.index.search(query, k)
        titles = indexed.titles([hit.doc_id for hit in hits])
        return [
            FoundRow(rank=h.rank, score=h.score, doc_id=h.doc_id, title=t) for h, t in zip(hits, titles, strict=True)
        ]
    finally:
        indexed.close()


def _index_of(path: Path) -> Path:
    """A run's own index, the one that its configuration names, or else the folder itself."""
    if (path / "index" / "index.json").exists():
        return path / "index"
    if (path / "config.yaml").exists() and (named := RunDir.open(path).config().search.index):
        return Path(named)
    return path
