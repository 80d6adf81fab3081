"""A value that is built when first used, once in each process, and used by one thread at a time."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class PerProcess(Generic[T]):
    """Holds what a forked child must not share with its parent: threads, pipes, locks."""

    def __init__(self, build: Callable[[], T]) -> None:
        """Takes the function that builds the value."""
        self._build = build
        self._locks: dict[int, threading.Lock] = {}
        self._values: dict[int, T] = {}

    @contextlib.contextmanager
    def held(self) -> Iterator[T]:
        """Gives the value of this process, to this thread alone."""
        pid = os.getpid()
        # A lock that another thread held while this process was forked would never open again.
        with self._locks.setdefault(pid, threading.Lock()):
            if pid not in self._values:
                self._values = {pid: self._build()}
            yield self._values[pid]

    def drop(self) -> None:
        """Forgets the value of this process; the next use builds it again. Call while held."""
        self._values.pop(os.getpid(), None)
