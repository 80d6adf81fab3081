"""How the C library's allocator treats what was freed; commands set it, the library never does."""

from __future__ import annotations

import ctypes
import os

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4
_TOP_PAD_BYTES = 64 * 2**20


def keep_freed_memory() -> bool:
    """Makes glibc reuse freed memory rather than return it after every large array.

    By default large arrays are mapped anew each time and the tops of the heaps are given back;
    then their pages are faulted in and zeroed again, which takes a large share of a training step
    and some of the search. Does nothing (and gives False) without glibc, and where the environment
    sets the allocator (`MALLOC_…`, `GLIBC_TUNABLES`).
    """
    is_set = any(name.startswith(("MALLOC_", "GLIBC_TUNABLES")) for name in os.environ)
    if is_set or not _is_glibc():
        return False
    libc = ctypes.CDLL(None)
    largest = 2**31 - 1
    done = [
        libc.mallopt(_M_MMAP_MAX, 0),
        libc.mallopt(_M_TRIM_THRESHOLD, largest),
        libc.mallopt(_M_TOP_PAD, _TOP_PAD_BYTES),
    ]
    return all(done)


def _is_glibc() -> bool:
    try:
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc")
    except (AttributeError, ValueError, OSError):
        return False
