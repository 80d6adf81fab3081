"""BPE with dropped merges (Provilkov et al. 2020, algorithm 1), drawing from a given generator."""

from __future__ import annotations

import heapq
from collections.abc import Mapping

from nmt.tokenizers.base import RandomSource


class MergeTable:
    """The merges of a BPE vocabulary: two neighbours merge if their joined piece exists.

    As in SentencePiece, the merge with the highest score goes first, the leftmost among equals.
    """

    def __init__(self, ids: Mapping[str, int], scores: list[float]) -> None:
        """Takes the normal pieces with their ids, and the score of every id."""
        self._ids = ids
        self._scores = scores

    def segment(self, unit: str, dropout: float, rng: RandomSource) -> list[str]:
        """Cuts `unit` into pieces; each merge met is skipped with probability `dropout`."""
        symbols = list(unit)
        right = [*range(1, len(symbols)), -1]
        left = list(range(-1, len(symbols) - 1))
        agenda: list[tuple[float, int, str]] = []

        def propose(at: int) -> None:
            if at < 0 or right[at] < 0:
                return
            merged = symbols[at] + symbols[right[at]]
            row = self._ids.get(merged)
            if row is not None:
                heapq.heappush(agenda, (-self._scores[row], at, merged))

        for at in range(len(symbols)):
            propose(at)
        while agenda:
            _, at, merged = heapq.heappop(agenda)
            after = right[at]
            if not symbols[at] or after < 0 or symbols[at] + symbols[after] != merged:
                continue  # an earlier merge took one of the two
            if dropout > 0.0 and rng.random() < dropout:
                continue
            symbols[at], symbols[after] = merged, ""
            right[at] = right[after]
            if right[at] >= 0:
                left[right[at]] = at
            propose(left[at])
            propose(at)
        return [symbol for symbol in symbols if symbol]
