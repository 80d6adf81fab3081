"""Which pairs an epoch holds, and in which order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.data.shards import PairStore
from training.data.similarity import mix


def flattened_weights(
    weights: Sequence[float], sizes: Sequence[int], temperature: float
) -> list[float]:
    """Weights after flattening the sizes to n^(1/T) (Arivazhagan 2019, section 4.2).

    The total of weighted pairs stays the same, so that an epoch keeps its length.
    """
    shares = np.asarray(weights, np.float64) * np.asarray(sizes, np.float64)
    flat = np.where(shares > 0, shares ** (1.0 / temperature), 0.0)
    total = flat.sum()
    if total == 0:
        return list(weights)
    passes = flat / total * shares.sum() / np.maximum(np.asarray(sizes, np.float64), 1.0)
    return [float(p) if n else float(w) for p, n, w in zip(passes, sizes, weights, strict=True)]


def copies_in_epoch(store: PairStore, epoch: int, seed: int) -> NDArray[np.int64]:
    """How often each pair occurs in an epoch.

    A weight of 2.5 gives every pair two copies and half of the pairs a third; 0.3 gives three
    tenths of the pairs one. Which ones moves on with the epoch so that over many epochs every
    pair occurs `weight × epochs` times, give or take one.
    """
    weights = store.weights[store.source_ids]
    rows = np.arange(len(store), dtype=np.uint64)
    start = mix(rows + mix(np.full(1, seed, np.uint64))[0]) / 2.0**64
    return (np.floor((epoch + 1) * weights + start) - np.floor(epoch * weights + start)).astype(
        np.int64
    )


def epoch_indices(store: PairStore, epoch: int, seed: int) -> NDArray[np.int64]:
    """Rows of an epoch by the sources' weights, shuffled; the same for the same arguments."""
    rows = np.repeat(np.arange(len(store)), copies_in_epoch(store, epoch, seed))
    np.random.default_rng([seed, epoch]).shuffle(rows)
    return rows
