"""JSONL: the samples as text, for who encodes it anew. Special ids are left out: where a separator stands, an empty line is.

A document that is cut within a character ends (or begins) with U+FFFD. Segments without a separator between them (the
interleaved recipes) follow each other as they are. Marks of pieces (`packing.back_trace`) are text.
"""

from pathlib import Path
from typing import Self

import orjson

from tools.export.formats import Setting
from tools.export.samples import Sample

BETWEEN = "\n\n"


class Jsonl:
    """`shard-00000.jsonl`: a JSON object a line, with `text` and the sample's labels and documents."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def open(self, folder: Path, number: int) -> "_Shard":
        return _Shard(folder / f"shard-{number:05d}.jsonl", self._setting)

    def finish(self, folder: Path) -> None:
        """Nothing stands over the shards."""

    @property
    def front_matter(self) -> dict[str, object]:
        return {"configs": [{"config_name": "default", "data_files": "shard-*.jsonl"}]}


class _Shard:
    def __init__(self, path: Path, setting: Setting) -> None:
        self._setting = setting
        self._stream = path.open("wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def add(self, sample: Sample) -> int:
        row = {
            **sample.labels,
            "text": self.text(sample),
            "n_tokens": sample.n_tokens,
            "documents": list(dict.fromkeys(segment["doc_id"] for segment in sample.segments)),
        }
        return self._stream.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))

    def close(self) -> None:
        self._stream.close()

    def text(self, sample: Sample) -> str:
        decode, marks_from = self._setting.tokenizer.decode, self._setting.marks_from
        parts, end = [], sample.segments[0]["start"] if marks_from is None else marks_from
        for segment in sample.segments:
            start = segment["start"]
            if start > end:
                parts.append(BETWEEN if marks_from is None else decode(sample.ids[end:start]))
            end = start + segment["length"]
            parts.append(decode(sample.ids[start:end]))
        if marks_from is not None:
            parts.append(decode(sample.ids[end : sample.n_tokens]))
        return "".join(parts)
