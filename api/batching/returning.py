"""Who was just answered and may ask again at once, as clients that work off a text do.

When a worker is free again, those whom its batch answered are on their way back. A batch with them
is fuller, and the processor is not idle meanwhile: it reads and plans what they send. Where callers
do not come back, nobody is waited for after a few attempts, and it is tried again but rarely.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PAUSE_S = 0.008
"""So long after the last one who came nobody is waited for any more."""
MOST_SKIPPED = 64
"""Batches that begin at once after waits in vain."""


class Returning:
    """Counts those who were answered and did not come back yet; any who come count as them."""

    def __init__(self) -> None:
        self._n_expected = 0
        self._n_came = 0
        self._n_skipped = 0
        self._n_to_skip = 0
        self._check = asyncio.Event()
        self._goes_on: Callable[[], bool] = bool

    def answered(self, n: int) -> None:
        """Expects `n` more."""
        self._n_expected += n
        self._look()

    def came(self) -> None:
        """Counts one who came."""
        self._n_came += 1
        self._n_expected = max(0, self._n_expected - 1)
        self._look()

    def _look(self) -> None:
        """Ends a wait that has no reason any more."""
        if not self._n_expected or not self._goes_on():
            self._check.set()

    async def wait_while(self, goes_on: Callable[[], bool]) -> None:
        """Waits while `goes_on()` and those who are expected come."""
        self._goes_on = goes_on
        if not self._n_expected or not goes_on():
            return
        if self._n_skipped < self._n_to_skip:
            self._n_skipped += 1
            self._n_expected = 0
            return
        n_at_first = self._n_came
        while self._n_expected and goes_on():
            await self._wait_for_next()
        self._n_skipped = 0
        if self._n_came > n_at_first:
            self._n_to_skip //= 2
        elif goes_on():  # in vain
            self._n_to_skip = min(2 * self._n_to_skip + 1, MOST_SKIPPED)

    async def _wait_for_next(self) -> None:
        """Waits until all are back or for a pause; expects nobody any more if nobody came in it."""
        self._check.clear()
        n_before = self._n_came
        try:
            await asyncio.wait_for(self._check.wait(), PAUSE_S)
        except TimeoutError:
            if self._n_came == n_before:
                self._n_expected = 0
