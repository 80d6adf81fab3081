"""Attention of a search: normalised rows, and the path of one hypothesis back through the beam."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from torch import Tensor


def normalised_attention(attention: Tensor, src_mask: Tensor) -> Tensor:
    """Gives the rows of `attention` ([N, S]) with sum 1 over the real source positions."""
    weights = attention.float().masked_fill(~src_mask, 0.0)
    return weights / weights.sum(1, keepdim=True).clamp_min(1e-30)


class AttentionTrace:
    """Keeps the attention of the steps and which row each row came from."""

    def __init__(self) -> None:
        self._forgotten = 0
        self._weights: list[npt.NDArray[np.float32]] = []
        self._parents: list[list[int]] = []

    def record(self, weights: Tensor) -> None:
        """Keeps one step: [N, S]."""
        self._weights.append(weights.cpu().numpy())

    def select(self, rows: list[int]) -> None:
        """Notes that the i-th row from now on continues row `rows[i]`."""
        self._parents.append(rows)

    def forget(self, step: int) -> None:
        """Drops what came before `step`."""
        del self._weights[: step - self._forgotten], self._parents[: step - self._forgotten]
        self._forgotten = step

    def path(
        self, row: int, step: int, n_steps: int, src_length: int
    ) -> npt.NDArray[np.float32] | None:
        """Gives [n_steps, src_length]: attention on the way to `row`, the last one that of `step`.

        None where nothing was recorded, because the model has no attention.
        """
        if not self._weights:
            return None
        last = step - self._forgotten
        weights = [self._weights[last][row, :src_length]]
        for earlier in range(last - 1, last - n_steps, -1):
            row = self._parents[earlier][row]
            weights.append(self._weights[earlier][row, :src_length])
        return np.stack(weights[::-1]).astype(np.float32)
