"""How hypotheses are ranked: length and coverage penalty of Wu 2016, equation 14.

Length counts what was scored: every piece, and EOS where the hypothesis has one.
"""

from __future__ import annotations

import torch
from torch import Tensor

from nmt.hypothesis import LEAST_COVERAGE, normalised_score


def score_bound(total: float, max_length: int, alpha: float) -> float:
    """Gives the most that an unfinished hypothesis can score once it is finished.

    More pieces can only lower `total`, which is at most 0; the largest divisor, that of
    `max_length` scored pieces, brings it nearest to 0. The coverage penalty adds at most 0.
    """
    return normalised_score(total, max_length, alpha)


def coverage_penalty(coverage: Tensor, src_mask: Tensor, beta: float) -> Tensor:
    """Gives β · Σ_i log min(Σ_j p_ij, 1) for each row; at most 0.

    Args:
        coverage: [N, S] attention summed over the target pieces so far.
        src_mask: [N, S] bool; other positions do not count.
        beta: weight.
    """
    logs = torch.log(coverage.clamp(LEAST_COVERAGE, 1.0))
    return beta * logs.masked_fill(~src_mask, 0.0).sum(1)
