"""What every engine does: source pieces in, hypotheses out. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from nmt.config import SearchConfig


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


class Engine(Protocol):
    """Runs a model. Outputs for one source do not depend on the others of the batch."""

    name: str
    """As in `--engine`."""
    device: str
    """As in `--device`: `cpu` or `cuda`."""

    def search(
        self, batch: Sequence[Sequence[int]], options: SearchConfig, attention: bool = False
    ) -> list[list[Hypothesis]]:
        """Gives the best hypotheses of each source, best first, in the order of `batch`.

        Args:
            batch: source pieces without EOS; any number of rows, of any length.
            options: how to search; at most `options.n_best` hypotheses come back per source.
            attention: also give the attention of the hypotheses returned.
        """
        ...

    def score(
        self, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]
    ) -> list[list[float]]:
        """Gives the log-probability of each piece of each target and of its EOS.

        Args:
            sources: source pieces without EOS.
            targets: target pieces without BOS and EOS, one row for each source.
        """
        ...
