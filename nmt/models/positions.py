"""Sinusoidal positions (Vaswani 2017, section 3.5)."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def sinusoidal_positions(length: int, d_model: int, device: torch.device | None = None) -> Tensor:
    """Gives [length, d_model], the rows of positions 0 to `length` - 1; see `sinusoids`."""
    return sinusoids(torch.arange(length, device=device), d_model)


def sinusoids(positions: Tensor, d_model: int) -> Tensor:
    """Gives [..., d_model]: the first half of each row are sines, the second cosines.

    The paper interleaves them; a network cannot tell the difference, and two halves are what
    other inference engines compute from the same weights.

    Args:
        positions: [...] counted from 0.
        d_model: width of the network.
    """
    half = d_model // 2
    rates = torch.exp(
        torch.arange(half, device=positions.device, dtype=torch.float32)
        * -(math.log(10000.0) / (half - 1))
    )
    angles = positions.to(torch.float32)[..., None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=-1)
