"""Whether the service takes work or is about to end."""

from __future__ import annotations

import time


class Lifecycle:
    """Begins as serving; drains once told to, and never serves again.

    Args:
        delay_s: seconds of draining in which new connections are still served, so that a load
            balancer notices and nobody is refused.
    """

    def __init__(self, delay_s: float = 0.0) -> None:
        self._delay_s = delay_s
        self._draining_since_s: float | None = None

    @property
    def is_draining(self) -> bool:
        """Whether the end was asked for."""
        return self._draining_since_s is not None

    @property
    def is_over(self) -> bool:
        """Whether no new connection is to be taken any more."""
        since = self._draining_since_s
        return since is not None and time.monotonic() >= since + self._delay_s

    def drain(self) -> None:
        """Asks for the end; safe in a signal handler."""
        if self._draining_since_s is None:
            self._draining_since_s = time.monotonic()
