"""Masks: True = may be attended."""

from __future__ import annotations

import torch
from torch import Tensor


def causal_mask(length: int, device: torch.device | None = None) -> Tensor:
    """Gives [length, length]: position i may see positions 0…i."""
    return torch.ones(length, length, dtype=torch.bool, device=device).tril()


def masked_softmax(scores: Tensor, mask: Tensor) -> Tensor:
    """Gives the softmax over the last axis, exactly 0 where `mask` is False.

    Args:
        scores: [..., S].
        mask: broadcastable to `scores`.
    """
    weights = torch.softmax(scores.float().masked_fill(~mask, float("-inf")), dim=-1)
    return weights.to(scores.dtype)
