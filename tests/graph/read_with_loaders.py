"""Reads exports with the trainers' own loaders and prints what they give, as JSON. Run by the environment of tests/formats.txt.

python read_with_loaders.py mds FOLDER          Streaming's LocalDataset and StreamingDataset
python read_with_loaders.py megatron FOLDER     Megatron core's IndexedDataset
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def mds(folder: str) -> Iterator[dict[str, Any]]:
    from streaming import LocalDataset, StreamingDataset

    streamed = StreamingDataset(local=folder, shuffle=False, batch_size=1)
    for one, other in zip(LocalDataset(folder), streamed, strict=True):
        assert one["input_ids"].tolist() == other["input_ids"].tolist()
        # What ProLong's collator does with it: pairs of begin and end, whose slices are sequences.
        sequences = [len(one["input_ids"][begin:end]) for begin, end in one["indices"]]
        yield {"ids": one["input_ids"].tolist(), "sequences": sequences, "dtype": str(one["input_ids"].dtype)}


def megatron(folder: str) -> Iterator[dict[str, Any]]:
    from megatron.core.datasets.indexed_dataset import IndexedDataset

    for file in sorted(Path(folder).glob("*.idx")):
        dataset = IndexedDataset(str(file.with_suffix("")))
        assert dataset.document_indices.tolist() == list(range(len(dataset) + 1)), "a sample is a document"
        for number in range(len(dataset)):
            yield {"ids": dataset[number].tolist(), "dtype": str(dataset[number].dtype)}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(list({"mds": mds, "megatron": megatron}[sys.argv[1]](sys.argv[2]))))
