"""The best continuations of several hypotheses together, without sorting all of them."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

HEIGHT = 10
"""Numbers of a group; their maximum costs a tenth of what sorting them would."""
WORTH_IT = 50_000
"""Numbers from which on the detour is shorter."""


class Places(NamedTuple):
    """Of the k largest of each set, the largest first; [B, k] each."""

    sums: Tensor
    """What stands there, offset included."""
    rows: Tensor
    columns: Tensor


def largest(x: Tensor, offsets: Tensor, rows: Tensor, k: int) -> Places:
    """Gives, for each of B sets of rows, where the `k` largest of x + offset stand.

    No more than k groups of numbers hold one of the k largest, and these groups have the k largest
    maxima. Which of equal numbers come is left open, as with `torch.topk`.

    Args:
        x: [N, V], contiguous.
        offsets: [B, W] what is added to the rows of each set; -inf leaves a row out.
        rows: [B, W] numbers of rows.
        k: no more than V.
    """
    width = x.size(1)
    n_groups, rest = divmod(width, HEIGHT)
    if x.device.type != "cpu" or rest or n_groups < k or x.numel() < WORTH_IT:
        of_rows = x.topk(k, dim=1)
        members, columns = of_rows.values[rows], of_rows.indices[rows]
    else:
        maxima = x.view(-1, HEIGHT, n_groups).amax(1)  # neighbours are in different groups
        maxima = maxima.index_select(0, rows.flatten()).view(*rows.shape, n_groups)
        maxima += offsets[:, :, None]
        chosen = maxima.amax(1).topk(k, dim=1).indices[:, None, None, :]
        of_groups = torch.arange(0, width, n_groups)[:, None] + chosen
        columns = of_groups.expand(-1, rows.size(1), -1, -1).flatten(2)
        members = x.take(rows[:, :, None] * width + columns)
    best, places = (members + offsets[:, :, None]).flatten(1).topk(k, dim=1)
    chosen_rows = rows.gather(1, places // columns.size(2))
    return Places(best, chosen_rows, columns.flatten(1).gather(1, places))
