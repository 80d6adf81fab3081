"""Ordered work in several processes, with few results in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")


def map_in_order(
    work: Callable[[T], R],
    items: Iterable[T],
    workers: int,
    start: Callable[..., None],
    start_args: tuple[Any, ...],
) -> Iterator[R]:
    """Yields `work(item)` in order; at most a few items per worker are under way.

    Args:
        work: a function at module level.
        items: read only as fast as results are taken.
        workers: processes; 1 works in this one.
        start: called once in each process before its first item, with `start_args`.
    """
    if workers == 1:
        start(*start_args)
        yield from map(work, items)
        return
    with ProcessPoolExecutor(workers, initializer=start, initargs=start_args) as pool:
        waiting: deque[Future[R]] = deque()
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
