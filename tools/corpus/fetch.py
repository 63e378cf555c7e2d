"""The texts of chosen documents, in one ordered pass over the corpus, each proven by its content hash."""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from tools.corpus.catalog import Entry
from tools.corpus.sources import Corpus, changed
from tools.files import content_hash, ignore


def _ignore(_: int) -> None:
    pass


def fetch_texts(
    corpus: Corpus, entries: Iterable[Entry], tick: Callable[[int], None] = ignore
) -> Iterator[tuple[Entry, str]]:
    """Each entry once with its text, ordered by (source, position) whatever the order asked.

    The entries are held in memory, the texts are not. Raises `UsageError` when a file is gone or its text is another one.
    """
    ordered = sorted(set(entries), key=lambda entry: (entry.source, entry.position, entry.doc_id))
    for number, group in groupby(ordered, key=lambda entry: entry.source):
        if number >= len(corpus.sources):
            raise changed(f"corpus '{corpus.name}'")
        source = corpus.sources[number]
        wanted = list(group)
        texts = source.fetch(entry.position for entry in wanted)
        for entry in wanted:
            text = next(texts, None)
            if text is None or content_hash(text) != entry.content_hash:
                raise changed(source.label)
            yield entry, text
            tick(1)


def read_text(corpus: Corpus, entry: Entry) -> str:
    """The text of one document. Raises `UsageError` as `fetch_texts` does."""
    return next(text for _, text in fetch_texts(corpus, [entry]))
