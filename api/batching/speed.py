"""How fast a model works through its queue, all that is between batches included."""

from __future__ import annotations

import math

FIRST_GUESS = 500.0
"""Source pieces per second, before anything was measured."""
_MEMORY_S = 10.0
"""Seconds of work after which a measurement counts a third."""


class Speedometer:
    """Source pieces per second of the time in which there was work; the newest count most.

    The time of a batch is counted from the batch before it, or from the moment its first sentence
    was queued, so that a process that gets little of its machine knows how slow it is. Batches
    that overlap are counted rightly: each adds what passed since the last one ended.
    """

    def __init__(self) -> None:
        self._tokens = 0.0
        self._seconds = 0.0
        self._last_s = -math.inf

    def expect(self, other: Speedometer) -> None:
        """Begins with what another one measured, so that not one first batch alone counts."""
        self._tokens, self._seconds = other._tokens, other._seconds

    @property
    def tokens_per_s(self) -> float:
        """The speed at present."""
        return self._tokens / self._seconds if self._seconds else FIRST_GUESS

    def count(self, tokens: int, queued_s: float, done_s: float) -> None:
        """Counts a batch.

        Args:
            tokens: its source pieces.
            queued_s: when its first sentence was queued.
            done_s: when it was done, on the same clock.
        """
        elapsed_s = max(done_s - max(self._last_s, queued_s), 1e-6)
        self._last_s = done_s
        kept = math.exp(-elapsed_s / _MEMORY_S)
        self._tokens = tokens + kept * self._tokens
        self._seconds = elapsed_s + kept * self._seconds
