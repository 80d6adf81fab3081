"""Marks repeated and surplus pairs by their 64-bit keys, in bounded memory.

Keys lie in files; those of one partition (by the upper bits) are sorted at a time, so memory
grows with one byte a pair and not with the text. Two different texts share a key with
probability 2^-64 per couple: about 3e-4 false drops are expected in 100 million pairs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from training.data.similarity import mix
from training.data.stage import Stage

PARTITION = 1 << 22
"""Keys sorted at a time."""

Marks = NDArray[np.uint8]


def mark_repeats(stage: Stage, column: int, limit: int, code: int, marks: Marks) -> None:
    """Writes `code` where more than `limit` unmarked earlier pairs have the same key."""
    n_parts = 1 << max(0, int(np.ceil(np.log2(max(1, stage.n_pairs) / PARTITION))))
    for part in range(n_parts):
        keys, rows = _partition(stage, column, part, n_parts, marks)
        order = np.argsort(keys, kind="stable")
        keys, rows = keys[order], rows[order]
        if not len(keys):
            continue
        is_first = np.concatenate([[True], keys[1:] != keys[:-1]])
        starts = np.flatnonzero(is_first)
        rank = np.arange(len(keys)) - starts[np.cumsum(is_first) - 1]
        marks[rows[rank >= limit]] = code


def _partition(
    stage: Stage, column: int, part: int, n_parts: int, marks: Marks
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    shift = np.uint64(64 - int(np.log2(n_parts))) if n_parts > 1 else None
    all_keys, all_rows = [np.empty(0, np.uint64)], [np.empty(0, np.int64)]
    for first, keys in stage.iter_keys(column):
        chosen = marks[first : first + len(keys)] == 0
        if shift is not None:
            chosen &= (keys >> shift) == np.uint64(part)
        rows = np.flatnonzero(chosen)
        all_keys.append(keys[rows])
        all_rows.append(rows + first)
    return np.concatenate(all_keys), np.concatenate(all_rows)


def mark_surplus(
    stage: Stage, members: Sequence[int], cap: int, seed: int, code: int, marks: Marks
) -> None:
    """Writes `code` on all but `cap` unmarked pairs of the sources `members`.

    Which ones stay follows from their keys and the seed alone: adding a source elsewhere or
    reading in another order changes nothing, and a lower cap keeps a subset.
    """
    sources = stage.sources()
    is_member = np.zeros(65536, bool)
    is_member[list(members)] = True
    lowest = np.empty(0, np.uint64)
    for _, values, _ in _member_keys(stage, sources, is_member, seed, marks):
        lowest = np.concatenate([lowest, values])
        if len(lowest) > cap + (1 << 20):
            lowest = np.partition(lowest, cap)[: cap + 1]
    if len(lowest) <= cap:
        return
    limit = np.partition(lowest, cap)[cap]
    for first, values, rows in _member_keys(stage, sources, is_member, seed, marks):
        marks[first + rows[values >= limit]] = code


def _member_keys(
    stage: Stage,
    sources: NDArray[np.uint16],
    is_member: NDArray[np.bool_],
    seed: int,
    marks: Marks,
) -> Iterator[tuple[int, NDArray[np.uint64], NDArray[np.int64]]]:
    """Yields first row, seeded keys and rows in the block of the unmarked pairs of members."""
    for first, keys in stage.iter_keys(0):
        here = slice(first, first + len(keys))
        rows = np.flatnonzero(is_member[sources[here]] & (marks[here] == 0))
        yield first, mix(keys[rows] + np.uint64(seed)), rows
