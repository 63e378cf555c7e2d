"""Planning and writing samples from a warm token store, beside a bare gather-and-write of the same bytes."""
