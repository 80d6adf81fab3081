"""Which pairs come in which batch: by length, within a token budget, shuffled, resumable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]


@dataclass
class SamplerState:
    """Where in the data a run is; with the seed it fixes every batch still to come."""

    epoch: int = 0
    chunk: int = 0
    """Chunk of the epoch that is being read."""
    batch: int = 0
    """Batches of that chunk already taken."""
    sampled: bool = True
    """Whether that chunk was encoded with subword sampling."""


def chunk_generator(seed: int, epoch: int, chunk: int) -> np.random.Generator:
    """Gives the random numbers of one chunk, the same whatever was read before."""
    return np.random.default_rng((seed, epoch, chunk))


def plan_batches(
    src_lengths: Indices, tgt_lengths: Indices, batch_tokens: int, rng: np.random.Generator
) -> list[Indices]:
    """Groups rows of like length so that rows × longest side stays within the budget.

    Both sides' padded shapes are bounded, so memory is too. A row longer than the budget makes
    a batch of its own. The order of the batches is random.

    Args:
        src_lengths: [N] pieces with the end piece.
        tgt_lengths: [N] pieces with the begin (or end) piece.
        batch_tokens: most positions of either side's padded array.
        rng: shuffles rows of equal lengths, then batches.
    """
    shuffled = rng.permutation(len(src_lengths))
    longest = np.maximum(src_lengths, tgt_lengths)
    # Longer side first: it sets the rows of a batch; then the target, whose padding costs most.
    keys = (src_lengths[shuffled], tgt_lengths[shuffled], longest[shuffled])
    order = shuffled[np.lexsort(keys)]
    batches, first = [], 0
    sizes = longest[order].tolist()
    for position, size in enumerate(sizes):
        if position > first and (position - first + 1) * size > batch_tokens:
            batches.append(order[first:position])
            first = position
    if first < len(order):
        batches.append(order[first:])
    return [batches[i] for i in rng.permutation(len(batches))]
