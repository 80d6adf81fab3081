"""The mean of several checkpoints' weights, often better than any of them (Vaswani 2017, 6.1)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from training.checkpoint import (
    read_checkpoint,
    recent_checkpoints,
    weights_of,
    write_checkpoint,
)
from training.errors import CheckpointError


def last_checkpoints(folder: Path, count: int) -> list[Path]:
    """Gives the last `count` weight checkpoints of a run, oldest first.

    Raises:
        CheckpointError: there are fewer than that.
    """
    found = recent_checkpoints(folder)
    if count < 1 or len(found) < count:
        raise CheckpointError(
            f"{folder} holds {len(found)} checkpoints update-*.ckpt, {count} were asked for; "
            "take --last up to that number, or train with a larger train.keep_recent"
        )
    return found[-count:]


def mean_weights(weights: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Gives the mean of each weight, summed in float64.

    Raises:
        CheckpointError: names or shapes differ.
    """
    first = weights[0]
    for other in weights[1:]:
        if {n: w.shape for n, w in first.items()} != {n: w.shape for n, w in other.items()}:
            raise CheckpointError(
                "the checkpoints are of different networks; average those of one run only"
            )
    return {
        name: torch.stack([w[name].double() for w in weights]).mean(0).to(first[name].dtype)
        for name in first
    }


def average(paths: Sequence[Path], output: Path) -> None:
    """Writes a checkpoint with the mean of the plain (not moving-average) weights of `paths`.

    Raises:
        CheckpointError: a file is no checkpoint, or they do not fit together.
    """
    if not paths:
        raise CheckpointError("no checkpoints to average; give at least one")
    contents = [read_checkpoint(path) for path in paths]
    mean = mean_weights([weights_of(content, average=False) for content in contents])
    last = contents[-1]
    write_checkpoint(
        output,
        {
            "about": last["about"],
            "update": last["update"],
            "tokens": last["tokens"],
            "model": mean,
            "ema": None,
            "averaged": [path.name for path in paths],
        },
    )
