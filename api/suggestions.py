"""Better translations that users propose; kept only where the operator has switched that on."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, cast

from fastapi import Depends, Request

from api.database import Database

_TABLE = """CREATE TABLE IF NOT EXISTS suggestions (
    created TEXT NOT NULL, q TEXT NOT NULL, s TEXT NOT NULL, source TEXT NOT NULL,
    target TEXT NOT NULL
)"""


@dataclass(frozen=True)
class Suggestion:
    """A proposal, with LibreTranslate's names."""

    q: str
    """The text."""
    s: str
    """A better translation of it."""
    source: str
    target: str


class SuggestionStore:
    """Keeps suggestions; every call blocks.

    Args:
        database: the service's.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, suggestion: Suggestion) -> None:
        """Keeps one."""
        with self._database.connect() as connection:
            connection.execute(_TABLE)
            connection.execute(
                "INSERT INTO suggestions VALUES (:created, :q, :s, :source, :target)",
                dataclasses.asdict(suggestion) | {"created": datetime.now(UTC).isoformat()},
            )

    def list(self) -> list[Suggestion]:
        """Gives all, the oldest first."""
        with self._database.connect() as connection:
            connection.execute(_TABLE)
            rows = connection.execute(
                "SELECT q, s, source, target FROM suggestions ORDER BY created, rowid"
            )
            return [Suggestion(**row) for row in rows]


async def get_suggestions(request: Request) -> SuggestionStore:
    """Gives the suggestions that are kept."""
    return cast(SuggestionStore, request.app.state.suggestions)


SuggestionsDep = Annotated[SuggestionStore, Depends(get_suggestions)]
