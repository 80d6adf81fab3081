"""What turns logits into log-probabilities: log Σ exp of each row.

Search needs log-probabilities of the few pieces that it takes, in the order of the logits. So
[N, V] log-probabilities are never written: of a batch they are megabytes, more than a core's cache.
"""

from __future__ import annotations

import torch
from torch import Tensor

CACHED = 100_000
"""Logits whose exponentials a core's own cache holds."""
SAFE = 60.0
"""Of a normaliser; exponentials of such logits and their sums are far from the ends of float32."""


def scores_of(logits: Tensor) -> tuple[Tensor, Tensor | None]:
    """Gives [N, V] that, less a number for each row, are log-probabilities: and these numbers [N].

    None is 0: where logits are few, or on a GPU, log-probabilities are there sooner.

    Args:
        logits: [N, V] float32.
    """
    if logits.device.type != "cpu" or logits.numel() <= CACHED:
        return torch.log_softmax(logits, dim=1), None
    return logits, log_normaliser(logits)


def log_normaliser(logits: Tensor) -> Tensor:
    """Gives log Σ exp [N] of float32 logits [N, V], which stay as they are."""
    parts = logits.split(max(1, CACHED // logits.size(1)))
    # To look for the largest logits first, and to subtract them, takes longer than exponentials.
    sums = [part.exp().sum(1) for part in parts]
    logs = (torch.cat(sums) if len(sums) > 1 else sums[0]).log_()
    least, most = (end.item() for end in logs.aminmax())
    return logs if -SAFE < least <= most < SAFE else logits.logsumexp(1)
