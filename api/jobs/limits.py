"""How many documents are taken, and how much of them is stored."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from api.errors import OverloadedError, RateLimitError
from api.jobs.job import Order

_UNFINISHED = "status IN ('queued', 'translating')"


@dataclass(frozen=True)
class JobLimits:
    """How much is taken."""

    per_caller: int
    """Unfinished jobs of a caller."""
    waiting: int
    """Unfinished jobs of all."""
    stored_bytes: int
    """Of all files."""


def check_limits(connection: sqlite3.Connection, order: Order, limits: JobLimits) -> None:
    """Refuses a job that is one too many, within the transaction that would add it.

    Raises:
        OverloadedError: too many jobs wait, or too much is stored.
        RateLimitError: too many of this caller are unfinished.
    """
    (waiting, own, n_bytes) = connection.execute(
        f"SELECT TOTAL({_UNFINISHED}), TOTAL({_UNFINISHED} AND owner = ?), TOTAL(n_bytes) "
        "FROM jobs",
        (order.owner,),
    ).fetchone()
    if own >= limits.per_caller:
        raise RateLimitError(
            f"{own:.0f} documents of yours are not done yet; allowed: {limits.per_caller}; "
            "wait until one is done, or delete one",
            limit=limits.per_caller,
            retry_after_s=10,
        )
    if waiting >= limits.waiting:
        raise OverloadedError(
            f"{waiting:.0f} documents wait to be translated; allowed: {limits.waiting}; "
            "try again later",
            limit=limits.waiting,
            retry_after_s=60,
        )
    if n_bytes + order.n_bytes > limits.stored_bytes:
        raise OverloadedError(
            f"{n_bytes:.0f} bytes of documents are stored; allowed: {limits.stored_bytes}; "
            "delete documents that are no longer needed, or try again later",
            limit=limits.stored_bytes,
            retry_after_s=600,
        )
