"""Characters that each caller had translated, by month, in the service's SQLite file."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Mapping

from api.database import Database

logger = logging.getLogger(__name__)

_WRITE_EVERY_S = 1.0


def this_month() -> str:
    """Gives the month in UTC, as `2026-11`."""
    now = time.gmtime()
    return f"{now.tm_year}-{now.tm_mon:02}"


class UsageStore:
    """The table; every call blocks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def exists(self) -> bool:
        """Whether anything was written yet."""
        return self._database.path.exists()

    def exchange(self, new: Mapping[str, Mapping[str, int]], month: str) -> dict[str, int]:
        """Adds characters in one transaction and gives what a month has then.

        Args:
            new: by month and name; negative ones too.
            month: to be given.
        """
        rows = [(at, name, n) for at, chars in new.items() for name, n in chars.items()]
        with self._database.connect() as connection:
            self._create(connection)
            connection.executemany(
                "INSERT INTO usage (month, name, chars) VALUES (?, ?, ?) "
                "ON CONFLICT (month, name) DO UPDATE SET chars = chars + excluded.chars",
                rows,
            )
            found = connection.execute("SELECT name, chars FROM usage WHERE month = ?", (month,))
            return {row["name"]: row["chars"] for row in found}

    def _create(self, connection: sqlite3.Connection) -> None:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS usage (month TEXT NOT NULL, name TEXT NOT NULL, "
            "chars INTEGER NOT NULL, PRIMARY KEY (month, name)) WITHOUT ROWID"
        )


class UsageMeter:
    """Counts in memory, so that no request waits for a disk; writes behind every second.

    Replicas that share the file see each other's characters after they have written.

    Args:
        store: what outlives the process.
        month: gives the current month.
    """

    def __init__(self, store: UsageStore, month: Callable[[], str] = this_month) -> None:
        self._store = store
        self._month = month
        self._written: tuple[str, dict[str, int]] = (month(), {})
        """A month and what the store holds of it."""
        self._unwritten: dict[str, Counter[str]] = {}
        """By month, not in the store yet."""
        self._pending: dict[str, Counter[str]] = {}
        """What is being written."""

    def used(self, name: str) -> int:
        """Gives the characters of a name in this month."""
        now = self._month()
        month, written = self._written
        before = written.get(name, 0) if month == now else 0
        later = (self._pending, self._unwritten)
        return before + sum(months[now][name] for months in later if now in months)

    def add(self, name: str, n_chars: int) -> None:
        """Counts characters; negative ones give some back."""
        self._unwritten.setdefault(self._month(), Counter())[name] += n_chars

    async def sync(self) -> None:
        """Writes what is new and reads what others wrote; what cannot be written is kept."""
        self._pending, self._unwritten = self._unwritten, {}
        now = self._month()
        try:
            written = await asyncio.to_thread(self._store.exchange, self._pending, now)
        except (OSError, sqlite3.Error) as error:
            logger.warning("the usage was not written: %s: %s", type(error).__name__, error)
            for month, chars in self._pending.items():
                self._unwritten.setdefault(month, Counter()).update(chars)
        else:
            self._written = (now, written)
        self._pending = {}

    async def close(self) -> None:
        """Writes what is left."""
        if self._unwritten:
            await self.sync()

    async def run(self) -> None:
        """Reads what was used before, then writes every second, for ever."""
        if self._store.exists:
            await self.sync()
        while True:
            await asyncio.sleep(_WRITE_EVERY_S)
            if self._unwritten:
                await self.sync()
