"""What every engine does: source pieces in, hypotheses out. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from nmt.config import SearchConfig
from nmt.hypothesis import Hypothesis


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
