"""What callers may use: requests and characters per minute, characters per month."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from api.errors import ApiError, QuotaError, RateLimitError
from api.keys import KeyRing
from api.rates import RateLimit
from api.record import current_record
from api.usage import UsageMeter

ANONYMOUS = "anonymous"
"""The name under which the usage of all without a key is kept."""


@dataclass(frozen=True)
class Usage:
    """Characters of this month."""

    used: int
    limit: int | None
    """None is no limit."""


@dataclass(frozen=True)
class Limits:
    """What each caller may use; 0 is no limit."""

    requests_per_minute: int = 0
    chars_per_minute: int = 0
    chars_per_month: int = 0
    """For keys that have no quota of their own."""


class Accounts:
    """Counts for each caller and refuses what is over its limits.

    Args:
        limits: for everyone.
        keys: those that are known.
        meter: characters of the month.
    """

    def __init__(self, limits: Limits, keys: KeyRing, meter: UsageMeter) -> None:
        self._requests = RateLimit(limits.requests_per_minute)
        self._chars = RateLimit(limits.chars_per_minute)
        self._chars_per_month = limits.chars_per_month
        self._keys = keys
        self.meter = meter

    def count_request(self, caller: str) -> None:
        """Counts a request.

        Raises:
            RateLimitError: too many in a minute.
        """
        wait_s = self._requests.take(caller, 1)
        if wait_s:
            raise RateLimitError(
                f"more than {self._requests.per_minute} requests in a minute; "
                f"try again in {wait_s:.1f} s, or send several texts in one request",
                limit=self._requests.per_minute,
                retry_after_s=wait_s,
            )

    def usage_of(self, caller: str) -> Usage:
        """Gives the characters of this month; all who have no key are one."""
        key = self._keys.named(caller)
        if key is None:
            return Usage(self.meter.used(ANONYMOUS), None)
        own = self._chars_per_month if key.chars_per_month is None else key.chars_per_month
        return Usage(self.meter.used(key.name), own or None)

    def charge(self, caller: str, n_chars: int) -> None:
        """Counts characters that are to be translated.

        Raises:
            QuotaError: more than are left in this month.
            RateLimitError: too many in a minute.
        """
        usage = self.usage_of(caller)
        if usage.limit is not None and usage.used + n_chars > usage.limit:
            raise QuotaError(
                f"{n_chars} characters are more than the {max(0, usage.limit - usage.used)} that "
                f"are left of this month's {usage.limit}; send less, or ask the operator for more",
                limit=usage.limit,
            )
        wait_s = self._chars.take(caller, n_chars)
        if wait_s:
            raise RateLimitError(
                f"more than {self._chars.per_minute} characters in a minute; "
                f"try again in {wait_s:.1f} s",
                limit=self._chars.per_minute,
                retry_after_s=wait_s,
            )
        self._add(caller, n_chars)

    @contextmanager
    def charged(self, caller: str, n_chars: int) -> Iterator[None]:
        """Counts characters while they are translated; gives them back if that is refused.

        Raises:
            QuotaError: more than are left in this month.
            RateLimitError: too many in a minute.
        """
        self.charge(caller, n_chars)
        current_record().n_chars += n_chars
        try:
            yield
        except ApiError:
            self._add(caller, -n_chars)
            raise

    def _add(self, caller: str, n_chars: int) -> None:
        self.meter.add(caller if self._keys.named(caller) else ANONYMOUS, n_chars)
