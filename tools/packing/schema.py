"""The Arrow schemas of `plan/*.parquet` and `samples/*.parquet` (DESIGN section 5): the columns that others read."""

import pyarrow as pa

SEGMENT = pa.struct(
    [
        ("doc_id", pa.string()),
        ("role", pa.string()),
        ("rank", pa.int32()),
        ("score", pa.float32()),
        ("chunk", pa.int32()),
        ("start", pa.int32()),
        ("length", pa.int32()),
        ("doc_start", pa.int64()),
    ]
)

LABELS = [
    ("sample_id", pa.string()),
    ("recipe", pa.string()),
    ("topic_id", pa.string()),
    ("topic", pa.string()),
    ("category", pa.string()),
    ("category_code", pa.string()),
]

PLAN = pa.schema([*LABELS, ("segments", pa.list_(SEGMENT))])

SAMPLES = pa.schema(
    [
        *LABELS,
        ("input_ids", pa.large_list(pa.uint32())),
        ("n_tokens", pa.int32()),
        ("doc_lens", pa.list_(pa.int32())),
        ("segments", pa.list_(SEGMENT)),
    ]
)
