"""The mean of several checkpoints' weights, often better than any of them.

Of the last checkpoints of a run (Vaswani 2017, 6.1), or of the ends of several runs that went on
from the same weights with other seeds, a model soup (Wortsman 2022).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

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
                "the checkpoints are of different networks; average those of one network only"
            )
    return {
        name: torch.stack([w[name].double() for w in weights]).mean(0).to(first[name].dtype)
        for name in first
    }


def average(paths: Sequence[Path], output: Path) -> None:
    """Writes a checkpoint with the mean of the plain (not moving-average) weights of `paths`.

    Args:
        paths: checkpoints of one run; the counters are those of the last.
        output: where to write.

    Raises:
        CheckpointError: a file is no checkpoint, or they do not fit together.
    """
    contents = _read(paths)
    last = contents[-1]
    _write(output, paths, contents, False, last["update"], last["tokens"])


def soup(paths: Sequence[Path], output: Path) -> None:
    """Writes a checkpoint with the mean of the moving averages of `paths`.

    Args:
        paths: checkpoints of runs from the same weights; their counters are added up.
        output: where to write.

    Raises:
        CheckpointError: a file is no checkpoint, or they do not fit together.
    """
    contents = _read(paths)
    updates, tokens = (sum(content[key] for content in contents) for key in ("update", "tokens"))
    _write(output, paths, contents, True, updates, tokens)


def _read(paths: Sequence[Path]) -> list[dict[str, Any]]:
    if not paths:
        raise CheckpointError("no checkpoints to average; give at least one")
    return [read_checkpoint(path) for path in paths]


def _write(
    output: Path, paths: Sequence[Path], contents: Sequence[dict[str, Any]],
    moving: bool, update: int, tokens: int,
) -> None:  # fmt: skip
    mean = mean_weights([weights_of(content, average=moving) for content in contents])
    write_checkpoint(
        output,
        {
            "about": contents[-1]["about"],
            "update": update,
            "tokens": tokens,
            "model": mean,
            "ema": None,
            "averaged": [f"{path.parent.name}/{path.name}" for path in paths],
        },
    )
