"""The table of words: counts are those of the texts, whichever way they are looked up, also when it was appended to."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litelong import UsageError
from tools.search import word_table
from tools.search.word_table import WORD_TABLE, WordTable, WordTableWriter, word_hash

WORDS = ["a", "b", "c", "d", "e", "x" * 64, "\U0001f40b"]
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), max_size=12), max_size=8)


@given(TEXTS, TEXTS, st.lists(st.sampled_from(WORDS), min_size=1, unique=True), st.sampled_from([0, 10**9]))
def test_counts_are_those_of_the_texts(
    first: list[list[str]], then: list[list[str]], asked: list[str], reading: int
) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(word_table, "_READING", reading)
        for texts in (first, then):
            with WordTableWriter(Path(folder)) as writer:
                for text in texts:
                    writer.append(text)
        table, texts = WordTable(Path(folder)), first + then
        assert table.lengths.tolist() == [len(text) for text in texts]
        assert table.most.tolist() == [max((text.count(word) for word in text), default=0) for text in texts]
        numbers = np.arange(len(texts))[::-1]
        counts = table.counts(numbers, np.array([word_hash(word) for word in asked], np.uint64))
        assert counts.tolist() == [[text.count(word) for word in asked] for text in reversed(texts)]


@pytest.mark.parametrize("name", WORD_TABLE)
@pytest.mark.parametrize("left", [0, -1, -8])
def test_files_that_do_not_fit_together_are_refused(tmp_path: Path, name: str, left: int) -> None:
    with WordTableWriter(tmp_path) as writer:
        writer.append(["whale", "reef", "whale"])
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:left])
    with pytest.raises(UsageError, match="table of words is damaged"):
        WordTable(tmp_path)
