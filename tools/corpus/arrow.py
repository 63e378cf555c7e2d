"""Rows out of Arrow batches; Parquet files and Hugging Face datasets both come as these."""

from collections.abc import Iterator

import pyarrow as pa

from tools.corpus.document import Document, Reject
from tools.corpus.rows import STRING, Columns, Row, document_or_reject


def column_kinds(schema: pa.Schema) -> dict[str, str]:
    """Name to type of every column of an Arrow schema; text in any encoding, and binary, is `string`."""
    return {field.name: STRING if _is_text(field.type) else str(field.type) for field in schema}


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return any(test(kind) for test in tests) or str(kind).endswith("_view")


def items_of(
    batch: pa.RecordBatch | pa.Table, columns: Columns, where: str, doc_base: str, source: int, first: int
) -> Iterator[Document | Reject]:
    """Documents and rejects of a batch (record batch or table) whose first row is row `first` of its source, from 0."""
    texts = strings(batch.column(columns.text))
    blank: list[object] = [None] * len(texts)
    ids = batch.column(columns.doc_id).to_pylist() if columns.doc_id is not None else blank
    titles = strings(batch.column(columns.title)) if columns.title is not None else blank
    origins = batch.column(columns.origin).to_pylist() if columns.origin is not None else blank
    for row, (text, doc_id, title, origin) in enumerate(zip(texts, ids, titles, origins, strict=True), first):
        fallback = f"{doc_base}:{row + 1}"
        yield document_or_reject(Row(where, row + 1, text, doc_id, title, fallback, source, row, origin, doc_base))


def strings(column: pa.Array | pa.ChunkedArray) -> list[str | UnicodeDecodeError | None]:
    """Values of a text column; in place of one that is not UTF-8 stands the error that says at which byte."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    try:
        values: list[str | bytes | None] = column.to_pylist()
    except UnicodeDecodeError:
        values = column.cast(pa.large_binary()).to_pylist()
    return [_decoded(value) if isinstance(value, bytes) else value for value in values]


def _decoded(value: bytes) -> str | UnicodeDecodeError:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        return error
