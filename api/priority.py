"""Puts an engine's threads behind the others where cores are few.

An engine's threads compute all the time; the event loop has a millisecond of work now and then.
Where both have the same priority the loop waits for its turn again and again, and all answers and
refusals with it. On Linux every thread has a niceness of its own, and a new thread gets that of
the one that starts it: so the engine is made in a thread of low priority, which then ends.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

LOWEST = 19


def in_thread_of_low_priority(work: Callable[[], T], niceness: int) -> T:
    """Gives the result of `work`; threads that it starts keep the low priority.

    Threads of Python must not be among them: one that holds the interpreter's lock and waits for a
    core would hold up everyone.

    Args:
        work: starts threads.
        niceness: added to that of the process; 0 changes nothing. Only Linux knows it.
    """
    if not niceness or sys.platform != "linux":
        return work()
    with ThreadPoolExecutor(1, "load", _be_nice, (niceness,)) as thread:
        return thread.submit(work).result()


def _be_nice(niceness: int) -> None:
    thread = threading.get_native_id()
    now = os.getpriority(os.PRIO_PROCESS, thread)
    os.setpriority(os.PRIO_PROCESS, thread, min(LOWEST, now + niceness))
