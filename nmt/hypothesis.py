"""A translation in pieces, and the score by which translations are ranked. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """One translation of one source, in target pieces."""

    ids: tuple[int, ...]
    """Target pieces without BOS and EOS."""
    log_prob: float
    """Log-probability the model gives to `ids`, EOS included where finished."""
    score: float
    """What hypotheses are ranked by: normalised by length, higher is better."""
    finished: bool
    """False where the length limit came before EOS."""
    attention: npt.NDArray[np.float32] | None = None
    """[T, S]: a row for each piece of `ids` and for EOS where finished, a column for each source
    piece and for its EOS; rows sum to 1. None where not asked for or the model has none."""


LEAST_COVERAGE = 1e-6
"""Least attention that a source position counts as having got, in the coverage penalty."""


def length_penalty(length: int, alpha: float) -> float:
    """Gives ((5 + length) / 6) to the power of `alpha` (Wu 2016, equation 14).

    Length counts what was scored: every piece, and EOS where the hypothesis has one.
    """
    return float(((5 + length) / 6) ** alpha)


def normalised_score(total: float, length: int, alpha: float) -> float:
    """Gives the log-probability `total` of `length` scored pieces, made comparable by length."""
    return total / length_penalty(length, alpha)
