"""Tensors of different widths made equally wide, so that rows of both can stand in one batch."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def fit_end(x: Tensor, size: int, dim: int, value: float = 0) -> Tensor:
    """Gives x with `size` places along `dim`: cut off, or filled with `value`, at the end."""
    return _fit(x, (0, size - x.size(dim)), dim, value)


def fit_start(x: Tensor, size: int, dim: int, value: float = 0) -> Tensor:
    """Gives x with `size` places along `dim`: cut off, or filled with `value`, at the start."""
    return _fit(x, (size - x.size(dim), 0), dim, value)


def _fit(x: Tensor, added: tuple[int, int], dim: int, value: float) -> Tensor:
    if added == (0, 0):
        return x
    # A negative number cuts off; the last dimension comes first.
    return functional.pad(x, (0, 0) * (x.dim() - 1 - dim) + added, value=value)


def longest_row(*masks: Tensor) -> int:
    """Gives how many places are true in the row of `masks` ([N, S] each) that has most."""
    return max(int(mask.sum(1).max()) for mask in masks)
