"""Batches of similar length: sort, fill a token budget, pad, restore the order. No torch."""

from __future__ import annotations

from collections.abc import Sequence
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
