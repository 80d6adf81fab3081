"""Glossaries that are kept: Korean term → English text, in the service's SQLite file."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from api.database import Database
from api.errors import ConflictError, NotFoundError

_TABLE = """CREATE TABLE IF NOT EXISTS glossaries (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, version INTEGER NOT NULL,
    created TEXT NOT NULL, changed TEXT NOT NULL, n_entries INTEGER NOT NULL,
    entries TEXT NOT NULL
) WITHOUT ROWID"""
_INFO = "id, name, version, created, changed, n_entries"


@dataclass(frozen=True)
class GlossaryInfo:
    """A glossary without its entries."""

    id: str
    """A UUID."""
    name: str
    version: int
    """1 at first, one more with every change."""
    created: str
    """In UTC with milliseconds, e.g. `2026-01-31T09:15:00.000Z`."""
    changed: str
    n_entries: int


@dataclass(frozen=True)
class Glossary(GlossaryInfo):
    """A glossary."""

    entries: Mapping[str, str]
    """Korean term → English text, checked; empty where its dictionary was taken away."""


@dataclass(frozen=True)
class Draft:
    """What of a glossary can be chosen."""

    name: str
    entries: Mapping[str, str]


class GlossaryStore:
    """Keeps glossaries; every call blocks.

    Args:
        database: the service's.
        max_glossaries: most that are kept.
        now: gives the time.
    """

    def __init__(
        self,
        database: Database,
        max_glossaries: int,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._max_glossaries = max_glossaries
        self._now = now

    def create(self, draft: Draft) -> Glossary:
        """Keeps a new glossary.

        Raises:
            ConflictError: there are too many already.
        """
        now = self._time()
        glossary = Glossary(
            str(uuid.uuid4()), draft.name, 1, now, now, len(draft.entries), dict(draft.entries)
        )
        with self._database.connect() as connection:
            self._begin(connection)
            (n_kept,) = connection.execute("SELECT COUNT(*) FROM glossaries").fetchone()
            if n_kept >= self._max_glossaries:
                raise ConflictError(
                    f"{n_kept} glossaries are kept, as many as are allowed; delete one first",
                    limit=self._max_glossaries,
                )
            _write(connection, glossary)
        return glossary

    def list(self) -> list[GlossaryInfo]:
        """Gives all, the oldest first."""
        with self._database.connect() as connection:
            connection.execute(_TABLE)
            rows = connection.execute(f"SELECT {_INFO} FROM glossaries ORDER BY created, id")
            return [GlossaryInfo(**row) for row in rows]

    def get(self, id: str) -> Glossary:
        """Gives one.

        Raises:
            NotFoundError: there is none of that id.
        """
        with self._database.connect() as connection:
            connection.execute(_TABLE)
            return _read(connection, id)

    def change(self, id: str, edit: Callable[[Glossary], Draft]) -> Glossary:
        """Puts what `edit` makes of a glossary in its place; nobody else changes it meanwhile.

        Raises:
            ApiError: what `edit` raises; the glossary stays as it is.
            NotFoundError: there is none of that id.
        """
        with self._database.connect() as connection:
            self._begin(connection)
            old = _read(connection, id)
            draft = edit(old)
            new = dataclasses.replace(
                old,
                name=draft.name,
                entries=dict(draft.entries),
                n_entries=len(draft.entries),
                version=old.version + 1,
                changed=self._time(),
            )
            _write(connection, new)
        return new

    def delete(self, id: str) -> None:
        """Forgets one.

        Raises:
            NotFoundError: there is none of that id.
        """
        with self._database.connect() as connection:
            self._begin(connection)
            found = _read(connection, id)
            connection.execute("DELETE FROM glossaries WHERE id = ?", (found.id,))

    def _begin(self, connection: sqlite3.Connection) -> None:
        """Locks out other writers, so that what is read stays true until it is written."""
        connection.execute(_TABLE)
        connection.execute("BEGIN IMMEDIATE")

    def _time(self) -> str:
        return self._now().isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _read(connection: sqlite3.Connection, id: str) -> Glossary:
    query = f"SELECT {_INFO}, entries FROM glossaries WHERE id = ?"
    row = connection.execute(query, (_known_form(id),)).fetchone()
    if row is None:
        raise NotFoundError(
            f"there is no glossary {id!r}; GET /v1/glossaries lists all", field="glossary"
        )
    return Glossary(**{**row, "entries": json.loads(row["entries"])})


def _known_form(id: str) -> str | None:
    """An id as ids are written; none for what cannot be one."""
    try:
        return str(uuid.UUID(id))
    except ValueError:
        return None


def _write(connection: sqlite3.Connection, glossary: Glossary) -> None:
    values = dataclasses.asdict(glossary) | {"entries": json.dumps(glossary.entries)}
    connection.execute(
        f"INSERT OR REPLACE INTO glossaries ({_INFO}, entries) VALUES "
        "(:id, :name, :version, :created, :changed, :n_entries, :entries)",
        values,
    )
