"""A cache that replicas share: Redis, or what speaks like it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from api.batching.cache import decode, encode
from nmt.translation import SentenceTranslation

if TYPE_CHECKING:
    from redis.asyncio import Redis

logger = logging.getLogger(__name__)

PAUSE_S = 5.0
"""Seconds in which a cache that failed is not asked, so that requests do not wait for it."""


def connect(url: str, timeout_s: float) -> Redis:
    """Gives a client that connects when it is first used, and tries everything once only."""
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    return Redis.from_url(
        url,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        # By default it tries for seconds, which is longer than translating takes.
        retry=Retry(NoBackoff(), 0),
    )


class RedisCache:
    """Redis that is away or slow costs its time-out once in a while, never an answer.

    Args:
        client: see `connect`.
        ttl_s: seconds after which an entry is forgotten; Redis's own `maxmemory` bounds the bytes.
        now: gives seconds.
    """

    def __init__(
        self, client: Redis, ttl_s: int, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._ttl_s = ttl_s
        self._now = now
        self._paused_until_s = float("-inf")

    async def get_many(self, digests: Sequence[str]) -> dict[str, SentenceTranslation]:
        """Gives what is remembered; nothing where Redis does not answer."""
        if not digests or self._is_paused:
            return {}
        try:
            values = await self._client.mget([_name(digest) for digest in digests])
            found = zip(digests, values, strict=True)
            return {digest: decode(value) for digest, value in found if value is not None}
        except Exception as error:  # a cache is no reason to fail
            self._pause(error)
            return {}

    async def put_many(self, translations: Mapping[str, SentenceTranslation]) -> None:
        """Remembers translations; Redis that does not take them is only logged."""
        if self._is_paused:
            return
        try:
            async with self._client.pipeline(transaction=False) as pipeline:
                for digest, translation in translations.items():
                    pipeline.set(_name(digest), encode(translation), ex=self._ttl_s)
                await pipeline.execute()
        except Exception as error:  # a cache is no reason to fail
            self._pause(error)

    async def close(self) -> None:
        """Closes its connections."""
        await self._client.aclose()

    @property
    def _is_paused(self) -> bool:
        return self._now() < self._paused_until_s

    def _pause(self, error: Exception) -> None:
        self._paused_until_s = self._now() + PAUSE_S
        logger.warning(
            "the shared cache failed and is left alone for %g s: %s: %s",
            PAUSE_S, type(error).__name__, error,
        )  # fmt: skip


def _name(digest: str) -> str:
    return f"nmt:sentence:{digest}"
