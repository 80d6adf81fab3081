"""Batches of similar length: sort, fill a token budget, refill, pad, restore order. No torch."""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from nmt.errors import ConfigError

T = TypeVar("T")


def plan_batches(lengths: Sequence[int], max_tokens: int, max_rows: int) -> list[list[int]]:
    """Gives batches of indices into `lengths`, the longest first, so that memory peaks at once.

    Args:
        lengths: tokens of each row.
        max_tokens: most tokens of a batch, padding counted; a longer row is a batch of its own.
        max_rows: most rows of a batch.

    Raises:
        ConfigError: a limit below 1.
    """
    for name, value in (("max_tokens", max_tokens), ("max_rows", max_rows)):
        if value < 1:
            raise ConfigError(f"{name} is {value}; allowed: 1 or more")
    batches: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batches and _has_room(batches[-1], lengths, max_tokens, max_rows):
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches


def _has_room(batch: list[int], lengths: Sequence[int], max_tokens: int, max_rows: int) -> bool:
    """Tells whether one more row fits; the first row of a batch is its longest."""
    rows = len(batch) + 1
    return rows <= max_rows and rows * lengths[batch[0]] <= max_tokens


class Waiting:
    """Rows that wait for places in a batch that runs; the longest go first.

    Args:
        lengths: tokens of each row, one at least.
        max_tokens: most tokens of the batch, padding counted; a longer row runs alone.
        least_free: share of the batch's places that must be free before rows join those that run;
            1 waits until all are.

    Raises:
        ConfigError: no tokens, or a share that is not above 0 and at most 1.
    """

    def __init__(self, lengths: Sequence[int], max_tokens: int, least_free: float) -> None:
        if max_tokens < 1:
            raise ConfigError(f"max_tokens is {max_tokens}; allowed: 1 or more")
        if not 0.0 < least_free <= 1.0:
            raise ConfigError(f"least_free is {least_free}; allowed: more than 0, at most 1")
        self.running: list[int] = []
        """Indices of the rows that run since `take` was called last."""
        self._lengths = lengths
        self._max_tokens = max_tokens
        self._least_free = least_free
        self._waiting = deque(sorted(range(len(lengths)), key=lambda i: -lengths[i]))

    def take(self, running: Sequence[int]) -> list[int]:
        """Gives the indices of rows that begin now, beside those that are still `running`."""
        taken = [self._waiting.popleft() for _ in range(self._room(running))]
        self.running = [*running, *taken]
        return taken

    def _room(self, running: Sequence[int]) -> int:
        if not self._waiting:
            return 0
        width = max(self._lengths[index] for index in (self._waiting[0], *running))
        places = max(1, self._max_tokens // width)
        free = places - len(running)
        if running and free < self._least_free * places:
            return 0
        return min(free, len(self._waiting))

    def put_back(self, done: Container[int]) -> None:
        """Lets the rows that run, but for those `done`, begin again; half as many at a time."""
        width = max(self._lengths[index] for index in self.running)
        self._max_tokens = max(1, width * len(self.running) // 2)
        self._waiting.extendleft(index for index in self.running[::-1] if index not in done)
        self.running = []


def pad(
    rows: Sequence[Sequence[int]], pad_id: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Gives ids [B, S], padded on the right to the longest row, and their mask (true = real)."""
    width = max(map(len, rows), default=0)
    ids = np.full((len(rows), width), pad_id, dtype=np.int64)
    mask = np.zeros((len(rows), width), dtype=np.bool_)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = row
        mask[place, : len(row)] = True
    return ids, mask


def restore_order(batches: Sequence[Sequence[int]], results: Sequence[Sequence[T]]) -> list[T]:
    """Gives the results in the order of the indices: `results[b][i]` is of `batches[b][i]`."""
    by_index: dict[int, T] = {}
    for indices, values in zip(batches, results, strict=True):
        by_index.update(zip(indices, values, strict=True))
    return [by_index[index] for index in range(len(by_index))]
