"""Remembers translations of sentences, bounded in bytes."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Protocol

from nmt.translation import Alternative, Flag, SentenceTranslation, Token

_ENTRY_BYTES = 200
"""What an entry costs beside its key and value."""


class SentenceCache(Protocol):
    """Translations by the digest of their key (`SentenceKey.digest`)."""

    async def get_many(self, digests: Sequence[str]) -> dict[str, SentenceTranslation]:
        """Gives what is remembered."""
        ...

    async def put_many(self, translations: Mapping[str, SentenceTranslation]) -> None:
        """Remembers translations; others may be forgotten for them."""
        ...

    async def close(self) -> None:
        """Lets go of connections."""
        ...


class MemoryCache:
    """Forgets what was not asked for longest.

    Args:
        max_bytes: of keys and encoded translations together; 0 remembers nothing.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._entries: OrderedDict[str, bytes] = OrderedDict()
        self.n_bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    async def get_many(self, digests: Sequence[str]) -> dict[str, SentenceTranslation]:
        """Gives what is remembered."""
        found = {}
        for digest in digests:
            encoded = self._entries.get(digest)
            if encoded is not None:
                self._entries.move_to_end(digest)
                found[digest] = decode(encoded)
        return found

    async def put_many(self, translations: Mapping[str, SentenceTranslation]) -> None:
        """Remembers translations that fit at all."""
        for digest, translation in translations.items():
            encoded = encode(translation)
            size = len(encoded) + len(digest) + _ENTRY_BYTES
            if size <= self._max_bytes and digest not in self._entries:
                self._entries[digest] = encoded
                self.n_bytes += size
        while self.n_bytes > self._max_bytes:
            digest, encoded = self._entries.popitem(last=False)
            self.n_bytes -= len(encoded) + len(digest) + _ENTRY_BYTES

    async def close(self) -> None:
        """Does nothing."""


class LayeredCache:
    """Asks the near cache first and keeps there what the far one knew."""

    def __init__(self, near: SentenceCache, far: SentenceCache) -> None:
        self._near = near
        self._far = far

    async def get_many(self, digests: Sequence[str]) -> dict[str, SentenceTranslation]:
        """Gives what either remembers."""
        found = await self._near.get_many(digests)
        missing = [digest for digest in digests if digest not in found]
        far = await self._far.get_many(missing) if missing else {}
        if far:
            await self._near.put_many(far)
        return found | far

    async def put_many(self, translations: Mapping[str, SentenceTranslation]) -> None:
        """Remembers translations in both."""
        await asyncio.gather(self._near.put_many(translations), self._far.put_many(translations))

    async def close(self) -> None:
        """Closes both."""
        await asyncio.gather(self._near.close(), self._far.close())


def encode(translation: SentenceTranslation) -> bytes:
    """Gives a translation as bytes."""
    return json.dumps(translation, default=vars, ensure_ascii=True, separators=(",", ":")).encode()


def decode(encoded: bytes | str) -> SentenceTranslation:
    """Gives back what `encode` took."""
    fields = json.loads(encoded)
    rows = fields.pop("attention")
    return SentenceTranslation(
        source=fields["source"],
        start=fields["start"],
        end=fields["end"],
        text=fields["text"],
        score=fields["score"],
        flags=tuple(map(Flag, fields["flags"])),
        alternatives=tuple(Alternative(**other) for other in fields["alternatives"]),
        source_tokens=tuple(Token(**token) for token in fields["source_tokens"]),
        target_tokens=tuple(Token(**token) for token in fields["target_tokens"]),
        attention=None if rows is None else tuple(map(tuple, rows)),
    )
