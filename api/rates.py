"""How fast a caller may go: token buckets in memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

_MINUTE_S = 60.0
_SWEEP_AT = 1024
"""Callers that are remembered before idle ones are looked for."""


@dataclass
class _Bucket:
    """What a caller may still take, at the time `at_s`."""

    level: float
    at_s: float


class RateLimit:
    """A bucket for each caller that holds a minute's worth and fills all the time.

    What is larger than the whole bucket passes when the bucket is full; the caller then waits
    until it has refilled. Callers that are idle are forgotten.

    Args:
        per_minute: what each caller may take in a minute; 0 is no limit.
        now: gives seconds.
    """

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self.per_minute = per_minute
        self._now = now
        self._buckets: dict[str, _Bucket] = {}
        self._sweep_at = _SWEEP_AT

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, caller: str, amount: int) -> float:
        """Takes an amount; gives 0, or without taking the seconds until that would be possible."""
        if not self.per_minute or not amount:
            return 0.0
        now_s = self._now()
        if len(self._buckets) >= self._sweep_at:
            self._forget_idle(now_s)
        bucket = self._buckets.setdefault(caller, _Bucket(self.per_minute, now_s))
        self._fill(bucket, now_s)
        missing = min(amount, self.per_minute) - bucket.level
        if missing > 0:
            return missing * _MINUTE_S / self.per_minute
        bucket.level -= amount
        return 0.0

    def _fill(self, bucket: _Bucket, now_s: float) -> None:
        grown = bucket.level + (now_s - bucket.at_s) * self.per_minute / _MINUTE_S
        bucket.level, bucket.at_s = min(grown, self.per_minute), now_s

    def _forget_idle(self, now_s: float) -> None:
        """Drops full buckets, which say no more than a new one."""
        for bucket in self._buckets.values():
            self._fill(bucket, now_s)
        self._buckets = {c: b for c, b in self._buckets.items() if b.level < self.per_minute}
        # A constant share of all takes sweeps, however many callers are busy.
        self._sweep_at = max(_SWEEP_AT, 2 * len(self._buckets))
