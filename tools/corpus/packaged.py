"""Entries of `corpus.path` that name what a package brings, and no file, whatever files there are."""

DEMO = "demo"
DATASET = "hf:"


def is_packaged(entry: str) -> bool:
    """Whether an entry is the demo corpus or a dataset."""
    return entry == DEMO or entry.startswith(DATASET)
