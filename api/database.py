"""The service's own SQLite file: usage, glossaries, jobs. Each store creates its tables."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

FILE_NAME = "service.sqlite3"

_BUSY_S = 10.0
"""Seconds to wait for another writer; replicas on one machine may share the file."""
_RETRY_S = 0.01


class Database:
    """An SQLite file in WAL mode: one writes while others read.

    Nothing is opened or created before the first `connect`. Calls block: from the event loop
    they go through `asyncio.to_thread`.

    Args:
        path: of the file; its folder is created when needed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def connect(self) -> Iterator[sqlite3.Connection]:
        """Gives a connection for one transaction: committed at the end, undone by an error.

        Rows are `sqlite3.Row`; foreign keys are enforced.

        Raises:
            OSError: the folder cannot be created.
            sqlite3.OperationalError: the file cannot be opened or stays locked.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.path, timeout=_BUSY_S)) as connection:
            connection.row_factory = sqlite3.Row
            _use_wal(connection)
            # With WAL this loses at most the last transactions on power failure, never the file.
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            with connection:
                yield connection


def _use_wal(connection: sqlite3.Connection) -> None:
    """Sets the mode, once in the file's life.

    Processes that make the file at the same time can deadlock here, which SQLite answers at once
    instead of waiting; the other one sets the mode then.
    """
    until = time.monotonic() + _BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            is_busy = error.sqlite_errorcode == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() >= until:
                raise
            time.sleep(_RETRY_S)
        else:
            return
