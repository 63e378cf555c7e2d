"""Search measured: quality on judged collections, speed beside the engines alone, Whoosh's settings."""
