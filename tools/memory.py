"""Memory that this process has freed and still holds: allocators keep it for later, and a later stage may never ask for it."""

import ctypes
import sys

import pyarrow as pa


def give_back() -> None:
    """Let the system have the free pages of Arrow's pool and of the C library (where that can: glibc). Takes milliseconds."""
    pa.default_memory_pool().release_unused()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
