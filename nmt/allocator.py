"""How the C library's allocator treats what was freed; commands set it, the library never does."""

from __future__ import annotations

import ctypes
import os

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3
FOR_SEARCH = 64 * 2**20
"""Bytes; more than a batch needs, little beside what a process has anyway."""
FOR_TRAINING = 2**30


def keep_freed_memory(most_bytes: int) -> bool:
    """Makes glibc reuse freed memory rather than return it after every large array.

    By default large arrays are mapped anew each time and the tops of the heaps are given back;
    then their pages are faulted in and zeroed again, which takes a large share of a training step
    and some of the search. Does nothing (and gives False) without glibc, and where the environment
    sets the allocator (`MALLOC_…`, `GLIBC_TUNABLES`).

    Args:
        most_bytes: kept free at the top of a heap; arrays of half of it and more are mapped.
    """
    is_set = any(name.startswith(("MALLOC_", "GLIBC_TUNABLES")) for name in os.environ)
    if is_set or not _is_glibc():
        return False
    libc = ctypes.CDLL(None)
    done = [
        libc.mallopt(_M_MMAP_THRESHOLD, most_bytes // 2),
        libc.mallopt(_M_TRIM_THRESHOLD, most_bytes),
        libc.mallopt(_M_TOP_PAD, most_bytes // 4),
    ]
    return all(done)


def _is_glibc() -> bool:
    try:
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc")
    except (AttributeError, ValueError, OSError):
        return False
